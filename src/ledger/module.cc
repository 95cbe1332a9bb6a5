#include "ledger/module.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "ledger/adapters/bus/ledger_events.h"
#include "ledger/adapters/rpc/ledger_service.h"
#include "ledger/adapters/store_rocks/rocks_ledger_store.h"
#include "ledger/app/anchor_receipts.h"
#include "ledger/app/read_ledger.h"
#include "ledger/app/submit_transaction.h"
#include "runtime/backup/snapshots.h"
#include "runtime/bus/subscription.h"
#include "runtime/config/table.h"
#include "runtime/files/private_file.h"
#include "runtime/files/signing_key.h"
#include "runtime/module.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"

namespace imece::ledger {
namespace {

constexpr const char* kName = "ledger";
/// Of equals: the kinds of authority and their weights matter once sites share a chain.
constexpr std::uint32_t kLocalWeight = 10;
constexpr std::uint32_t kLocalAuthoritiesMax = 4;

/// Gathers receipts and makes blocks when they are due, or when somebody wakes it.
class Producer {
public:
    Producer(const Clock& clock, Random& random, ProduceBlock& produce, AnchorReceipts& receipts,
             Duration anchor_interval)
        : clock_(clock),
          produce_(produce),
          receipts_(receipts),
          anchor_interval_(anchor_interval),
          backoff_(random) {}

    void start() {
        thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
    }
    void stop() { thread_ = {}; }
    void wake() {
        const std::scoped_lock lock(mutex_);
        woken_ = true;
        ready_.notify_one();
    }

private:
    void loop(const std::stop_token& stop) {
        TimePoint anchored = clock_.now();
        while (!stop.stop_requested()) {
            {
                const std::scoped_lock lock(mutex_);
                woken_ = false;
            }
            Status done;
            if (clock_.now() >= anchored + anchor_interval_) {
                done = receipts_.run();
                anchored = clock_.now();
            }
            auto next = done ? produce_.run() : std::unexpected(done.error());
            std::unique_lock lock(mutex_);
            if (!next) {
                runtime::log(runtime::LogLevel::kError, "block_not_made",
                             {{"reason", next.error().reason}, {"message", next.error().message}});
                ready_.wait_for(lock, stop, backoff_.next(), [] { return false; });
                continue;
            }
            backoff_.succeeded();
            const TimePoint anchor_at = anchored + anchor_interval_;
            const TimePoint at = std::min(next->value_or(anchor_at), anchor_at);
            ready_.wait_until(lock, stop, clock_.wall_time_of(at), [this] { return woken_; });
        }
    }

    const Clock& clock_;
    ProduceBlock& produce_;
    AnchorReceipts& receipts_;
    const Duration anchor_interval_;
    runtime::Backoff backoff_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    bool woken_ = false;
    std::jthread thread_;
};

class Ledger final : public runtime::Module {
public:
    Ledger(runtime::Process& process, const Config& config, runtime::Door& door,
           std::unique_ptr<RocksLedgerStore> store, Authorities authorities)
        : clock_(process.clock),
          store_(std::move(store)),
          authorities_(std::move(authorities)),
          submit_({.store = *store_,
                   .clock = process.clock,
                   .authorities = authorities_,
                   .wake = [this] { producer_.wake(); }}),
          receipts_(*store_, submit_, process.clock, process.random),
          produce_({.store = *store_,
                    .clock = process.clock,
                    .authorities = authorities_,
                    .finalized = [this](const BlockHeader& header) { height_ = header.height; }},
                   config.blocks),
          producer_(process.clock, process.random, produce_, receipts_,
                    config.blocks.interval.front()),
          read_(*store_, process.clock),
          ledger_service_(make_ledger_service(read_, door)),
          emergency_service_(
              make_emergency_service(read_, submit_, process.clock, process.random, door)),
          messaging_(process,
                     {.source = "messaging",
                      .as = kName,
                      .types = {kDelivered},
                      .background = true,
                      .position = [this] { return receipts_.position(); },
                      .apply =
                          [this](std::span<const runtime::Event> events, std::uint64_t through) {
                              return receipts_.take(receipts_of(events), through);
                          },
                      .reset = [this]() -> Status {
                          receipts_.reset();
                          return {};
                      }}),
          identity_(process, {.source = "identity",
                              .as = kName,
                              .types = {kCheckInRecorded},
                              .background = true,
                              .position = [this] { return store_->identity_position(); },
                              .apply = runtime::one_by_one(
                                  [this](const runtime::Event& event) { return record(event); }),
                              .reset = {}}) {
        gauges_.push_back(process.metrics.gauge("imece_ledger_height",
                                                "Height of the last final block.", {},
                                                [this] { return double(height_.load()); }));
        gauges_.push_back(process.metrics.gauge(
            "imece_ledger_waiting_seconds", "How long the oldest transaction has not been final.",
            {}, [this] { return waiting_seconds(); }));
        process.server.add(kName, *ledger_service_);
        process.server.add(kName, *emergency_service_);
        process.outboxes.add(kName, *store_);
        if (process.snapshots != nullptr)
            process.snapshots->add(
                process.data_dir / kName / "chain",
                [this](const std::filesystem::path& to) { return store_->snapshot(to); });
    }

