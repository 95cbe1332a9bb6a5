#include "messaging/module.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "messaging/adapters/bus/events.h"
#include "messaging/adapters/rpc/message_service.h"
#include "messaging/adapters/store_rocks/rocks_store.h"
#include "messaging/adapters/trace/journeys.h"
#include "runtime/auth/trust_store.h"
#include "runtime/backup/snapshots.h"
#include "runtime/bus/subscription.h"
#include "runtime/executor.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"
#include "runtime/settings/settings.h"

namespace imece::messaging {
namespace {

using namespace std::chrono_literals;

constexpr std::array<const char*, kPriorities> kClassNames{
    "LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"};
/// How often, in wall time, expired messages are looked for that nobody asks about any more.
constexpr auto kPurgeEvery = 60s;
constexpr std::size_t kPurgeBatch = 1000;

class Trust final : public TrustPort {
public:
    explicit Trust(runtime::TrustStore& store) : store_(store) {}
    Result<crypto::PublicKey> credential_key(std::string_view key_id) const override {
        return store_.credential_key(key_id);
    }
    bool is_revoked(const DeviceId& device) const override { return store_.is_revoked(device); }
    std::uint64_t version() const override { return store_.version(); }

private:
    runtime::TrustStore& store_;
};

Limits limits_of(const Config& config, const runtime::Settings& settings) {
    Limits limits;
    limits.body_bytes_max = settings.number("messaging.body_bytes_max", config.body_bytes_max);
    limits.ttl_max = settings.duration("messaging.ttl_max", config.ttl_max);
    return limits;
}

QueueLimits queue_limits_of(const Config& config, const runtime::Settings& settings) {
    QueueLimits queue;
    queue.copies_max = settings.number("messaging.queue_max", config.queue_max);
    queue.sender_max = settings.number("messaging.sender_queue_max", config.sender_queue_max);
    const auto share = [&](Priority priority, std::string_view key) {
        queue.percent[rank(priority)] = settings.number(key, queue.percent[rank(priority)]);
    };
    share(Priority::kSafetyCritical, "messaging.queue_share_safety_critical");
    share(Priority::kOperational, "messaging.queue_share_operational");
    share(Priority::kCommunication, "messaging.queue_share_communication");
    share(Priority::kMaintenance, "messaging.queue_share_maintenance");
    return queue;
}

class MessagingModule final : public runtime::Module {
public:
    MessagingModule(runtime::Process& process, const Config& config, runtime::Door& door,
                    runtime::TrustStore& trust, runtime::Settings& settings,
                    std::unique_ptr<RocksMessageStore> store)
        : process_(process),
          config_(config),
          store_(std::move(store)),
          trust_(trust),
          directory_(*store_),
          journeys_(process.tracer != nullptr ? make_journeys(*process.tracer) : nullptr),
          dispatcher_({*store_, process.clock, journeys_.get()}, {}),
          submit_({*store_, directory_, trust_, dispatcher_, process.clock, journeys_.get()},
                  {.limits = {}, .site_is_exercise = process.site.exercise, .queue = {}}),
          record_({*store_, directory_, dispatcher_, process.clock}),
          inspect_(*store_, dispatcher_),
          executor_(config.stream_threads),
          service_(make_message_service({door, executor_, submit_, record_, inspect_, *store_,
                                         dispatcher_, trust_, process.clock, process.tracer})),
          limits_(settings.on_change([this](const runtime::Settings& now) {
              submit_.limit(limits_of(config_, now), queue_limits_of(config_, now));
          })) {
        process.outboxes.add("messaging", *store_);
        if (process.snapshots != nullptr)
            process.snapshots->add(
                process.data_dir / "messaging",
                [this](const std::filesystem::path& to) { return store_->snapshot(to); });
        process.server.add("messaging", *service_);
        add_gauges();
    }

    Status load() { return directory_.load(); }

    Status start() override {
        IMECE_CHECK(dispatcher_.start());
        identity_ = std::make_unique<runtime::Subscription>(process_, follow_identity(directory_));
        discovery_ =
            std::make_unique<runtime::Subscription>(process_, follow_discovery(dispatcher_));
        identity_->start();
        discovery_->start();
        purger_ = std::jthread([this](const std::stop_token& stop) { purge_now_and_then(stop); });
        return {};
    }

    void drain() override {
        // Before the server goes: a subscription must not dial a channel that is being torn down.
        identity_.reset();
        discovery_.reset();
        dispatcher_.stop();
    }

