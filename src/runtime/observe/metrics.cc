#include "runtime/observe/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace imece::runtime {
namespace {

class RegistryCounter final : public Counter {
public:
    explicit RegistryCounter(prometheus::Counter& counter) : counter_(counter) {}
    void add(double amount) override { counter_.Increment(amount); }

private:
    prometheus::Counter& counter_;
};

class RegistryHistogram final : public Histogram {
public:
    explicit RegistryHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
    void observe(double value) override { histogram_.Observe(value); }

private:
    prometheus::Histogram& histogram_;
};

const prometheus::Histogram::BucketBoundaries kSecondsBuckets{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

void append(const Samples& samples, std::vector<prometheus::MetricFamily>& out) {
    for (const auto& [name, family] : samples.families) {
        const bool counts = name.ends_with("_total");
        prometheus::MetricFamily made{
            name,
            family.help,
            counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
            {}};
        for (const auto& [labels, value] : family.values) {
            prometheus::ClientMetric& metric = made.metric.emplace_back();
            for (const auto& [label, text] : labels) metric.label.push_back({label, text});
            (counts ? metric.counter.value : metric.gauge.value) = value;
        }
        out.push_back(std::move(made));
    }
}

struct ReadGauge {
    prometheus::Gauge* gauge;
    prometheus::Family<prometheus::Gauge>* family;
    std::function<double()> read;
};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    std::mutex mutex;
    std::map<std::pair<std::string, Labels>, std::unique_ptr<Counter>> counters;
    std::map<std::pair<std::string, Labels>, std::unique_ptr<Histogram>> histograms;
    std::map<std::uint64_t, ReadGauge> gauges;
    std::map<std::uint64_t, std::function<void(Samples&)>> sources;
    std::uint64_t next_key = 1;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    const std::scoped_lock lock(state_->mutex);
    auto& slot = state_->counters[{name, labels}];
    if (!slot)
        slot = std::make_unique<RegistryCounter>(prometheus::BuildCounter()
                                                     .Name(name)
                                                     .Help(help)
                                                     .Register(state_->registry)
                                                     .Add(labels));
    return *slot;
}

Histogram& Metrics::seconds(const std::string& name, const std::string& help,
                            const Labels& labels) {
    const std::scoped_lock lock(state_->mutex);
    auto& slot = state_->histograms[{name, labels}];
    if (!slot)
        slot = std::make_unique<RegistryHistogram>(prometheus::BuildHistogram()
                                                       .Name(name)
                                                       .Help(help)
                                                       .Register(state_->registry)
                                                       .Add(labels, kSecondsBuckets));
    return *slot;
}

std::shared_ptr<void> Metrics::gauge(const std::string& name, const std::string& help,
                                     const Labels& labels, std::function<double()> read) {
    const std::scoped_lock lock(state_->mutex);
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
    const std::uint64_t key = state_->next_key++;
    state_->gauges[key] = {&family.Add(labels), &family, std::move(read)};
    return {nullptr, [state = state_.get(), key](void*) {
                const std::scoped_lock unlock(state->mutex);
                const ReadGauge& gone = state->gauges.at(key);
                gone.family->Remove(gone.gauge);
                state->gauges.erase(key);
            }};
}

std::shared_ptr<void> Metrics::source(std::function<void(Samples&)> read) {
    const std::scoped_lock lock(state_->mutex);
    const std::uint64_t key = state_->next_key++;
    state_->sources[key] = std::move(read);
    return {nullptr, [state = state_.get(), key](void*) {
                const std::scoped_lock unlock(state->mutex);
                state->sources.erase(key);
            }};
}

std::string Metrics::scrape() const {
    Samples samples;
    {
        const std::scoped_lock lock(state_->mutex);
        for (auto& [key, gauge] : state_->gauges) gauge.gauge->Set(gauge.read());
        for (auto& [key, read] : state_->sources) read(samples);
    }
    auto families = state_->registry.Collect();
    append(samples, families);
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace imece::runtime
