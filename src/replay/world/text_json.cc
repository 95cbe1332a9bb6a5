#include "replay/world/text_json.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "base/result.h"

namespace imece::replay {
namespace {

constexpr int kDepthMax = 32;

class Reader {
public:
    Reader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    Result<JsonValue> document() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // Editors of some systems write one.
        skip_space();
        IMECE_TRY(JsonValue value, this->value(0));
        skip_space();
        if (at_ != text_.size()) return error("something follows the JSON value");
        return value;
    }

private:
    std::unexpected<Error> error(std::string_view reason) const {
        return file_error(file_, line_, reason);
    }
    bool ended() const { return at_ >= text_.size(); }
    char peek() const { return ended() ? '\0' : text_[at_]; }

    void skip_space() {
        for (; !ended(); ++at_) {
            const char c = text_[at_];
            if (c == '\n')
                ++line_;
            else if (c != ' ' && c != '\t' && c != '\r')
                return;
        }
    }

    Result<JsonValue> value(int depth) {
        if (depth > kDepthMax) return error("nested more than 32 deep");
        JsonValue made;
        made.line = line_;
        if (ended()) return error("the file ends where a value should stand");
        switch (peek()) {
            case '{': return object(std::move(made), depth);
            case '[': return array(std::move(made), depth);
            case '"': {
                made.kind = JsonValue::Kind::kString;
                IMECE_TRY(made.text, string());
                return made;
            }
            case 't': made.truth = true; return word("true", JsonValue::Kind::kBool, made);
            case 'f': return word("false", JsonValue::Kind::kBool, made);
            case 'n': return word("null", JsonValue::Kind::kNull, made);
            default: return number(std::move(made));
        }
    }

    Result<JsonValue> word(std::string_view name, JsonValue::Kind kind, JsonValue& made) {
        if (text_.substr(at_, name.size()) != name) return error("not a JSON value");
        at_ += name.size();
        made.kind = kind;
        return std::move(made);
    }

    bool digits() {
        const std::size_t first = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ != first;
    }

    Result<JsonValue> number(JsonValue made) {
        const std::size_t first = at_;
        if (peek() == '-') ++at_;
        const bool zero = peek() == '0';
        const std::size_t whole = at_;
        if (!digits()) return error("not a JSON value");
        if (zero && at_ - whole > 1) return error("a number may not begin with 0");
        if (peek() == '.') {
            ++at_;
            if (!digits()) return error("a number lacks digits after its point");
        }
        if (peek() == 'e' || peek() == 'E') {
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!digits()) return error("a number lacks the digits of its exponent");
        }
        made.kind = JsonValue::Kind::kNumber;
        made.text = std::string(text_.substr(first, at_ - first));
        const char* end = made.text.data() + made.text.size();
        if (std::from_chars(made.text.data(), end, made.number).ec != std::errc{})
            return error("a number is out of range");
        return made;
    }

    Result<JsonValue> array(JsonValue made, int depth) {
        made.kind = JsonValue::Kind::kArray;
        ++at_;
        skip_space();
        if (peek() == ']') return ++at_, made;
        for (;;) {
            skip_space();
            IMECE_TRY(JsonValue item, value(depth + 1));
            made.items.push_back(std::move(item));
            skip_space();
            if (peek() == ']') return ++at_, made;
            if (peek() != ',') return error("',' or ']' is missing in an array");
            ++at_;
        }
    }

    Result<JsonValue> object(JsonValue made, int depth) {
        made.kind = JsonValue::Kind::kObject;
        std::set<std::string, std::less<>> names;
        ++at_;
        skip_space();
        if (peek() == '}') return ++at_, made;
        for (;;) {
            skip_space();
            if (peek() != '"') return error("a member's name is missing in an object");
            IMECE_TRY(std::string name, string());
            if (!names.insert(name).second)
                return error(fmt::format("'{}' stands twice in an object", name.substr(0, 64)));
            skip_space();
            if (peek() != ':') return error("':' is missing in an object");
            ++at_;
            skip_space();
            IMECE_TRY(JsonValue item, value(depth + 1));
            made.members.emplace_back(std::move(name), std::move(item));
            skip_space();
            if (peek() == '}') return ++at_, made;
            if (peek() != ',') return error("',' or '}' is missing in an object");
            ++at_;
        }
    }