    void stop() override {
        identity_.reset();
        discovery_.reset();
        if (purger_.joinable()) {
            purger_.request_stop();
            purger_.join();
        }
        dispatcher_.stop();
        executor_.stop();
    }

private:
    void add_gauges() {
        for (std::size_t i = 0; i < kPriorities; ++i) {
            const runtime::Labels labels{{"class", kClassNames[i]}};
            const auto gauge = [&](const char* name, const char* help, auto read) {
                gauges_.push_back(process_.metrics.gauge(name, help, labels, [this, i, read] {
                    return double(read(dispatcher_.status().classes[i]));
                }));
            };
            using Class = QueueStatus::Class;
            gauge("imece_messages_waiting", "Copies that wait for a path or their turn.",
                  [](const Class& c) { return c.depth.waiting; });
            gauge("imece_messages_in_flight", "Copies handed to a link, without receipt yet.",
                  [](const Class& c) { return c.depth.in_flight; });
            gauge("imece_messages_accepted_count", "Copies accepted since start.",
                  [](const Class& c) { return c.accepted; });
            gauge("imece_messages_delivered_count", "Copies delivered since start.",
                  [](const Class& c) { return c.delivered; });
            gauge("imece_messages_in_time_count",
                  "Copies delivered since start, within the time that their class is promised.",
                  [](const Class& c) { return c.in_time; });
            gauge("imece_messages_oldest_seconds", "Since the longest pending copy was accepted.",
                  [this](const Class& c) {
                      const bool none = c.oldest_accepted_at == TimePoint();
                      const Duration age = process_.clock.now() - c.oldest_accepted_at;
                      return none ? 0 : std::chrono::duration<double>(age).count();
                  });
            gauge("imece_messages_expired_count", "Copies expired since start.",
                  [](const Class& c) { return c.expired; });
        }
        gauges_.push_back(process_.metrics.gauge("imece_links", "Connected nodes.", {}, [this] {
            return double(dispatcher_.status().links);
        }));
    }

    void purge_now_and_then(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        while (!wake.wait_for(lock, stop, kPurgeEvery, [&stop] { return stop.stop_requested(); })) {
            const TimePoint before = process_.clock.now() - config_.keep_after_expiry;
            Result<std::size_t> purged = kPurgeBatch;
            while (purged && *purged == kPurgeBatch && !stop.stop_requested())
                purged = store_->purge(before, kPurgeBatch);
            if (!purged)
                runtime::log(runtime::LogLevel::kWarn, "purge_failed",
                             {{"message", purged.error().message}});
        }
    }

    runtime::Process& process_;
    const Config config_;
    const std::unique_ptr<RocksMessageStore> store_;
    Trust trust_;
    Directory directory_;
    const std::unique_ptr<JourneyPort> journeys_;  ///< Null: no trace is followed.
    Dispatcher dispatcher_;
    SubmitMessages submit_;
    const RecordReceipts record_;
    const InspectMessage inspect_;
    runtime::Executor executor_;
    const std::shared_ptr<grpc::Service> service_;
    const std::shared_ptr<void> limits_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::unique_ptr<runtime::Subscription> identity_;
    std::unique_ptr<runtime::Subscription> discovery_;
    std::jthread purger_;
};

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    table.choice("store", store, {"rocks"}, "Where messages rest:");
    table.number("body_bytes_max", body_bytes_max, 1, 16 * 1024, "Largest sealed body, in bytes.");
    table.duration("ttl_max", ttl_max, 1s, 72h, "Longest lifetime that a message may ask for.");
    table.number("queue_max", queue_max, 1000, 100'000'000,
                 "Pending copies in all; lower classes are refused earlier.");
    table.number("sender_queue_max", sender_queue_max, 100, 100'000'000,
                 "Pending copies of what one device sent; lower classes are refused earlier.");
    table.number("stream_threads", stream_threads, 1, 64,
                 "Threads that handle the frames of connections.");
    table.number("outbox_events_max", outbox_events_max, 10'000, 1'000'000'000,
                 "Events kept for subscribers.");
    table.duration("keep_after_expiry", keep_after_expiry, 0s, 30 * 24h,
                   "How long an ended message can still be asked about.");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door, runtime::TrustStore& trust,
                                              runtime::Settings& settings) {
    IMECE_TRY(auto store, make_rocks_store(
                              {.path = process.data_dir / "messaging",
                               .accepted_event = accepted_event,
                               .ended_event = ended_event,
                               .committed = [&process] { process.outboxes.committed("messaging"); },
                               .outbox_events_max = config.outbox_events_max},
                              process.random));
    auto module =
        std::make_unique<MessagingModule>(process, config, door, trust, settings, std::move(store));
    IMECE_CHECK(module->load());
    return module;
}

}  // namespace imece::messaging
