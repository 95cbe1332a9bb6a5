// The people's side of a replay: phones, short-range links and what they carry, without any I/O.
#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

#include "replay/trace/run_log.h"
#include "replay/world/chance.h"
#include "replay/world/flags_by_item.h"
#include "replay/world/mesh_graph.h"
#include "replay/world/plan.h"

namespace imece::replay {

/// A bundle: message m is bundle m; receipts are numbered on from the number of messages.
using ItemIndex = std::uint32_t;

/// What the world needs done outside. Nothing here may call back into the world.
class Outside {
public:
    virtual ~Outside() = default;
    /// The node can reach the backend: it should connect, and say World::connected.
    virtual void connect(NodeIndex n) = 0;
    /// It cannot any more: whatever connection it has is cut at once.
    virtual void disconnect(NodeIndex n) = 0;
    /// The sender's application makes the message.
    virtual void compose(MessageIndex m) = 0;
    /// A connected node hands a message to the backend; answered by confirmed, refused or retry.
    virtual void submit(NodeIndex carrier, MessageIndex m) = 0;
    /// The same for a receipt of `recipient` for `m`, bundle `item`.
    virtual void submit_receipt(NodeIndex carrier, ItemIndex item, MessageIndex m,
                                NodeIndex recipient) = 0;
    /// A copy reached a recipient device; answered by World::acknowledge once the application has it for good.
    virtual void arrive(NodeIndex recipient, MessageIndex m) = 0;
    /// A connected node posts the reports of these nodes.
    virtual void report(NodeIndex carrier, std::span<const NodeIndex> nodes) = 0;
};

struct WorldOptions {
    Ms heartbeat = 30'000;
    Ms report_after_change = 1'000;
    std::size_t bundles_max = 8'192;  ///< That a node carries.
    std::size_t bytes_max = 8 << 20;  ///< The same in bytes of their texts.
    std::size_t in_flight_max = 16;   ///< Handed to the backend by a node, and unanswered.
};

struct WorldStats {
    std::uint64_t hops = 0;
    std::uint64_t dropped = 0;      ///< Let go by full nodes, the lowest class first.
    std::uint64_t stale_paths = 0;  ///< Deliveries whose first step did not work.
    std::uint64_t reports = 0;
    std::uint64_t submitted = 0;
};

/// Runs a plan. One thread; time is what the caller says it is, and never runs backwards.
///
/// A message moves towards the nearest node that is connected to the backend. Where its piece of the
/// mesh has none, and always where life is at stake, every node in reach takes a copy, and whoever
/// meets others gives them what they lack. What comes from the backend follows the path that came
/// along, or the world's own shortest way where that broke, and is carried where there is none.
/// Copies are kept until word comes that the backend or the recipient has the message. A node hands
/// only so many to the backend at a time, by class and then in no order: of those who carry the same,
/// each begins elsewhere, and hears from the others what need not be sent again.
class World {
public:
    World(const Plan& plan, RunLog& log, Outside& outside, WorldOptions options = {});

    /// When something is due next; kForever after the last thing.
    Ms next_due() const;
    static constexpr Ms kForever = INT64_MAX;
    /// Applies everything that is due by `now`.
    void advance(Ms now);

    void connected(NodeIndex n, Ms now);
    /// The connection broke although the node has coverage. Safe to repeat.
    void disconnected(NodeIndex n, Ms now);
    /// The backend has the bundle for good.
    void confirmed(NodeIndex carrier, ItemIndex item, Ms now);
    /// It will never take it.
    void refused(NodeIndex carrier, ItemIndex item, std::string_view reason, Ms now);
    /// It did not take it this time: it goes on its way again.
    void retry(NodeIndex carrier, ItemIndex item, Ms now);
    /// The backend hands `m` for `recipient` to the connected node `at`; `path` leads from it to the recipient.
    void delivery(NodeIndex at, NodeIndex recipient, MessageIndex m,
                  std::span<const NodeIndex> path, Ms now);
    /// The application of `recipient` has `m`, and that is durable.
    void acknowledge(NodeIndex recipient, MessageIndex m, Ms now);

