#include "discovery/module.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "discovery/adapters/bus/device_events.h"
#include "discovery/adapters/bus/topology_event.h"
#include "discovery/adapters/rpc/discovery_service.h"
#include "discovery/adapters/rpc/report_codec.h"
#include "discovery/adapters/store_rocks/topology_store.h"
#include "discovery/app/follow_devices.h"
#include "discovery/app/publish_topology.h"
#include "discovery/app/report_nodes.h"
#include "discovery/app/view_topology.h"
#include "runtime/backup/snapshots.h"
#include "runtime/bus/outbox.h"
#include "runtime/bus/subscription.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"

namespace imece::discovery {
namespace {

/// Runs PublishTopology when it is due or something changed.
class Publisher {
public:
    Publisher(PublishTopology::Deps deps, PublishTopology::Options options, Duration pause)
        : clock_(deps.clock), publish_(deps, options), pause_(pause), backoff_(deps.random) {}

    Status restore() { return publish_.restore(decode_report); }
    void start() {
        thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
    }
    void stop() { thread_ = {}; }
    void wake() {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        ready_.notify_one();
    }

private:
    void loop(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            {
                const std::lock_guard lock(mutex_);
                woken_ = false;
            }
            const auto next = publish_.run();
            // In a fast exercise an interval of site time is nothing: this bounds the work in wall
            // time, and lets changes gather.
            pause(stop, next ? pause_ : backoff_.next());
            if (!next) {
                runtime::log(runtime::LogLevel::kError, "topology_not_published",
                             {{"reason", next.error().reason}, {"message", next.error().message}});
                continue;
            }
            backoff_.succeeded();
            std::unique_lock lock(mutex_);
            if (*next)
                ready_.wait_until(lock, stop, clock_.wall_time_of(**next), [&] { return woken_; });
            else
                ready_.wait(lock, stop, [&] { return woken_; });
        }
    }
    void pause(const std::stop_token& stop, Duration time) {
        std::unique_lock lock(mutex_);
        ready_.wait_for(lock, stop, time, [] { return false; });
    }

    const Clock& clock_;
    PublishTopology publish_;
    const Duration pause_;
    runtime::Backoff backoff_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    bool woken_ = false;
    std::jthread thread_;
};

class Discovery final : public runtime::Module {
public:
    Discovery(runtime::Process& process, const Config& config, runtime::Door& door,
              std::unique_ptr<RocksTopologyStore> store)
        : store_(std::move(store)),
          live_(config.timing, config.limits),
          publisher_(
              {.live = live_,
               .store = *store_,
               .clock = process.clock,
               .random = process.random,
               .encode = encode_delta},
              {.interval = config.publish_interval, .deltas_per_full = config.deltas_per_full},
              config.publish_pause),
          devices_(live_, *store_, [this] { publisher_.wake(); }),
          report_({.live = live_,
                   .clock = process.clock,
                   .decode = decode_report,
                   .changed = [this] { publisher_.wake(); }},
                  config.report),
          view_(live_, process.clock),
          service_(make_discovery_service(report_, view_, process.clock, door)),
          identity_(process, {.source = "identity",
                              .as = "discovery",
                              .position = [this] { return store_->bus_position(); },
                              .apply = runtime::one_by_one([this](const runtime::Event& event) {
                                  return apply_device_event(event, devices_);
                              }),
                              .reset = [this] { return devices_.forget_all(); }}) {
        process.server.add("discovery", *service_);
        process.outboxes.add("discovery", *store_);
        if (process.snapshots != nullptr)
            process.snapshots->add(
                process.data_dir / "discovery",
                [this](const std::filesystem::path& to) { return store_->snapshot(to); });
        add_gauges(process.metrics);
    }

    Status restore() { return publisher_.restore(); }

    Status start() override {
        publisher_.start();
        identity_.start();
        return {};
    }

    /// Before the server goes: the subscription must not dial a channel that is being torn down.
    void drain() override { identity_.stop(); }
    void stop() override {
        identity_.stop();
        publisher_.stop();
    }

private:
    void add_gauges(runtime::Metrics& metrics) {
        const auto add = [&](const char* name, const char* help, runtime::Labels labels,
                             std::size_t Topology::Counts::* count) {
            gauges_.push_back(metrics.gauge(name, help, labels, [this, count] {
                return double(
                    live_.with([&](Live::State& state) { return state.topology.counts().*count; }));
            }));
        };
        const char* nodes = "imece_discovery_nodes";
        const char* help = "Nodes that were heard of, by state";
        add(nodes, help, {{"state", "alive"}}, &Topology::Counts::alive);
        add(nodes, help, {{"state", "suspect"}}, &Topology::Counts::suspect);
        add(nodes, help, {{"state", "dead"}}, &Topology::Counts::dead);
        add(nodes, help, {{"state", "asleep"}}, &Topology::Counts::asleep);
        add("imece_discovery_links", "Links that are up", {}, &Topology::Counts::links);
        add("imece_discovery_components", "Sets of nodes that reach each other", {},
            &Topology::Counts::components);
    }

    std::unique_ptr<RocksTopologyStore> store_;
    Live live_;
    Publisher publisher_;
    FollowDevices devices_;
    ReportNodes report_;
    ViewTopology view_;
    std::shared_ptr<grpc::Service> service_;
    runtime::Subscription identity_;
    std::vector<std::shared_ptr<void>> gauges_;
};

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    using namespace std::chrono_literals;
    table.duration("suspect_after", timing.suspect_after, 1s, 1h,
                   "A node that was not heard for this long is suspect.");
    table.duration("dead_after", timing.dead_after, 2s, 24h,
                   "A node that was not heard for this long is dead; its links are down.");
    table.duration("forget_after", timing.forget_after, 1h, 30 * 24h,
                   "A node that has been dead for this long is forgotten, its place with it.");
    table.number("nodes_max", limits.nodes_max, 1, 1'000'000, "Nodes that are kept.");
    table.number("claims_max", limits.claims_max, 1, 20'000'000,
                 "Neighbours in all nodes' newest reports together.");
    table.number("neighbours_max", report.neighbours_max, 1, 1024, "Neighbours in one report.");
    table.duration("ahead_max", report.ahead_max, 0s, 24h,
                   "How far a node's clock may be ahead of the site's.");
    table.duration("sleep_max", report.sleep_max, 1min, 30 * 24h,
                   "How long a node may say that it sleeps.");
    table.duration("publish_interval", publish_interval, 10ms, 60s,
                   "Changes are announced at most once in this time of the site.");
    table.duration("publish_pause", publish_pause, 1ms, 10s,
                   "And at most once in this time of the wall clock.");
    table.number(
        "deltas_per_full", deltas_per_full, 10, 100'000,
        "After so many announced changes a full topology follows, and the log is trimmed.");
    table.require(timing.dead_after > timing.suspect_after,
                  "dead_after must be more than suspect_after");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    IMECE_TRY(auto store, make_rocks_topology_store({.path = process.data_dir / "discovery",
                                                     .boot_id = machine_boot_id(),
                                                     .announced = [&outboxes = process.outboxes] {
                                                         outboxes.committed("discovery");
                                                     }}));
    auto discovery = std::make_unique<Discovery>(process, config, door, std::move(store));
    IMECE_CHECK(discovery->restore());
    return discovery;
}

}  // namespace imece::discovery
