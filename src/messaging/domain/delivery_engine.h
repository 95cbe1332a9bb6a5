// Who gets which message when, over which link: a state machine without clock, threads or I/O.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "messaging/domain/class_scheduler.h"
#include "messaging/domain/mesh.h"
#include "messaging/domain/message.h"

namespace imece::messaging {

/// One message for one recipient device.
struct CopyKey {
    MessageId message;
    DeviceId target;
    friend auto operator<=>(const CopyKey&, const CopyKey&) = default;
};
struct CopyKeyHash {
    std::size_t operator()(const CopyKey& key) const noexcept {
        return std::hash<MessageId>()(key.message) ^ std::hash<DeviceId>()(key.target) * 31;
    }
};
struct NewCopy {
    CopyKey key;
    DeviceId sender;
    Priority priority = Priority::kCommunication;
    std::uint64_t sequence = 0;  ///< Of acceptance: first in, first out within a class.
    TimePoint accepted_at;
    TimePoint expires_at;
    std::size_t bytes = 0;
    TimePoint reachable_at;  ///< When a path to the target was first known; zero: none was yet.
};

struct LinkOptions {
    /// Credit never adds up to more: a device that asks and does not read must not fill our memory.
    static constexpr std::uint32_t kCreditMax = 4'096;
    std::uint32_t credit = 64;               ///< Deliveries in flight without receipt.
    bool carries = false;                    ///< Takes copies for other nodes.
    std::uint32_t capacity_bytes_per_s = 0;  ///< Site time; 0: not limited.
};

/// What the shell does next.
struct Send {
    DeviceId link;  ///< The connected node.
    CopyKey copy;
    std::vector<DeviceId> path;  ///< From the link to the target, both included.
    std::uint32_t attempt = 1;
};
/// A copy with the time since when it could be delivered; zero: never.
struct Reached {
    CopyKey copy;
    TimePoint reachable_at;
};
struct Effects {
    std::vector<Send> sends;
    std::vector<Reached> expired;
    std::vector<Reached> reached;  ///< Copies to which a path was found now, for the first time.
};

struct CopyView {
    enum class State { kUnknown, kWaiting, kInFlight };
    State state = State::kUnknown;
    std::string why;
    std::vector<DeviceId> path;
    std::uint32_t ahead = 0;
    std::uint32_t attempts = 0;
    TimePoint next_attempt_at;  ///< Zero: no attempt is scheduled.
};

struct ClassDepth {
    std::uint64_t waiting = 0;
    std::uint64_t in_flight = 0;
};

/// Holds every pending copy's place, not its body: about 300 bytes a copy.
///
/// A copy waits at its target; a target with waiting copies stands in line at the link that its route
/// begins with, one line a class, served in turn. Events mark what changed; `due` does the work, so
/// that a burst of events costs one routing. Deterministic. Not thread-safe.
class DeliveryEngine {
public:
    struct Config {
        /// Until a copy handed to a carrier is tried again without receipt; doubles each time.
        std::array<Duration, kPriorities> retry_first{
            std::chrono::seconds(5), std::chrono::seconds(10), std::chrono::seconds(20),
            std::chrono::seconds(30), std::chrono::seconds(60)};
        Duration retry_max = std::chrono::minutes(5);
        /// A copy in flight is not sent again sooner than this because its way broke; doubles too.
        Duration reroute_after = std::chrono::seconds(2);
        /// Copies that one link is given in one `due`, so that no link keeps the others waiting.
        std::uint32_t sends_per_turn = 256;
    };
    explicit DeliveryEngine(Config config) : config_(config) {}

    void queued(const NewCopy& copy);  ///< A copy already known is left as it is.
    /// The target has it, or refused it. When it was accepted; nothing when it was not pending.
    std::optional<TimePoint> finished(const CopyKey& copy);
    /// A node connected. Whoever was attached as this node is replaced.
    void attached(const DeviceId& node, const LinkOptions& options, TimePoint now);
    void detached(const DeviceId& node);
    void credit(const DeviceId& node, std::uint32_t add);
    void mesh_changed(const MeshChange& change);
    /// The shell could not read what it was to send: the copy waits for its next turn.
    void send_failed(const CopyKey& copy, TimePoint now);

    /// What is to be done at `now`. Cost: O(log pending) a send; a routing when links or mesh changed.
    Effects due(TimePoint now);
    /// When `due` has something to do without another event; TimePoint::max() when never.
    TimePoint next_due() const;