    Status start() override {
        IMECE_TRY(height_, store_->height());
        producer_.start();
        messaging_.start();
        identity_.start();
        return {};
    }
    /// Before the server goes: a subscription must not dial a channel that is being torn down.
    void drain() override {
        messaging_.stop();
        identity_.stop();
    }
    void stop() override {
        drain();
        producer_.stop();
    }

private:
    /// A check-in's commitment to the chain, under the check-in's own id: a second time changes nothing.
    Status record(const runtime::Event& event) {
        const auto check_in = check_in_of(event);
        if (!check_in) return {};
        const Status submitted =
            submit_(TransactionId{check_in->check_in.bytes}, *check_in, {}, {}, event.position);
        if (!submitted && submitted.error().code == ErrorCode::kAlreadyExists) return {};
        return submitted;
    }

    /// 0 when none waits.
    double waiting_seconds() const {
        const auto pending = store_->pending(1);
        if (!pending || pending->empty()) return 0;
        const auto oldest = decode_transaction(pending->front().bytes);
        if (!oldest) return 0;
        return std::chrono::duration<double>(clock_.now() - oldest->at).count();
    }

    const Clock& clock_;
    std::unique_ptr<RocksLedgerStore> store_;
    const Authorities authorities_;
    std::atomic<std::uint64_t> height_{0};
    SubmitTransaction submit_;
    AnchorReceipts receipts_;
    ProduceBlock produce_;
    Producer producer_;
    ReadLedger read_;
    std::shared_ptr<grpc::Service> ledger_service_;
    std::shared_ptr<grpc::Service> emergency_service_;
    runtime::Subscription messaging_;
    runtime::Subscription identity_;
    std::vector<std::shared_ptr<void>> gauges_;
};

Result<std::vector<crypto::SigningKey>> open_keys(const std::filesystem::path& directory,
                                                  std::uint64_t count, Random& random) {
    std::vector<crypto::SigningKey> keys;
    for (std::uint64_t i = 1; i <= count; ++i) {
        IMECE_TRY(const crypto::SigningKey key,
                  runtime::open_signing_key(directory / ("authority-" + std::to_string(i) + ".key"),
                                            random));
        keys.push_back(key);
    }
    return keys;
}

/// As many keys as the chain began with; the configuration says how many it begins with.
Result<Authorities> open_authorities(LedgerStore& store, const std::filesystem::path& directory,
                                     std::uint64_t count, Random& random) {
    const auto height = store.height();
    if (!height && height.error().reason != "CHAIN_EMPTY") return std::unexpected(height.error());
    if (!height) {
        IMECE_TRY(auto keys, open_keys(directory, count, random));
        std::vector<Authority> authorities;
        for (const crypto::SigningKey& key : keys)
            authorities.push_back({key.public_key(), kLocalWeight});
        IMECE_TRY(AuthoritySet set, AuthoritySet::make(0, std::move(authorities)));
        return Authorities{std::move(keys), std::move(set)};
    }
    IMECE_TRY(const Block tip, store.block(*height));
    IMECE_TRY(AuthoritySet set, store.authority_set(tip.header.epoch));
    IMECE_TRY(auto keys, open_keys(directory, set.authorities().size(), random));
    for (const crypto::SigningKey& key : keys)
        if (set.find(authority_id_of(key.public_key())) == nullptr)
            return fail(
                ErrorCode::kDataLoss, "DATA_MALFORMED",
                "a key in " + directory.string() +
                    " is of no authority of the chain: restore the keys that it began with");
    return Authorities{std::move(keys), std::move(set)};
}

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    using namespace std::chrono_literals;
    table.number(
        "authorities", authorities, 1, kLocalAuthoritiesMax,
        "Authorities that a new chain begins with; fewer than 4 cannot bear a faulty one.");
    table.duration("block_interval", blocks.interval[0], 100ms, 10min,
                   "Between blocks, while no emergency is declared.");
    table.duration("block_interval_emergency", blocks.interval[1], 100ms, 10min,
                   "The same in an emergency.");
    table.duration("block_interval_crisis", blocks.interval[2], 100ms, 10min,
                   "The same in a crisis.");
    table.number("block_bytes", blocks.bytes[0], 64 << 10, 4 << 20, "Of a block's transactions.");
    table.number("block_bytes_emergency", blocks.bytes[1], 64 << 10, 4 << 20,
                 "The same in an emergency.");
    table.number("block_bytes_crisis", blocks.bytes[2], 64 << 10, 4 << 20, "The same in a crisis.");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(auto store,
              make_rocks_ledger_store(
                  {.path = directory / "chain",
                   .submitted_event =
                       [&random = process.random](const Submitted& submitted) {
                           return submitted_event(submitted, random);
                       },
                   .final_event =
                       [&random = process.random](const Finalized& finalized) {
                           return final_event(finalized, random);
                       },
                   .announced = [&outboxes = process.outboxes] { outboxes.committed(kName); }}));
    IMECE_TRY(Authorities authorities,
              open_authorities(*store, directory, config.authorities, process.random));
    IMECE_TRY(const Block first,
              first_block(authorities, process.clock.now(), process.site.exercise));
    IMECE_CHECK(store->begin(first, authorities.set));
    if (!authorities.set.is_fault_tolerant())
        runtime::log(runtime::LogLevel::kInfo, "ledger_not_fault_tolerant",
                     {{"authorities", std::uint64_t(authorities.set.authorities().size())}});
    return std::make_unique<Ledger>(process, config, door, std::move(store),
                                    std::move(authorities));
}

}  // namespace imece::ledger
