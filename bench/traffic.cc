#include "bench/traffic.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "base/result.h"
#include "sdk/cpp/api.h"
#include "sdk/cpp/connection.h"

namespace imece::bench {
namespace {

using namespace std::chrono_literals;
namespace pb = imece::messaging::v1;
namespace type = imece::type::v1;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kBodyBytes = 200;
constexpr std::uint32_t kCredit = 1024;
constexpr std::size_t kQueueBytes = 64 << 20;
constexpr auto kStep = 2ms;
constexpr auto kGiveUp = 120s;
constexpr auto kKnownWithin = 20s;
constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::uint32_t kIdsPerMs = 10;

/// A message with what its recipient will answer, both signed.
struct Prepared {
    type::SignedEnvelope envelope;
    type::SignedReceipt receipt;
    Steady::time_point start;
};

void set_time(google::protobuf::Timestamp& out, TimePoint at) {
    out.set_seconds(to_unix_ms(at) / 1000);
    out.set_nanos(std::int32_t(to_unix_ms(at) % 1000) * 1'000'000);
}

/// The last four bytes of an id, which are random by its form, hold the message's number. Its time
/// goes on as if messages were made one after the other: ids of one moment would lie in the store
/// in no order, as those of phones do not.
MessageId make_id(std::uint32_t number, TimePoint now, Random& random) {
    MessageId id{make_uuid_v7(now + Duration(number == kNone ? 0 : number / kIdsPerMs), random)};
    for (std::size_t i = 0; i < 4; ++i) id.bytes[12 + i] = std::uint8_t(number >> (8 * i));
    return id;
}

std::uint32_t number_of(std::string_view id) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i)
        number |= std::uint32_t(std::uint8_t(id[12 + i])) << (8 * i);
    return number;
}

type::SignedEnvelope compose(const sdk::Device& from, const sdk::Device& to, std::uint32_t number,
                             TimePoint now, Random& random) {
    type::Envelope envelope;
    envelope.set_message_id(std::string(text_of(make_id(number, now, random).view())));
    envelope.set_sender_device_id(std::string(text_of(from.id().view())));
    *envelope.mutable_destination() = sdk::to(to.id());
    envelope.set_priority(type::Priority(type::LIFE_CRITICAL + number % type::MAINTENANCE));
    set_time(*envelope.mutable_sent_at(), now);
    envelope.mutable_clear()->set_kind("text");
    Bytes body(kBodyBytes);
    random.fill(body);
    envelope.set_sealed_body(std::string(text_of(body)));
    type::SignedEnvelope out;
    envelope.SerializeToString(out.mutable_envelope());
    const auto signature = from.key().sign(crypto::kEnvelopeDomain, view_of(out.envelope()));
    out.set_signature(std::string(text_of(signature)));
    *out.mutable_credential() = *from.credential();
    return out;
}

class Traffic {
public:
    Traffic(Site& site, const std::vector<EnrolledDevice>& devices, const TrafficOptions& options)
        : site_(site),
          options_(options),
          devices_(devices),
          pairs_(devices.size() / 2),
          messages_(options.messages),
          peers_(options.deliver ? devices.size() : pairs_) {}

    Result<TrafficResult> run() {
        prepare();
        IMECE_CHECK(wait_until_known());
        open();
        timer_.expires_after(kGiveUp);
        timer_.async_wait([this](auto cancelled) {
            if (!cancelled) give_up({ErrorCode::kDeadlineExceeded, "DEADLINE_PASSED", "too slow"});
        });
        io_.run();
        IMECE_CHECK(failed_);
        result_.message_bytes = messages_.front().envelope.ByteSizeLong();
        for (auto* list : {&result_.acknowledged, &result_.delivered, &result_.receipted})
            std::ranges::sort(*list);
        return std::move(result_);
    }

private:
    struct Peer {
        std::shared_ptr<sdk::Connection> connection;
        std::vector<std::uint32_t> submitted;  ///< Message numbers, by the connection's numbers.
        std::vector<std::uint32_t> receipted;
        std::uint32_t next = 0;  ///< The next message to send.
    };

    /// Of message `number`: sender and recipient take turns with it.
    std::size_t sender_of(std::uint32_t number) const { return number % pairs_; }
    std::size_t recipient_of(std::uint32_t number) const { return pairs_ + number % pairs_; }

