// What a node says of itself and of those it hears.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::discovery {

using NodeId = DeviceId;

/// Degrees, WGS 84.
struct Position {
    double latitude = 0;
    double longitude = 0;
    friend bool operator==(const Position&, const Position&) = default;
};

/// What a node measured of one that it hears. Zero means not measured, but a quality of 0 means
/// that the link is dead.
struct Neighbour {
    NodeId node;
    double quality = 0;  ///< Share of frames that arrive, 0 to 1.
    std::uint32_t latency_ms = 0;
    std::uint32_t bandwidth_kbps = 0;
};

struct Report {
    NodeId node;
    std::uint64_t sequence = 0;
    TimePoint at;  ///< By the node's own clock.
    std::uint32_t battery_percent = 0;
    bool has_uplink = false;
    std::optional<TimePoint> asleep_until;
    std::optional<Position> position;
    std::vector<Neighbour> neighbours;  ///< In the order of their ids once checked.
};

struct ReportLimits {
    std::size_t neighbours_max = 1024;
    Duration ahead_max = std::chrono::minutes(5);  ///< A phone in the field has no time server.
    Duration sleep_max = std::chrono::hours(7 * 24);
};

/// Gives the report back with its neighbours sorted by id when it is within its limits: ids are
/// there, no neighbour twice and not the node itself, sequence > 0, battery 0..100, quality 0..1,
/// latitude ±90, longitude ±180, `at` at most `ahead_max` ahead of `now`, a sleep at most
/// `sleep_max` from `at`.
///
/// Errors: kInvalidArgument REPORT_MALFORMED naming the field; REPORT_IN_FUTURE.
/// Cost:   O(n log n) of the neighbours.
Result<Report> checked(Report report, TimePoint now, const ReportLimits& limits);

/// The latest moment at which the report proves that its node was there. Who sends its own report
/// is there now, whatever its clock says; of a carried one we know only when it was made.
TimePoint heard_at(const Report& report, TimePoint now, bool sent_by_itself);

/// The position to two decimals of a degree, about 1 km: for eyes that need not know more.
Position blurred(const Position& position);

/// Great-circle distance by the haversine formula, on a sphere of 6371 km.
double distance_km(const Position& a, const Position& b);

}  // namespace imece::discovery