    Result<std::uint32_t> four_digits() {
        std::uint32_t unit = 0;
        const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
        const auto [end, ec] =
            std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
        if (digits.size() < 4 || ec != std::errc{} || end != digits.data() + 4)
            return error("\\u needs four hex digits");
        at_ += 4;
        return unit;
    }

    static void append_utf8(std::string& out, std::uint32_t point) {
        if (point < 0x80) {
            out.push_back(char(point));
        } else if (point < 0x800) {
            out.push_back(char(0xc0 | point >> 6));
            out.push_back(char(0x80 | (point & 0x3f)));
        } else if (point < 0x10000) {
            out.push_back(char(0xe0 | point >> 12));
            out.push_back(char(0x80 | (point >> 6 & 0x3f)));
            out.push_back(char(0x80 | (point & 0x3f)));
        } else {
            out.push_back(char(0xf0 | point >> 18));
            out.push_back(char(0x80 | (point >> 12 & 0x3f)));
            out.push_back(char(0x80 | (point >> 6 & 0x3f)));
            out.push_back(char(0x80 | (point & 0x3f)));
        }
    }

    Status escape(std::string& out) {
        const char c = peek();
        ++at_;
        switch (c) {
            case '"':
            case '\\':
            case '/': out.push_back(c); return {};
            case 'b': out.push_back('\b'); return {};
            case 'f': out.push_back('\f'); return {};
            case 'n': out.push_back('\n'); return {};
            case 'r': out.push_back('\r'); return {};
            case 't': out.push_back('\t'); return {};
            case 'u': break;
            default: return error("unknown escape in a string");
        }
        IMECE_TRY(std::uint32_t point, four_digits());
        if (point >= 0xdc00 && point < 0xe000) return error("half of a surrogate pair");
        if (point >= 0xd800 && point < 0xdc00) {
            if (text_.substr(at_, 2) != "\\u") return error("half of a surrogate pair");
            at_ += 2;
            IMECE_TRY(const std::uint32_t low, four_digits());
            if (low < 0xdc00 || low > 0xdfff) return error("half of a surrogate pair");
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, point);
        return {};
    }

    Result<std::string> string() {
        std::string out;
        for (++at_; !ended();) {
            const char c = text_[at_];
            if (c == '"') return ++at_, out;
            if (static_cast<unsigned char>(c) < 0x20)
                return error("a control character in a string");
            ++at_;
            if (c != '\\') {
                out.push_back(c);
                continue;
            }
            IMECE_CHECK(escape(out));
        }
        return error("a string has no end");
    }

    std::string_view text_;
    std::string_view file_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace

// Here, where a member is a complete type.
JsonValue::JsonValue() = default;
JsonValue::JsonValue(const JsonValue&) = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue&) = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;
JsonValue::~JsonValue() = default;

const JsonValue* JsonValue::find(std::string_view name) const {
    for (const auto& [key, value] : members)
        if (key == name) return &value;
    return nullptr;
}

std::string_view JsonValue::kind_name() const {
    switch (kind) {
        case Kind::kNull: return "null";
        case Kind::kBool: return "a truth value";
        case Kind::kNumber: return "a number";
        case Kind::kString: return "a string";
        case Kind::kArray: return "an array";
        case Kind::kObject: return "an object";
    }
    return "?";
}

std::unexpected<Error> file_error(std::string_view file, std::uint32_t line,
                                  std::string_view reason) {
    return fail(ErrorCode::kInvalidArgument, "FILE_INVALID",
                fmt::format("{}:{}: {}", file, line, reason));
}

Result<JsonValue> parse_json(std::string_view text, std::string_view file) {
    return Reader(text, file).document();
}

}  // namespace imece::replay
