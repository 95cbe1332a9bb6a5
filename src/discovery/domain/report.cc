#include "discovery/domain/report.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace imece::discovery {
namespace {

std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::kInvalidArgument, "REPORT_MALFORMED", std::move(what));
}

/// False for NaN as well.
bool within(double value, double least, double most) {
    return value >= least && value <= most;
}

}  // namespace

Result<Report> checked(Report report, TimePoint now, const ReportLimits& limits) {
    if (report.node.empty()) return malformed("node_id is missing");
    if (report.sequence == 0) return malformed("sequence must be 1 or more");
    if (report.at <= TimePoint{}) return malformed("at is missing");
    if (report.at > now + limits.ahead_max)
        return fail(ErrorCode::kInvalidArgument, "REPORT_IN_FUTURE",
                    "at is more than 5 minutes ahead of the site's time");
    if (report.battery_percent > 100) return malformed("battery_percent must be 0 to 100");
    if (report.asleep_until && *report.asleep_until > report.at + limits.sleep_max)
        return malformed("asleep_until is too far ahead of at");
    if (report.position && (!within(report.position->latitude, -90, 90) ||
                            !within(report.position->longitude, -180, 180)))
        return malformed("position is out of range");
    if (report.neighbours.size() > limits.neighbours_max)
        return malformed("more than " + std::to_string(limits.neighbours_max) + " neighbours");

    std::ranges::sort(report.neighbours, {}, &Neighbour::node);
    for (std::size_t i = 0; i < report.neighbours.size(); ++i) {
        const Neighbour& neighbour = report.neighbours[i];
        const std::string id = to_text(neighbour.node);
        if (neighbour.node.empty()) return malformed("a neighbour's node_id is missing");
        if (neighbour.node == report.node) return malformed("the node is its own neighbour");
        if (i > 0 && report.neighbours[i - 1].node == neighbour.node)
            return malformed("neighbour " + id + " is there twice");
        if (!within(neighbour.quality, 0, 1))
            return malformed("the quality of neighbour " + id + " must be 0 to 1");
    }
    return report;
}

TimePoint heard_at(const Report& report, TimePoint now, bool sent_by_itself) {
    return sent_by_itself ? now : std::min(report.at, now);
}

Position blurred(const Position& position) {
    return {std::round(position.latitude * 100) / 100, std::round(position.longitude * 100) / 100};
}

double distance_km(const Position& a, const Position& b) {
    constexpr double kRadians = std::numbers::pi / 180;
    constexpr double kEarthRadiusKm = 6371;
    const double dy = std::sin((b.latitude - a.latitude) * kRadians / 2);
    const double dx = std::sin((b.longitude - a.longitude) * kRadians / 2);
    const double h =
        dy * dy + std::cos(a.latitude * kRadians) * std::cos(b.latitude * kRadians) * dx * dx;
    return 2 * kEarthRadiusKm * std::asin(std::sqrt(std::min(1.0, h)));
}

}  // namespace imece::discovery