    CopyView view(const CopyKey& copy, TimePoint now) const;
    /// A path to `target` is known.
    bool reaches(const DeviceId& target) const { return find_route(target) != nullptr; }
    /// Of a pending copy; zero when no path was known to its target yet, or it is not pending.
    TimePoint reachable_at(const CopyKey& copy) const;
    const ClassDepth& depth(Priority priority) const { return depths_[rank(priority)]; }
    /// When the longest pending copy of the class was accepted; zero when none is.
    TimePoint oldest(Priority priority) const;
    std::size_t pending() const { return copies_.size(); }
    std::uint64_t pending_of(const DeviceId& sender) const;
    std::size_t links() const { return links_.size(); }
    std::uint64_t mesh_version() const { return mesh_.version(); }

private:
    struct Target;
    struct Link;
    struct Copy {
        NewCopy what;
        Target* target = nullptr;
        Link* link = nullptr;  ///< In flight on it; null: waiting.
        std::uint32_t attempts = 0;
        std::vector<DeviceId> path;  ///< That it was sent on last.
        TimePoint sent_at;
        TimePoint retry_at;  ///< Zero: none.
    };
    struct BySequence {
        bool operator()(const Copy* a, const Copy* b) const;
    };
    struct ByExpiry {
        bool operator()(const Copy* a, const Copy* b) const;
    };
    struct ByRetry {
        bool operator()(const Copy* a, const Copy* b) const;
    };
    struct ByFree {
        bool operator()(const Link* a, const Link* b) const;
    };
    using InOrder = std::set<Copy*, BySequence>;
    struct Target {
        DeviceId id;
        std::array<InOrder, kPriorities> waiting;
        InOrder in_flight;
        Link* route = nullptr;
        std::uint64_t generation = 0;  ///< Of the route: places in line taken before it are void.
        std::array<bool, kPriorities> in_line{};
    };
    struct Place {
        DeviceId target;
        std::uint64_t generation;
    };
    struct Link {
        DeviceId node;
        LinkOptions options;
        ClassScheduler scheduler;
        std::array<std::deque<Place>, kPriorities> lines;
        std::array<std::uint64_t, kPriorities> waiting{};  ///< Copies of the targets routed here.
        InOrder in_flight;
        std::chrono::sys_time<std::chrono::microseconds> free_at;  ///< By its capacity.
        bool roused = false;                                       ///< In `roused_`.
    };

    Target& target_of(const DeviceId& id);
    Link* find_route(const DeviceId& target) const;
    /// There is a path to the copy's target, for the first time.
    void reach(Copy& copy, TimePoint at);
    void wait(Copy& copy);
    void unwait(Copy& copy);
    void land(Copy& copy);
    void remove(Copy& copy);
    void arm(Copy& copy, TimePoint at);
    void disarm(Copy& copy);
    void rouse(Link& link);
    void stand_in_line(Target& target, std::size_t rank);
    void set_route(Target& target, Link* link);
    /// What went a way that has broken may be stuck there: it is tried on the new one soon, on the
    /// recipient's own connection at once.
    void hurry(const Target& target, TimePoint now);
    void reroute(TimePoint now);
    void run_timers(TimePoint now, Effects& effects);
    bool may_send(const Link& link, TimePoint now) const;
    Target& next_in_line(Link& link, std::size_t rank);
    void serve(Link& link, TimePoint now, Effects& effects);
    void send(Link& link, Copy& copy, TimePoint now, Effects& effects);

    Config config_;
    Mesh mesh_;
    bool routes_stale_ = false;
    std::uint64_t generation_ = 0;
    std::unordered_map<CopyKey, std::unique_ptr<Copy>, CopyKeyHash> copies_;
    std::map<DeviceId, std::unique_ptr<Target>> targets_;  ///< Ordered, as links_ below.
    std::map<DeviceId, std::unique_ptr<Link>>
        links_;                          ///< Ordered: the same events, the same sends.
    std::vector<Reached> reached_;       ///< Not told yet.
    std::vector<Link*> roused_;          ///< What may have something to send now, each once.
    std::set<Link*, ByFree> throttled_;  ///< What has, and waits for its capacity.
    std::array<InOrder, kPriorities> pending_;
    std::unordered_map<DeviceId, std::uint64_t> pending_of_sender_;
    std::array<ClassDepth, kPriorities> depths_{};
    std::set<Copy*, ByExpiry> expiries_;
    std::set<Copy*, ByRetry> retries_;
};

}  // namespace imece::messaging
