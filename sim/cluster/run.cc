#include "sim/cluster/run.h"

#include <algorithm>
#include <optional>

#include "sim/cluster/phone.h"

namespace imece::sim {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = from_unix_ms(1'675'646'254'000);
/// How long the calm may take until all is settled: less than most messages live, so that they do not settle by dying.
constexpr Duration kCalm = 50min;
/// In the calm each phone visits each site for so long.
constexpr Duration kVisit = 10s;

class Cluster {
public:
    explicit Cluster(const RunOptions& options)
        : options_(options),
          random_(options.seed),
          scheduler_(kStart, random_),
          trace_(scheduler_, options.trace),
          network_(scheduler_, random_),
          judge_(trace_),
          stage_{scheduler_, random_, trace_, network_, judge_, options.plant},
          fault_alarm_(scheduler_, [this] { do_harm(); }),
          walk_alarm_(scheduler_, [this] { walk(); }) {
        settle_the_field();
    }

    Outcome run() {
        const auto broken = [this] { return !judge_.broken().empty(); };
        scheduler_.run_until(kStart + options_.chaos, broken);
        if (!broken()) begin_calm();
        const TimePoint end = scheduler_.now() + kCalm;
        while (!broken() && !(visits_left_ == 0 && unsettled().empty())) {
            if (scheduler_.now() >= end) judge_.fail("cluster", "does not settle: " + unsettled());
            scheduler_.run_until(scheduler_.now() + 1s, broken);
        }
        for (const auto& site : field_.sites)
            if (!broken()) site->examine(true);
        return {.broken = judge_.broken(),
                .digest = trace_.digest(),
                .simulated = scheduler_.now() - kStart,
                .events = scheduler_.ran(),
                .crashes = crashes_,
                .acknowledged = judge_.acknowledged(),
                .received = judge_.received(),
                .blocks = judge_.blocks()};
    }

private:
    void settle_the_field() {
        const std::size_t sites = 3 + random_.below(2);
        const std::size_t phones = 6 + random_.below(5);
        field_.desk.bytes = make_uuid_v7(kStart, random_);
        for (std::size_t i = 0; i < phones; ++i)
            field_.phones.push_back(std::make_unique<Phone>(stage_, field_, i));
        std::vector<DeviceId> at_desk;
        for (std::size_t i = 0; i < 3; ++i) at_desk.push_back(field_.phones[i]->id());
        for (std::size_t i = 0; i < sites; ++i) {
            // Drawn in an order that no compiler chooses.
            const std::size_t authorities = 1 + random_.below(4);
            const Duration ahead = between(random_, -2s, 2s);
            field_.sites.push_back(std::make_unique<Site>(stage_, i, authorities, ahead));
            Site& site = *field_.sites.back();
            for (const auto& phone : field_.phones)
                site.identity().enrol(phone->key(), kStart, kStart + 24h);
            site.identity().set_desk(field_.desk, at_desk, kStart);
            site.start();
        }
        network_.set(
            {.lost_percent = 5, .doubled_percent = 5, .delay_min = 5ms, .delay_max = 300ms});
        fault_alarm_.set_after(5s);
        walk_alarm_.set_after(0ms);
    }

    Site& any_site() { return *field_.sites[random_.below(field_.sites.size())]; }

    void do_harm() {
        if (stage_.calm) return;
        fault_alarm_.set_after(between(random_, 500ms, 8s));
        Site& site = any_site();
        const Crash how = one_in(random_, 2) ? Crash::kPower : Crash::kProcess;
        switch (random_.below(8)) {
            case 0:
                if (site.services() == nullptr) return;
                ++crashes_;
                return site.crash(how, between(random_, 500ms, 20s));
            case 1:
            case 2:
                if (site.services() == nullptr) return;
                ++crashes_;
                return site.crash_at(1 + random_.below(30), how);
            case 3:
            case 4: return cut(site.name());
            case 5: return change_weather();
            default: return site.ask_ledger();
        }
    }

    void cut(const std::string& site) {
        const std::string phone = field_.phones[random_.below(field_.phones.size())]->name();
        trace_.note(phone, "is cut off from " + site);
        network_.cut(phone, site);
        scheduler_.after(between(random_, 1s, 40s),
                         [this, phone, site] { network_.heal(phone, site); });
    }

    void change_weather() {
        const std::uint64_t bad = random_.below(30);
        trace_.note("weather", std::to_string(bad));
        network_.set({.lost_percent = bad,
                      .doubled_percent = random_.below(20),
                      .delay_min = 5ms,
                      .delay_max = between(random_, 20ms, 3s)});
    }

    void walk() {
        if (stage_.calm) return visit();
        walk_alarm_.set_after(between(random_, 500ms, 5s));
        Phone& phone = *field_.phones[random_.below(field_.phones.size())];
        const std::size_t to = random_.below(field_.sites.size() + 2);
        phone.go(to < field_.sites.size() ? std::optional(to) : std::nullopt);
        const std::size_t a = random_.below(field_.phones.size());
        const std::size_t b = random_.below(field_.phones.size());
        if (a == b) return;
        if (field_.hear(a, b))
            field_.radio.erase(std::minmax(a, b));
        else
            field_.radio.insert(std::minmax(a, b));
    }

    void begin_calm() {
        trace_.note("cluster", "calms");
        stage_.calm = true;
        network_.heal_all();
        network_.set({});
        for (const auto& site : field_.sites) site->crash_at(0, Crash::kProcess);
        for (const auto& phone : field_.phones) phone->go(std::nullopt);
        visits_left_ = field_.sites.size() + 1;
        stage_.radio_lost_percent = 0;
        if (one_in(random_, 4)) stay();
        walk_alarm_.set_after(0ms);
    }

    /// Nobody walks: what is not here is reached over the others' radio, at the first try or at a later one.
    void stay() {
        visits_left_ = 1;
        stage_.radio_lost_percent = 10;
        field_.radio.clear();
        const std::size_t phones = field_.phones.size();
        for (std::size_t i = 0; i < phones; ++i)
            field_.radio.insert(std::minmax(i, (i + 1) % phones));
    }

    /// All phones to the next site, each time one further, until each was everywhere and once more. Where they stay, some are
    /// at none.
    void visit() {
        if (visits_left_ == 0) return;
        const std::size_t sites = field_.sites.size();
        const bool stay = stage_.radio_lost_percent > 0;
        for (std::size_t i = 0; i < field_.phones.size(); ++i) {
            const std::size_t to = (i + visits_left_) % (stay ? sites + 1 : sites);
            field_.phones[i]->go(to < sites ? std::optional(to) : std::nullopt);
        }
        if (--visits_left_ > 0) walk_alarm_.set_after(kVisit);
    }

    /// Who has not come to rest; empty: all have.
    std::string unsettled() {
        std::string names;
        for (const auto& phone : field_.phones)
            if (!phone->idle()) names += phone->name() + " ";
        for (const auto& site : field_.sites) {
            const Services* services = site->services();
            if (services == nullptr || services->dispatcher.pending() > 0 ||
                !site->all_anchored() || !site->converged())
                names += site->name() + " ";
        }
        return names;
    }

    const RunOptions options_;
    SeededRandom random_;
    Scheduler scheduler_;
    Trace trace_;
    Network network_;
    Judge judge_;
    Stage stage_;
    Field field_;
    Alarm fault_alarm_;
    Alarm walk_alarm_;
    std::uint64_t crashes_ = 0;
    std::size_t visits_left_ = 0;
};

}  // namespace

Outcome run(const RunOptions& options) {
    return Cluster(options).run();
}

}  // namespace imece::sim
