// read_json and set_from_text.
#include <google/protobuf/message.h>

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "gateway/api/json_check.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/json_scalar.h"

namespace imece::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

bool is_object(const pb::FieldDescriptor& field) {
    return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE &&
           !is_timestamp(field.message_type()) && !is_duration(field.message_type());
}

/// Fills the message while the parser reads. Stops at the first thing that does not fit.
class MessageFiller {
public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    explicit MessageFiller(pb::Message& root) : root_(root) {}
    const std::string& mismatch() const { return mismatch_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code& error) {
        if (depth_ == 0) {
            frames_[depth_++] = Frame{&root_};
            return true;
        }
        const Frame& top = frames_[depth_ - 1];
        if (!expects_value() || !is_object(*top.field)) return wrong_type(error);
        const auto& reflection = *top.message->GetReflection();
        pb::Message* inner = top.field->is_repeated()
                                 ? reflection.AddMessage(top.message, top.field)
                                 : reflection.MutableMessage(top.message, top.field);
        frames_[depth_++] = Frame{inner};
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) {
        --depth_;
        return true;
    }
    bool on_array_begin(json::error_code& error) {
        if (depth_ == 0) return refuse(error, "the body is a JSON object");
        Frame& top = frames_[depth_ - 1];
        if (!top.field->is_repeated() || top.in_array) return wrong_type(error);
        top.in_array = true;
        return true;
    }
    bool on_array_end(std::size_t, json::error_code&) {
        frames_[depth_ - 1].in_array = false;
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t total, json::error_code& error) {
        return with_text(part, total, [&](std::string_view key) { return take_key(key, error); });
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t total, json::error_code& error) {
        return with_text(part, total, [&](std::string_view text) {
            return take(error, [&](FieldSink sink) { return sink.take_string(text); });
        });
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code& error) {
        return take_number({JsonNumber::Kind::kSigned, value, 0, 0}, error);
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code& error) {
        return take_number({JsonNumber::Kind::kUnsigned, 0, value, 0}, error);
    }
    bool on_double(double value, json::string_view, json::error_code& error) {
        return take_number({JsonNumber::Kind::kReal, 0, 0, value}, error);
    }
    bool on_bool(bool value, json::error_code& error) {
        return take(error, [&](FieldSink sink) { return sink.take_bool(value); });
    }
    bool on_null(json::error_code& error) {
        if (depth_ == 0) return refuse(error, "the body is a JSON object");
        return refuse(error, "null is no value here: leave '" + path() + "' out");
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    struct Frame {
        pb::Message* message = nullptr;
        const pb::FieldDescriptor* field = nullptr;
        std::uint64_t seen = 0;  ///< By the field's index.
        bool in_array = false;
    };

    /// The parser hands on a string in parts only where it holds escapes.
    template <class Use>
    bool with_text(json::string_view part, std::size_t total, const Use& use) {
        if (part.size() == total) return use(std::string_view(part.data(), part.size()));
        text_.append(part.data(), part.size());
        const bool taken = use(std::string_view(text_));
        text_.clear();
        return taken;
    }

    bool take_key(std::string_view key, json::error_code& error) {
        Frame& top = frames_[depth_ - 1];
        const pb::Descriptor& type = *top.message->GetDescriptor();
        top.field = nullptr;
        for (int i = 0; i < type.field_count() && top.field == nullptr; ++i)
            if (type.field(i)->json_name() == key || type.field(i)->name() == key)
                top.field = type.field(i);
        if (top.field == nullptr) {
            const std::string where = path();
            return refuse(error, "unknown field '" + (where.empty() ? "" : where + ".") +
                                     std::string(key.substr(0, 64)) + "'");
        }
        const std::uint64_t bit = std::uint64_t(1) << top.field->index();
        if ((top.seen & bit) != 0) return refuse(error, "'" + path() + "' stands there twice");
        top.seen |= bit;
        const auto* oneof = top.field->real_containing_oneof();
        if (oneof != nullptr && top.message->GetReflection()->HasOneof(*top.message, oneof))
            return refuse(error, "'" + path() + "' excludes another field that stands beside it");
        return true;
    }

    bool expects_value() const {
        const Frame& top = frames_[depth_ - 1];
        return top.field->is_repeated() == top.in_array;
    }
    template <class Use>
    bool take(json::error_code& error, const Use& use) {
        if (depth_ == 0) return refuse(error, "the body is a JSON object");
        const Frame& top = frames_[depth_ - 1];
        if (!expects_value()) return wrong_type(error);
        const char* wanted = use(FieldSink(*top.message, *top.field));
        return wanted == nullptr || refuse(error, "'" + path() + "' is " + wanted);
    }
    bool take_number(const JsonNumber& number, json::error_code& error) {
        return take(error, [&](FieldSink sink) { return sink.take_number(number); });
    }

    bool wrong_type(json::error_code& error) {
        const Frame& top = frames_[depth_ - 1];
        if (top.field->is_repeated() && !top.in_array)
            return refuse(error, "'" + path() + "' is an array");
        return refuse(error, "'" + path() + "' is " + FieldSink(*top.message, *top.field).wanted());
    }
    bool refuse(json::error_code& error, std::string what) {
        mismatch_ = std::move(what);
        error = json::error::syntax;
        return false;
    }
    std::string path() const {
        std::string text;
        for (std::size_t i = 0; i < depth_; ++i) {
            if (frames_[i].field == nullptr) break;
            if (!text.empty()) text += '.';
            text += frames_[i].field->json_name();
        }
        return text;
    }

    pb::Message& root_;
    std::array<Frame, kJsonDepthMax + 1> frames_;
    std::size_t depth_ = 0;
    std::string text_;
    std::string mismatch_;
};

std::unexpected<Error> bad_query(const pb::FieldDescriptor& field, std::string_view wanted) {
    return fail(ErrorCode::kInvalidArgument, "QUERY_INVALID",
                "'" + field.json_name() + "' is " + std::string(wanted));
}

}  // namespace

