#include "gateway/api/uri.h"

#include <algorithm>

#include "base/result.h"
#include "gateway/api/json_text.h"

namespace imece::gateway {
namespace {

constexpr std::size_t kParametersMax = 64;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::unexpected<Error> malformed(std::string message) {
    return fail(ErrorCode::kInvalidArgument, "HTTP_MALFORMED", std::move(message));
}

Result<std::string> decode_form(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    auto decoded = percent_decode(spaced);
    if (!decoded)
        return fail(ErrorCode::kInvalidArgument, "QUERY_INVALID",
                    std::move(decoded.error().message));
    return decoded;
}

}  // namespace

Result<Target> split_target(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        target.remove_prefix(scheme.size());
        target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
        if (target.empty()) target = "/";
    }
    if (!target.starts_with('/')) return malformed("the request target does not begin with '/'");
    if (target.contains('#')) return malformed("the request target has a fragment");
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos) return Target{target, {}};
    return Target{target.substr(0, mark), target.substr(mark + 1)};
}

Result<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return malformed("'%' is followed by two hex digits");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (is_control(c)) return malformed("a control character in the request target");
        decoded += c;
    }
    if (!is_utf8(decoded)) return malformed("the request target is not UTF-8");
    return decoded;
}

Result<std::vector<QueryParameter>> parse_query(std::string_view query) {
    std::vector<QueryParameter> parameters;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) continue;
        if (parameters.size() == kParametersMax)
            return fail(ErrorCode::kInvalidArgument, "QUERY_INVALID", "more than 64 parameters");
        const std::size_t equals = part.find('=');
        IMECE_TRY(std::string name, decode_form(part.substr(0, equals)));
        IMECE_TRY(std::string value, equals == std::string_view::npos
                                         ? Result<std::string>(std::string())
                                         : decode_form(part.substr(equals + 1)));
        parameters.emplace_back(std::move(name), std::move(value));
    }
    return parameters;
}

}  // namespace imece::gateway
