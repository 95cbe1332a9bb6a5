#include "analytics/module.h"

#include <mutex>
#include <optional>

#include "analytics/adapters/bus/facts.h"
#include "analytics/adapters/rpc/analytics_service.h"
#include "analytics/adapters/store_sqlite/sqlite_rollups.h"
#include "analytics/app/view_delivery.h"
#include "base/result.h"
#include "runtime/bus/subscription.h"
#include "runtime/config/table.h"
#include "runtime/files/private_file.h"
#include "runtime/module.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;

constexpr const char* kName = "analytics";
constexpr std::array<const char*, kPriorities> kClassNames{
    "LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"};

/// The overview of the last hour for all gauges of one scrape.
class ScrapedOverview {
public:
    explicit ScrapedOverview(const ViewOverview& view) : view_(view) {}
    /// As it was at most a second ago; empty when the store does not answer.
    Overview get() {
        const std::scoped_lock lock(mutex_);
        const SteadyPoint now = std::chrono::steady_clock::now();
        if (!overview_ || now > read_at_ + 1s) {
            overview_ = view_(1h).value_or(Overview{});
            read_at_ = now;
        }
        return *overview_;
    }

private:
    const ViewOverview& view_;
    std::mutex mutex_;
    std::optional<Overview> overview_;
    SteadyPoint read_at_;
};

class Analytics final : public runtime::Module {
public:
    Analytics(runtime::Process& process, const Config& config, runtime::Door& door,
              std::unique_ptr<RollupStore> store)
        : store_(std::move(store)),
          messages_({*store_, process.clock},
                    {.site_is_exercise = process.site.exercise, .keep_for = config.keep_for}),
          topology_(*store_),
          overview_({.store = *store_,
                     .clock = process.clock,
                     .messages = messages_,
                     .topology = topology_,
                     .connected =
                         [this](const std::string& source) {
                             return (source == "messaging" ? messaging_ : discovery_).connected();
                         }},
                    {.promises = config.promises, .samples_min = config.samples_min}),
          delivery_(*store_, process.clock),
          messaging_(process, {.source = "messaging",
                               .as = kName,
                               .background = true,
                               .position = [this]() -> Result<std::uint64_t> {
                                   return messages_.progress().position;
                               },
                               .apply = [this](auto events, auto) { return count(events); },
                               .reset = [this] { return restart_messages(); }}),
          discovery_(process, {.source = "discovery",
                               .as = kName,
                               .background = true,
                               .position = [this]() -> Result<std::uint64_t> {
                                   return topology_.position();
                               },
                               .apply = [this](auto events, auto) { return follow(events); },
                               .reset = [this]() -> Status {
                                   topology_.restart();
                                   return {};
                               }}),
          feed_({.overview = [this, exercise = process.site.exercise](
                                 Duration window) -> Result<OverviewFeed::Message> {
                     IMECE_TRY(const Overview overview, overview_(window));
                     return to_message(overview, exercise);
                 },
                 .state = [this] { return overview_.state(); }}),
          service_(make_analytics_service({.overview = overview_,
                                           .delivery = delivery_,
                                           .feed = feed_,
                                           .door = door,
                                           .exercise = process.site.exercise})),
          scraped_(overview_) {
        process.server.add(kName, *service_);
        add_gauges(process.metrics, process.clock);
    }

    Status load() {
        IMECE_CHECK(messages_.load());
        return topology_.load();
    }

    Status start() override {
        messaging_.start();
        discovery_.start();
        return {};
    }
    /// Before the server goes: a subscription must not dial a channel that is being torn down.
    void drain() override {
        messaging_.stop();
        discovery_.stop();
        feed_.drain();
    }
    void stop() override { drain(); }

private:
    Status count(std::span<const runtime::Event> events) {
        std::vector<MessageFact> facts;
        facts.reserve(events.size());
        for (const runtime::Event& event : events)
            if (const auto fact = message_fact(event)) facts.push_back(*fact);
        return messages_(facts, {events.back().position, events.back().time});
    }

    Status restart_messages() {
        runtime::log(runtime::LogLevel::kWarn, "analytics_missed_events",
                     {{"source", "messaging"}, {"after", messages_.progress().position}});
        return messages_.restart();
    }

    Status follow(std::span<const runtime::Event> events) {
        std::vector<TopologyChange> changes;
        for (const runtime::Event& event : events)
            if (auto change = topology_change(event)) changes.push_back(*std::move(change));
        return changes.empty() ? Status() : topology_(changes);
    }

    void add_gauges(runtime::Metrics& metrics, const Clock& clock) {
        for (std::size_t i = 0; i < kPriorities; ++i) {
            const auto gauge = [&](const char* name, const char* help, auto read) {
                gauges_.push_back(metrics.gauge(
                    name, help, {{"class", kClassNames[i]}},
                    [this, i, read] { return double(read(scraped_.get().classes[i])); }));
            };
            using Standing = ClassStanding;
            gauge("imece_analytics_promise_broken",
                  "1 where the class's promise is broken in the last hour.",
                  [](const Standing& s) { return s.judgement == Judgement::kBroken; });
            gauge("imece_analytics_delivered_ratio",
                  "Of what ended and could be reached in the last hour; 0 without any.",
                  [](const Standing& s) { return s.tally.delivered_share(); });
            gauge("imece_analytics_latency_p95_seconds",
                  "From the moment when a path existed, of the last hour.",
                  [](const Standing& s) { return s.tally.latency.quantile(0.95); });
            gauge("imece_analytics_oldest_waiting_seconds", "Age of the longest waiting message.",
                  [&clock](const Standing& s) {
                      return s.oldest_waiting == TimePoint{}
                                 ? 0
                                 : double((clock.now() - s.oldest_waiting) / 1s);
                  });
        }
        gauges_.push_back(metrics.gauge("imece_analytics_islands", "Islands of the network.", {},
                                        [this] { return double(topology_.view().islands_total); }));
    }

    const std::unique_ptr<RollupStore> store_;
    CountMessages messages_;
    FollowTopology topology_;
    ViewOverview overview_;
    QueryDelivery delivery_;
    runtime::Subscription messaging_;
    runtime::Subscription discovery_;
    OverviewFeed feed_;
    std::shared_ptr<grpc::Service> service_;
    ScrapedOverview scraped_;
    std::vector<std::shared_ptr<void>> gauges_;
};

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    struct Keys {
        const char *share, *p95;
    };
    static constexpr std::array<Keys, kPriorities - 1> kKeys{
        {{"share_life_critical", "p95_s_life_critical"},
         {"share_safety_critical", "p95_s_safety_critical"},
         {"share_operational", "p95_s_operational"},
         {"share_communication", "p95_s_communication"}}};
    table.duration("keep_for", keep_for, 1h, 365 * 24h, "How long minutes and hours are kept.");
    table.number("samples_min", samples_min, 1, 1'000'000,
                 "A class with fewer messages that ended is not judged.");
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
        table.decimal(kKeys[i].share, promises[i].share, 0, 1,
                      "Promised share of what can be reached that is delivered; 0: none.");
        table.decimal(kKeys[i].p95, promises[i].p95_s, 0, 86'400,
                      "Promised seconds from a path to the receipt, for 95 %; 0: none.");
    }
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(auto store, make_sqlite_rollups(directory / "analytics.db"));
    auto module = std::make_unique<Analytics>(process, config, door, std::move(store));
    IMECE_CHECK(module->load());
    return module;
}

Status forget(const std::filesystem::path& data_dir) {
    const std::filesystem::path directory = data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    return forget_sqlite_rollups(directory / "analytics.db");
}

}  // namespace imece::analytics