    void prepare() {
        const TimePoint now = SystemClock().now();
        const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
        std::vector<std::jthread> working;
        for (std::size_t t = 0; t < threads; ++t)
            working.emplace_back([&, t] {
                SystemRandom seed;
                SeededRandom random(seed.next_u64());
                for (std::size_t n = t; n < messages_.size(); n += threads) {
                    const auto number = std::uint32_t(n);
                    const sdk::Device& to = devices_[recipient_of(number)].device;
                    Prepared& one = messages_[n];
                    one.envelope =
                        compose(devices_[sender_of(number)].device, to, number, now, random);
                    if (!options_.deliver) continue;
                    const auto header = sdk::read_envelope(one.envelope);
                    MessageId id;
                    std::ranges::copy(view_of(header->message_id()), id.bytes.begin());
                    one.receipt = to.receipt(id, type::DELIVERED, now);
                }
            });
    }

    /// News of a new device takes a moment to reach messaging: a message to each recipient, sent
    /// again until it is taken, shows that it has.
    Status wait_until_known() {
        SystemRandom random;
        for (std::size_t i = 0; i < pairs_; ++i) {
            sdk::Api api(site_.endpoint());
            api.set_token(devices_[i].token);
            const auto first = compose(devices_[i].device, devices_[pairs_ + i].device, kNone,
                                       SystemClock().now(), random);
            const auto until = Steady::now() + kKnownWithin;
            auto taken = api.submit(first);
            while (!taken && taken.error().reason == "DESTINATION_UNKNOWN" && Steady::now() < until)
                taken = api.submit(first);
            if (!taken) return std::unexpected(taken.error());
        }
        return {};
    }

    void open() {
        const auto endpoint = site_.endpoint();
        const auto channel = endpoint.grpc_channel(std::stoi(site_.grpc_port()));
        for (std::size_t p = 0; p < peers_.size(); ++p) {
            sdk::ConnectionHandlers handlers;
            handlers.on_open = [this](const auto&) {
                if (++open_ == peers_.size()) begin();
            };
            handlers.on_submit_results = [this, p](auto first, const auto& results) {
                acknowledged(peers_[p], first, results);
            };
            handlers.on_receipt_results = [this, p](auto first, const auto& results) {
                receipted(peers_[p], first, results);
            };
            handlers.on_deliveries = [this, p](const auto& deliveries) {
                delivered(p, deliveries);
            };
            handlers.on_closed = [this](const Error& why) {
                if (why.reason != "CONNECTION_CLOSED") give_up(why);
            };
            const sdk::ConnectionOptions options{.credit = kCredit, .queue_bytes_max = kQueueBytes};
            peers_[p].next = std::uint32_t(p);
            peers_[p].connection =
                options_.transport == Transport::kGrpc
                    ? sdk::connect_grpc(io_, channel, devices_[p].token, options, handlers)
                    : sdk::connect_websocket(io_, endpoint, devices_[p].token, options, handlers);
        }
    }

    void begin() {
        client_cpu_ = own_cpu_seconds();
        server_cpu_ = site_.process().cpu_seconds();
        began_ = Steady::now();
        if (options_.per_second > 0) return step();
        for (std::size_t p = 0; p < pairs_; ++p) send(peers_[p], options_.window, began_);
    }

    /// What is due by now, each message with the moment when it was.
    void step() {
        const auto now = Steady::now();
        while (due_ < messages_.size()) {
            const auto at =
                began_ + std::chrono::duration_cast<Steady::duration>(
                             std::chrono::duration<double>(double(due_) / options_.per_second));
            if (at > now) break;
            send(peers_[sender_of(due_++)], 1, at);
        }
        if (due_ == messages_.size() || finished_) return;
        pace_.expires_after(kStep);
        pace_.async_wait([this](auto cancelled) {
            if (!cancelled) step();
        });
    }

    void send(Peer& peer, std::size_t count, Steady::time_point start) {
        batch_.clear();
        for (; count > 0 && peer.next < messages_.size(); --count) {
            messages_[peer.next].start = start;
            batch_.push_back(messages_[peer.next].envelope);
            peer.submitted.push_back(peer.next);
            peer.next += std::uint32_t(pairs_);
        }
        if (batch_.empty()) return;
        if (const auto queued = peer.connection->submit(batch_); !queued) give_up(queued.error());
    }