Status read_json(std::string_view text, pb::Message& message) {
    json::parse_options options;
    options.max_depth = kJsonDepthMax;
    json::basic_parser<MessageFiller> parser(options, message);
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && parser.done() && read == text.size()) return {};

    // Whether it is JSON at all is asked of the one place that decides it.
    if (auto strict = check_json(text); !strict) return strict;
    return fail(ErrorCode::kInvalidArgument, "BODY_MISMATCH", parser.handler().mismatch());
}

Status set_from_text(pb::Message& message, const pb::FieldDescriptor& field,
                     std::string_view text) {
    if (is_object(field)) return bad_query(field, "not a plain value: name one of its fields");
    FieldSink sink(message, field);
    const char* wanted = nullptr;
    switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_BOOL:
            wanted =
                text == "true" || text == "false" ? sink.take_bool(text == "true") : sink.wanted();
            break;
        case pb::FieldDescriptor::CPPTYPE_INT32:
        case pb::FieldDescriptor::CPPTYPE_UINT32:
        case pb::FieldDescriptor::CPPTYPE_FLOAT:
        case pb::FieldDescriptor::CPPTYPE_DOUBLE: {
            JsonNumber number;
            const char* const end = text.data() + text.size();
            auto parsed = std::from_chars(text.data(), end, number.signed_value);
            if (parsed.ec != std::errc() || parsed.ptr != end) {
                number.kind = JsonNumber::Kind::kReal;
                parsed = std::from_chars(text.data(), end, number.real);
            }
            const bool whole = parsed.ec == std::errc() && parsed.ptr == end;
            const bool finite = number.real - number.real == 0;
            wanted = whole && finite ? sink.take_number(number) : sink.wanted();
            break;
        }
        default: wanted = sink.take_string(text);
    }
    if (wanted != nullptr) return bad_query(field, wanted);
    return {};
}

}  // namespace imece::gateway
