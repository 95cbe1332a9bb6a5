#include "gateway/api/json_check.h"

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace imece::gateway {
namespace {

namespace json = boost::json;

/// Looks at nothing but keys: the grammar is the parser's part.
struct KeyWatch {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    std::vector<std::unordered_set<std::string>> keys;
    std::string key;
    bool twice = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        keys.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) {
        keys.pop_back();
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        key.append(part.data(), part.size());
        twice = !keys.back().insert(std::move(key)).second;
        key.clear();
        if (twice) error = json::error::syntax;
        return !twice;
    }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::unexpected<Error> not_json(std::string_view what, std::size_t at) {
    return fail(ErrorCode::kInvalidArgument, "BODY_NOT_JSON",
                std::string(what) + " at byte " + std::to_string(at));
}

}  // namespace

Status check_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = kJsonDepthMax;
    json::basic_parser<KeyWatch> parser(options);
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (parser.handler().twice) return not_json("a key stands twice in one object", read);
    if (error == json::error::too_deep) return not_json("more than 32 levels deep", read);
    if (error) return not_json(error.message(), read);
    if (!parser.done()) return not_json("the value is not complete", read);
    if (read < text.size()) return not_json("something follows the value", read);
    return {};
}

}  // namespace imece::gateway