    bool taken(const pb::ItemResult& result) {
        if (result.reason().empty()) return true;
        give_up({ErrorCode::kUnknown, "PEER_ERROR", result.reason() + ": " + result.message()});
        return false;
    }

    void acknowledged(Peer& peer, std::uint64_t first, const pb::Results& results) {
        const auto now = Steady::now();
        for (int i = 0; i < results.results_size(); ++i) {
            if (!taken(results.results(i))) return;
            note(result_.acknowledged, peer.submitted[first - 1 + std::uint64_t(i)], now);
        }
        if (!options_.deliver) done(peer, std::size_t(results.results_size()), now);
    }

    void delivered(std::size_t p, const pb::Deliveries& deliveries) {
        const auto now = Steady::now();
        std::vector<type::SignedReceipt> receipts;
        for (const pb::Delivery& delivery : deliveries.deliveries()) {
            const auto header = sdk::read_envelope(delivery.message());
            if (!header) return give_up(header.error());
            const std::uint32_t number = number_of(header->message_id());
            peers_[p].receipted.push_back(number);
            if (number != kNone) {
                note(result_.delivered, number, now);
                receipts.push_back(messages_[number].receipt);
                continue;
            }
            MessageId id;
            std::ranges::copy(view_of(header->message_id()), id.bytes.begin());
            receipts.push_back(
                devices_[p].device.receipt(id, type::DELIVERED, SystemClock().now()));
        }
        if (const auto queued = peers_[p].connection->receipts(receipts); !queued)
            give_up(queued.error());
    }

    void receipted(Peer& peer, std::uint64_t first, const pb::Results& results) {
        const auto now = Steady::now();
        for (int i = 0; i < results.results_size(); ++i) {
            if (!taken(results.results(i))) return;
            const std::uint32_t number = peer.receipted[first - 1 + std::uint64_t(i)];
            if (number == kNone) continue;
            note(result_.receipted, number, now);
            done(peers_[sender_of(number)], 1, now);
        }
    }

    void note(std::vector<double>& list, std::uint32_t number, Steady::time_point now) const {
        list.push_back(std::chrono::duration<double>(now - messages_[number].start).count());
    }

    /// `count` messages of `sender` are through.
    void done(Peer& sender, std::size_t count, Steady::time_point now) {
        done_ += count;
        if (done_ < messages_.size()) {
            if (options_.per_second == 0) send(sender, count, now);
            return;
        }
        result_.seconds = std::chrono::duration<double>(now - began_).count();
        const double each = 1e6 / double(messages_.size());
        result_.client_cpu_us = (own_cpu_seconds() - client_cpu_) * each;
        result_.server_cpu_us = (site_.process().cpu_seconds() - server_cpu_) * each;
        finish();
    }

    void give_up(Error why) {
        if (failed_ && !finished_) failed_ = std::unexpected(std::move(why));
        finish();
    }

    void finish() {
        if (std::exchange(finished_, true)) return;
        timer_.cancel();
        pace_.cancel();
        for (Peer& peer : peers_)
            if (peer.connection) peer.connection->close();
    }

    Site& site_;
    const TrafficOptions options_;
    const std::vector<EnrolledDevice>& devices_;
    const std::size_t pairs_;
    std::vector<Prepared> messages_;
    boost::asio::io_context io_;
    boost::asio::steady_timer timer_{io_};
    boost::asio::steady_timer pace_{io_};
    std::vector<Peer> peers_;
    std::vector<type::SignedEnvelope> batch_;
    std::size_t open_ = 0;
    std::uint32_t due_ = 0;
    std::size_t done_ = 0;
    bool finished_ = false;
    Status failed_;
    Steady::time_point began_;
    double client_cpu_ = 0;
    double server_cpu_ = 0;
    TrafficResult result_;
};

}  // namespace

Result<TrafficResult> run_traffic(Site& site, const std::vector<EnrolledDevice>& devices,
                                  const TrafficOptions& options) {
    return Traffic(site, devices, options).run();
}

Result<TrafficResult> run_on_fresh_site(std::size_t devices, const TrafficOptions& options) {
    Site site;
    IMECE_CHECK(site.start());
    IMECE_CHECK(site.make_operator());
    IMECE_TRY(const auto enrolled, site.enrol(devices));
    return run_traffic(site, enrolled, options);
}

}  // namespace imece::bench