    const MeshGraph& graph() const { return graph_; }
    bool covered(NodeIndex n) const { return nodes_[n].uplink && graph_.up(n); }
    /// The node's battery now, in percent.
    std::uint32_t battery(NodeIndex n, Ms now) const;
    const WorldStats& stats() const { return stats_; }

private:
    // What a node knows of a bundle.
    enum Flag : std::uint16_t {
        kSeen = 1,           // It has, or had, a copy.
        kHeld = 2,           // It has one.
        kComing = 4,         // One is on the way to it.
        kAccepted = 8,       // The backend has it.
        kDone = 16,          // Nobody needs it any more.
        kInFlight = 32,      // Handed to the backend here, unanswered.
        kWaits = 64,         // In `waits`: no way at present.
        kFromBackend = 128,  // Came down: it is ours to bring to the recipient.
        kPending = 256,      // In `pending`.
        kReady = 512,        // In `ready`: to be handed to the backend when there is room.
    };
    struct News {
        ItemIndex item = 0;
        std::uint16_t flag = 0;
    };
    struct Node {
        bool uplink = false;
        bool gossip_due = false;
        bool patrol_due = false;
        bool report_due = false;
        bool post_due = false;
        FlagsByItem known;
        std::vector<ItemIndex> held[kClasses];  ///< By age; some may be gone.
        std::size_t held_count = 0;
        std::size_t held_bytes = 0;
        std::vector<ItemIndex> waits;
        std::vector<ItemIndex> pending;
        std::vector<ItemIndex> ready[kClasses];
        std::vector<ItemIndex> in_flight;
        std::vector<News> news;
        std::vector<NodeIndex> reports;  ///< To be posted by this node.
    };
    struct Receipt {
        MessageIndex message = 0;
        NodeIndex recipient = 0;
    };
    enum class What : std::uint8_t {
        kHop,
        kGossip,
        kPatrol,
        kHeartbeat,
        kReport,
        kReportComes,
        kPost,
        kRepeat
    };
    struct Event {
        Ms at = 0;
        std::uint64_t order = 0;
        What what = What::kHop;
        bool fails = false;   // The link lost every try.
        bool again = false;   // Send although the other has it.
        std::uint32_t a = 0;  // From; the node.
        std::uint32_t b = 0;  // To.
        ItemIndex item = 0;
        LinkIndex link = 0;
        std::uint32_t epoch = 0;
        std::uint32_t path = kNone;
        std::uint32_t position = 0;
        bool operator>(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };

    bool is_message(ItemIndex item) const { return item < plan_.messages.size(); }
    MessageIndex message_of(ItemIndex item) const;
    Class class_of(ItemIndex item) const;
    NodeIndex recipient_of(ItemIndex item) const;  ///< kNone: the backend has all that is needed.
    std::size_t bytes_of(ItemIndex item) const;
    bool expired(ItemIndex item) const;
    void schedule(Event event);

    // world.cc: what happens.
    void apply(const Contact& contact);
    void changed(const MeshGraph::Change& change);
    void appeared(LinkIndex l);
    void cut(NodeIndex n);
    void start(MessageIndex m);
    void run(Event& event);
    void repeat(MessageIndex m, std::uint32_t left);
    void neighbour_changed(NodeIndex n);
    void make_report(NodeIndex n);
    void hear_report(NodeIndex carrier, NodeIndex n);
    void post(NodeIndex carrier);
    void settle(PieceIndex p);
    void isolated(PieceIndex p);

    // world_forward.cc: how bundles move.
    void obtain(NodeIndex n, ItemIndex item, std::uint16_t flags);
    void forward(NodeIndex n, ItemIndex item);
    void towards_backend(NodeIndex n, ItemIndex item);
    void towards_recipient(NodeIndex n, ItemIndex item);
    void offer(NodeIndex from, NodeIndex to, LinkIndex link);
    void send(NodeIndex from, MeshGraph::Neighbour to, ItemIndex item);
    void transmit(Event hop);
    void hop(Event& event);
    void follow(Event& event);
    void wait(NodeIndex n, ItemIndex item);
    void hand_over(NodeIndex n, ItemIndex item);
    void hand_over_more(NodeIndex n);
    bool answered(NodeIndex n, ItemIndex item);
    void learn(NodeIndex n, ItemIndex item, std::uint16_t flag);
    void gossip(NodeIndex n);
    void patrol(NodeIndex n);
    void release(NodeIndex n, ItemIndex item);
    void make_room(NodeIndex n);
    std::uint32_t keep_path(std::span<const NodeIndex> path);

    const Plan& plan_;
    RunLog& log_;
    Outside& outside_;
    WorldOptions options_;
    MeshGraph graph_;
    Dice dice_;
    Ms now_ = 0;
    std::uint64_t order_ = 0;
    std::size_t next_contact_ = 0;
    std::size_t next_message_ = 0;
    std::vector<Node> nodes_;
    std::vector<std::vector<MessageIndex>> unsent_;  ///< By sender that is off.
    std::vector<Receipt> receipts_;
    std::unordered_map<std::uint64_t, ItemIndex> receipt_items_;
    std::vector<Ms> link_free_at_;
    std::vector<Ms> submitted_at_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::vector<std::vector<NodeIndex>> paths_;
    std::vector<std::uint32_t> free_paths_;
    WorldStats stats_;
};

}  // namespace imece::replay
