// The network as discovery tells of it, and the islands in it with their names.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace imece::analytics {

enum class NodeState { kGone, kAlive, kSuspect, kDead, kAsleep };

/// What an event of discovery says. A full one replaces everything.
struct TopologyChange {
    struct Node {
        DeviceId id;
        NodeState state = NodeState::kGone;
        bool has_uplink = false;
    };
    struct Link {
        DeviceId a, b;
        bool up = false;
    };
    std::uint64_t position = 0;  ///< Of the event in discovery's log.
    TimePoint at;
    bool full = false;
    std::vector<Node> nodes;
    std::vector<Link> links;
};

/// Not thread-safe.
class Network {
public:
    struct Counts {
        std::uint32_t alive = 0, suspect = 0, dead = 0, asleep = 0;
        friend bool operator==(const Counts&, const Counts&) = default;
    };

    /// Whether components() may give something else than before. Most changes do not: a link more or less within an island, which the
    /// links beside it show within a few steps. Cost: a few nodes a link; O(nodes + links) where one is cut off.
    bool apply(const TopologyChange& change);
    Counts counts() const;
    /// The sets of nodes, alive or suspect, that reach each other: each ascending, ordered by their first nodes.
    /// Cost: O((nodes + links) log nodes).
    std::vector<std::vector<DeviceId>> components() const;
    bool has_uplink(const DeviceId& node) const;

private:
    struct Vertex {
        NodeState state = NodeState::kGone;
        bool has_uplink = false;
        std::set<DeviceId> links;
        bool passes() const { return state == NodeState::kAlive || state == NodeState::kSuspect; }
    };
    void set_link(const DeviceId& from, const DeviceId& to, bool up);
    bool passes(const DeviceId& node) const;
    bool reaches(const DeviceId& from, const DeviceId& to) const;
    void drop_if_bare(const DeviceId& node);
    std::map<DeviceId, Vertex> nodes_;
};

/// Which island each node is on, and since when there is each. Names stay while an island overlaps most with its former self.
struct Islands {
    std::map<std::string, TimePoint> since;  ///< By name.
    std::map<DeviceId, std::string> home;

    /// What they become when the network falls into `components` at `at`. The same for the same history, however often
    /// it is asked in between.
    Islands next(const std::vector<std::vector<DeviceId>>& components, TimePoint at) const;
    friend bool operator==(const Islands&, const Islands&) = default;
};

/// From one Islands to another.
struct IslandsChange {
    std::map<std::string, TimePoint> begun;
    std::vector<std::string> ended;
    std::map<DeviceId, std::string> moved;
    std::vector<DeviceId> left;

    static IslandsChange between(const Islands& before, const Islands& after);
    void apply_to(Islands& islands) const;
    bool empty() const { return begun.empty() && ended.empty() && moved.empty() && left.empty(); }
};

}  // namespace imece::analytics
