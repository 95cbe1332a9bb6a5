// The devices of a plan, driven against a backend over its public API.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "replay/fleet/composer.h"
#include "replay/fleet/ledger.h"
#include "replay/report/report.h"
#include "replay/trace/run_log.h"
#include "replay/world/world.h"
#include "sdk/cpp/api.h"
#include "sdk/cpp/connection.h"
#include "sdk/cpp/dedup_window.h"
#include "sdk/cpp/device.h"

namespace imece::replay {

struct FleetOptions {
    sdk::Endpoint endpoint;
    std::string user;
    std::string password;
    Ledger* ledger = nullptr;
    std::function<void(std::string_view)> say;  ///< What goes on, a line at a time.
};

/// One thread: everything, the callbacks of the connections included, runs within set_up() and run();
/// but for the composing of messages.
class Fleet final : private Outside {
public:
    Fleet(const Plan& plan, RunLog& log, FleetOptions options);
    ~Fleet() override;

    /// Signs in as the operator, makes one enrolment token and the desks, enrols and signs in every
    /// device. Errors: the API's.
    Status set_up(const imece::site::v1::Site& site, const SystemClock& clock);
    /// From the first contact to the plan's end. `progress` is called about every wall second.
    void run(const std::function<void(Ms now, const RunFacts&)>& progress);
    /// After run().
    RunFacts facts() const;

private:
    using Wall = std::chrono::steady_clock::time_point;
    struct Sent {
        ItemIndex item = 0;
        MessageIndex message = 0;
        NodeIndex recipient = kNone;  ///< Of a receipt.
        Wall at;
    };
    struct Node {
        std::unique_ptr<sdk::Device> device;
        std::string token;
        Ms token_until = 0;
        bool wanted = false;  ///< It has coverage and power.
        bool signing_in = false;
        bool open = false;
        std::shared_ptr<sdk::Connection> connection;
        std::uint64_t generation = 0;  ///< Of the connection: a closed one's callbacks are void.
        Wall retry_at{};
        std::uint32_t failures = 0;
        std::vector<Sent> submits;  ///< Not yet handed to the connection.
        std::vector<Sent> receipts;
        std::unordered_map<std::uint64_t, Sent> unconfirmed_submits;
        std::unordered_map<std::uint64_t, Sent> unconfirmed_receipts;
        std::uint64_t report_sequence = 0;
        std::vector<imece::discovery::v1::SignedReport> reports;  ///< To be posted by this node.
        bool posting = false;
    };
    struct Again {
        Ms at;
        NodeIndex node;
        ItemIndex item;
        bool operator>(const Again& other) const { return at > other.at; }
    };

    void connect(NodeIndex n) override;
    void disconnect(NodeIndex n) override;
    void compose(MessageIndex m) override;
    void submit(NodeIndex carrier, MessageIndex m) override;
    void submit_receipt(NodeIndex carrier, ItemIndex item, MessageIndex m,
                        NodeIndex recipient) override;
    void arrive(NodeIndex recipient, MessageIndex m) override;
    void report(NodeIndex carrier, std::span<const NodeIndex> nodes) override;

    std::optional<imece::type::v1::SignedEnvelope> envelope_of(MessageIndex m, TimePoint sent_at);
    void keep_credential(Node& node, const imece::type::v1::SignedCredential& credential);
    Status enrol_all(const std::string& enrolment_token);
    Status make_desks(sdk::Api& api);
    void sign_in(NodeIndex n);
    void tick();
    void post_reports();
    void dial(NodeIndex n);
    void opened(NodeIndex n);
    void closed(NodeIndex n, const Error& why);
    void forget_connection(Node& node);
    void flush(NodeIndex n);
    void submitted(NodeIndex n, std::uint64_t first, const imece::messaging::v1::Results& results);
    void receipted(NodeIndex n, std::uint64_t first, const imece::messaging::v1::Results& results);
    void delivered(NodeIndex n, const imece::messaging::v1::Deliveries& deliveries);
    const imece::type::v1::SignedReceipt& receipt_of(MessageIndex m, NodeIndex by);
    imece::discovery::v1::SignedReport report_of(NodeIndex n);
    void count_acknowledged(Wall sent_at);
    Ms now() const;
    /// Begins a turn: all that happens in it happens at this one moment, for the world and the trace.
    Ms turn();

    const Plan& plan_;
    RunLog& log_;
    FleetOptions options_;
    boost::asio::io_context io_;
    std::unique_ptr<sdk::AsyncApi> api_;
    std::shared_ptr<grpc::Channel> channel_;
    const SystemClock* clock_ = nullptr;
    imece::site::v1::Site site_;
    TimePoint begins_;
    SystemRandom random_;
    std::mutex credentials_;  ///< Of the devices; the composer reads them.
    std::unique_ptr<Composer> composer_;
    Ms turn_ = 0;
    World world_;
    std::vector<Node> nodes_;
    std::vector<std::unique_ptr<crypto::SigningKey>> desk_keys_;
    std::vector<GroupId> desk_ids_;
    std::unique_ptr<sdk::DedupWindow> handled_ = sdk::make_memory_dedup_window();
    std::vector<imece::type::v1::SignedEnvelope> envelopes_;  ///< By message, once composed.
    std::unordered_map<std::uint64_t, imece::type::v1::SignedReceipt>
        receipts_;  ///< By message and device.
    std::vector<bool> accepted_;
    bool seen_before_ = false;  ///< The site holds another message of one of our ids.
    std::unordered_map<MessageId, MessageIndex> by_id_;
    std::unordered_map<DeviceId, NodeIndex> by_device_;
    std::priority_queue<Again, std::vector<Again>, std::greater<>> again_;
    std::vector<NodeIndex> to_flush_;
    std::vector<std::pair<NodeIndex, MessageIndex>>
        handed_over_;  ///< To be acknowledged after this turn.

    RunFacts facts_;
    Wall first_submit_{};
    Wall last_ack_{};
    Wall second_began_{};
    std::uint64_t acks_this_second_ = 0;
    std::vector<float> ack_ms_;
};

}  // namespace imece::replay
