// Which nodes there are and how they are linked, as their reports say: a state machine that is told
// what happened and what time it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "discovery/domain/peer_score.h"
#include "discovery/domain/report.h"

namespace imece::discovery {

enum class NodeState { kAlive = 1, kSuspect = 2, kDead = 3, kAsleep = 4 };

/// The numbers of failure detection; heartbeats come every 30 s.
struct Timing {
    Duration suspect_after = std::chrono::seconds(60);
    Duration dead_after = std::chrono::seconds(90);
    /// A node that has been dead for so long is forgotten, its place with it.
    Duration forget_after = std::chrono::hours(30 * 24);
};

struct TopologyLimits {
    std::size_t nodes_max = 100'000;
    std::size_t claims_max = 2'000'000;  ///< Neighbours in all nodes' reports together.
};

/// Zero stands for not measured; quality is more than 0 while the link is up.
struct LinkValue {
    double quality = 0;
    std::uint32_t latency_ms = 0;
    std::uint32_t bandwidth_kbps = 0;
    friend bool operator==(const LinkValue&, const LinkValue&) = default;
};

struct NodeChange {
    NodeId node;
    std::optional<NodeState> state;  ///< Empty: forgotten.
    bool has_uplink = false;         ///< It said so, and is neither dead nor asleep.
    friend bool operator==(const NodeChange&, const NodeChange&) = default;
};
struct LinkChange {
    NodeId a;  ///< a < b.
    NodeId b;
    LinkValue value;  ///< Quality 0: the link is gone.
    friend bool operator==(const LinkChange&, const LinkChange&) = default;
};
/// What changed since `base_version`; from an empty topology where that is 0. Sorted by id.
struct Delta {
    std::uint64_t version = 0;
    std::uint64_t base_version = 0;
    std::vector<NodeChange> nodes;
    std::vector<LinkChange> links;
};

struct NodeView {
    NodeId node;
    NodeState state = NodeState::kAlive;
    TimePoint last_heard_at;
    TimePoint state_since;
    std::uint32_t battery_percent = 0;
    bool has_uplink = false;
    std::optional<Position> position;
    std::uint32_t component = 0;  ///< The number of components where it is in none.
    std::uint32_t links = 0;
};
/// Nodes that reach each other over links, those dead or asleep left out.
struct Component {
    std::uint32_t nodes = 0;
    bool has_uplink = false;
};
struct Snapshot {
    std::uint64_t version = 0;
    std::vector<NodeView> nodes;        ///< By id.
    std::vector<LinkChange> links;      ///< By ids; all are up.
    std::vector<Component> components;  ///< The largest first; of equals that with the smallest id.
};

/// Node states
///   ASLEEP until the time that its report gave. After that SUSPECT until it reports, and DEAD
///   `dead_after` past that time. Otherwise SUSPECT after `suspect_after` without a report of its
///   own, DEAD after `dead_after`.
///   SUSPECT at once when a neighbour that heard it reports, later than the node itself did, that
///   it no longer does, and no ALIVE node says that it still hears it; that ends with the node's
///   next report or as soon as a neighbour hears it again.
///
/// Links: a *claim* is a neighbour of quality > 0 in a node's newest report. A link joins two
///   reported nodes, neither dead nor asleep,
///   - where both claim each other: with the worse of each value that both measured;
///   - where one claims and the other has not reported since the claim began: with that one's
///     values. The other's next report confirms or ends it. The beginning, not the latest report,
///     counts, so that a pair that hears in one direction only does not flap with each heartbeat.
///
/// Not thread-safe. `now` may stand still but is expected not to run backwards; nothing breaks when
/// it does.
class Topology {
public:
    Topology(Timing timing, TopologyLimits limits);
    Topology(const Topology&) = delete;
    Topology& operator=(const Topology&) = delete;

    /// Takes a checked() report in place of the node's former one.
    /// Errors: kFailedPrecondition REPORT_STALE unless the sequence grew, or for a node that would
    /// be forgotten at once; kResourceExhausted TOPOLOGY_FULL at a limit. Nothing changes then.
    /// Cost: O(d log L) for a node with d claims by it and of it.
    Status report(const Report& report, TimePoint heard_at, TimePoint now);
    /// Takes the node out, as if it had never reported: its device was revoked.
    void forget(const NodeId& node);
    /// Moves the nodes whose time has come. Cost: as a report for each of them.
    void tick(TimePoint now);
    /// When tick() has something to do next.
    std::optional<TimePoint> deadline() const;

    /// Versions go on after `version`. At start.
    void continue_from(std::uint64_t version) { version_ = version; }
    std::uint64_t version() const { return version_; }
    /// True when something may differ from what was last taken.
    bool changed() const { return !changed_nodes_.empty() || !changed_links_.empty(); }
    /// What differs from what was last taken; empty, and without a new version, when nothing does.
    /// Cost: O(changed).
    Delta take_delta();
    /// Everything, as a new version with base 0. Cost: O(N + L).
    Delta take_full();
    /// The nodes forgotten since the last call.
    std::vector<NodeId> take_forgotten() { return std::exchange(forgotten_, {}); }

