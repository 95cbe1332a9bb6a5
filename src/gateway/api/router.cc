#include "gateway/api/router.h"

#include <algorithm>

#include "base/result.h"
#include "gateway/api/uri.h"

namespace imece::gateway {
namespace {

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    segments.reserve(8);
    while (!path.empty()) {
        path.remove_prefix(1);  // The '/'.
        const std::string_view segment = path.substr(0, path.find('/'));
        segments.push_back(segment);
        path.remove_prefix(segment.size());
    }
    return segments;
}

std::unexpected<Error> bad_template(std::string_view text, std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                "path template '" + std::string(text) + "' " + std::string(why));
}

bool is_field_path(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    return !text.empty() && std::ranges::all_of(text, allowed);
}

}  // namespace

Status Router::add(std::string_view method, std::string_view path_template, std::size_t target) {
    if (!path_template.starts_with('/')) return bad_template(path_template, "begins with '/'");
    Route route{std::string(method), {}, {}, target};
    std::string_view path = path_template;
    const std::size_t colon = path.rfind(':');
    if (colon != std::string_view::npos &&
        path.find_first_of("/}", colon) == std::string_view::npos) {
        route.verb = path.substr(colon + 1);
        path = path.substr(0, colon);
    }
    for (std::string_view segment : split(path)) {
        if (segment.starts_with('{') && segment.ends_with('}')) {
            segment = segment.substr(1, segment.size() - 2);
            if (segment.ends_with("=*")) segment.remove_suffix(2);
            if (!is_field_path(segment))
                return bad_template(path_template, "has a variable of another form");
            route.segments.push_back({true, std::string(segment)});
        } else if (segment.empty() || segment.find_first_of("{}*") != std::string_view::npos) {
            return bad_template(path_template, "has a segment of another form");
        } else {
            route.segments.push_back({false, std::string(segment)});
        }
    }
    for (const Route& other : routes_)
        if (other.method == method && other.verb == route.verb && other.segments == route.segments)
            return bad_template(path_template, "is there twice");
    routes_.push_back(std::move(route));
    return {};
}

bool Router::fits(const Route& route, const Path& path) {
    if (route.verb != path.verb || route.segments.size() != path.segments.size()) return false;
    for (std::size_t i = 0; i < path.segments.size(); ++i) {
        const Segment& segment = route.segments[i];
        if (segment.variable ? path.segments[i].empty() : segment.text != path.segments[i])
            return false;
    }
    return true;
}

std::vector<const Router::Route*> Router::candidates(std::string_view path, Path& reading) const {
    std::vector<const Route*> found;
    const auto collect = [&] {
        for (const Route& route : routes_)
            if (fits(route, reading)) found.push_back(&route);
    };
    reading = {split(path), {}};
    if (reading.segments.empty()) return found;

    std::string_view& last = reading.segments.back();
    const std::string_view whole = last;
    if (const std::size_t colon = whole.rfind(':'); colon != std::string_view::npos) {
        reading.verb = whole.substr(colon + 1);
        last = whole.substr(0, colon);
        if (!reading.verb.empty()) collect();
    }
    if (found.empty()) {
        last = whole;
        reading.verb = {};
        collect();
    }
    // "/v1/devices/mine" belongs to a literal route where there is one, whatever its methods.
    const auto variables = [](const Route* route) {
        return std::ranges::count_if(route->segments, &Segment::variable);
    };
    if (!found.empty()) {
        const auto fewest = variables(*std::ranges::min_element(found, {}, variables));
        std::erase_if(found, [&](const Route* route) { return variables(route) > fewest; });
    }
    return found;
}

Result<Router::Match> Router::find(std::string_view method, std::string_view path) const {
    Path reading;
    const auto found = candidates(path, reading);
    if (found.empty()) return fail(ErrorCode::kNotFound, "ROUTE_UNKNOWN", "no route has this path");
    const auto route = std::ranges::find(found, method, &Route::method);
    if (route == found.end())
        return fail(ErrorCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                    "this path takes " + allowed(path));
    Match match{(*route)->target, {}};
    for (std::size_t i = 0; i < reading.segments.size(); ++i) {
        const Segment& segment = (*route)->segments[i];
        if (!segment.variable) continue;
        IMECE_TRY(std::string text, percent_decode(reading.segments[i]));
        match.bindings.emplace_back(segment.text, std::move(text));
    }
    return match;
}

std::string Router::allowed(std::string_view path) const {
    Path reading;
    std::string methods;
    for (const Route* route : candidates(path, reading)) {
        if (!methods.empty()) methods += ", ";
        methods += route->method;
    }
    return methods;
}

}  // namespace imece::gateway