    /// Cost: O(log N), and O(N + L) once after a change of the links or states.
    std::optional<NodeView> find(const NodeId& node);
    /// At most `max` nodes after `after`, by id. Cost as find(), and O(max).
    std::vector<NodeView> list(const NodeId& after, std::size_t max);
    /// Cost: O(N + L): under 5 ms for 1,100 nodes with 5,000 links.
    Snapshot snapshot();
    /// The best peers for `node` among the ALIVE others, the best first and of equals the smaller
    /// id.
    /// Latency, bandwidth and reliability are those of their link, or the candidate's mean where
    /// they have none. Without `exact_places` distances are those of blurred ones: several exact distances give a place away.
    /// Errors: kNotFound NODE_UNKNOWN. Cost: O(N log max).
    Result<std::vector<PeerScore>> suggest(const NodeId& node, std::size_t max, TimePoint now,
                                           bool exact_places = true) const;

    struct Counts {
        std::size_t alive = 0, suspect = 0, dead = 0, asleep = 0, links = 0, components = 0;
    };
    Counts counts();

private:
    struct Claim {
        NodeId node;
        LinkValue value;
        TimePoint since;  ///< When the first of the unbroken row of reports that hold it was heard.
    };
    /// Sums over a node's links, in whole numbers: adding and taking away leaves no rounding
    /// behind.
    struct LinkSums {
        std::uint32_t links = 0;
        std::int64_t quality_ppm = 0;
        std::int64_t latency_ms = 0;
        std::uint32_t latencies = 0;
        std::int64_t bandwidth_kbps = 0;
        std::uint32_t bandwidths = 0;
        void add(const LinkValue& value, int sign);
    };
    struct Node {
        NodeId id;
        std::uint64_t sequence = 0;
        std::uint32_t battery_percent = 0;
        bool says_uplink = false;
        std::optional<TimePoint> asleep_until;
        std::optional<Position> position;
        TimePoint heard_at;
        TimePoint first_heard_at;
        std::vector<Claim> claims;  ///< By id.
        bool silenced = false;      ///< Its neighbours stopped hearing it.
        NodeState state = NodeState::kAlive;
        TimePoint state_since;
        Duration alive_before{0};  ///< Time ALIVE or ASLEEP up to state_since.
        TimePoint due;             ///< Its entry in timers_.
        LinkSums sums;
        std::uint32_t component = 0;

        bool reachable() const {
            return state == NodeState::kAlive || state == NodeState::kSuspect;
        }
        bool has_uplink() const { return says_uplink && reachable(); }
        const Claim* claim_of(const NodeId& other) const;
        double alive_share(TimePoint now) const;
    };
    using LinkKey = std::pair<NodeId, NodeId>;  ///< The smaller id first.
    struct Link {
        LinkValue value;
        Node* a = nullptr;
        Node* b = nullptr;
    };
    struct Published {
        NodeState state = NodeState::kAlive;
        bool has_uplink = false;
        friend bool operator==(const Published&, const Published&) = default;
    };
    struct Standing {
        NodeState state;
        TimePoint until;
    };

    Standing standing(const Node& node, TimePoint now) const;
    bool too_old(TimePoint heard_at, const Report& report, TimePoint now) const;
    void settle(Node& node, TimePoint at, TimePoint now);
    /// Replaces the claims; gives those that are no longer made.
    std::vector<NodeId> replace_claims(Node& node, const Report& report);
    void suspect_silenced(const std::vector<NodeId>& dropped, const Node& by, TimePoint now);
    void hear_again(const Node& by, TimePoint now);
    bool heard_by_any(const NodeId& node) const;
    void relink(Node& node);
    void relink_pair(Node& node, const NodeId& other);
    static std::optional<LinkValue> evaluate(const Node& a, const Node& b);
    void set_link(Node& one, Node& other, const std::optional<LinkValue>& value);
    void erase(Node& node);
    void number_components();
    NodeView view_of(const Node& node) const;

    const Timing timing_;
    const TopologyLimits limits_;
    std::map<NodeId, Node> nodes_;
    std::map<LinkKey, Link> links_;
    std::set<std::pair<NodeId, NodeId>> heard_by_;  ///< (who is heard, who claims it).
    std::set<std::pair<TimePoint, NodeId>> timers_;

    std::uint64_t version_ = 0;
    std::set<NodeId> changed_nodes_;
    std::set<LinkKey> changed_links_;
    std::map<NodeId, Published> published_nodes_;
    std::map<LinkKey, LinkValue> published_links_;
    std::vector<NodeId> forgotten_;

    std::vector<Component> components_;
    bool components_valid_ = false;
};

}  // namespace imece::discovery
