// Numbers for Prometheus.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace imece::runtime {

using Labels = std::map<std::string, std::string>;

/// Grows only. Thread-safe, lock-free.
class Counter {
public:
    virtual ~Counter() = default;
    virtual void add(double amount = 1) = 0;
};
/// Observes durations in seconds or sizes in bytes. Thread-safe.
class Histogram {
public:
    virtual ~Histogram() = default;
    virtual void observe(double value) = 0;
};

/// What a source has to say at one scrape. A name that ends in "_total" is a counter, any other a gauge.
class Samples {
public:
    void add(const std::string& name, const std::string& help, double value, Labels labels = {}) {
        Family& family = families[name];
        family.help = help;
        family.values.emplace_back(std::move(labels), value);
    }

    struct Family {
        std::string help;
        std::vector<std::pair<Labels, double>> values;
    };
    std::map<std::string, Family> families;
};

/// The process's registry. A name carries its unit ("imece_rpc_seconds", "imece_messages_accepted_total") and its
/// labels have few values. Instruments live as long as the registry: look them up once, keep the reference.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Histogram& seconds(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `read` is called at each scrape, from the scraping thread, until the returned token goes.
    [[nodiscard]] std::shared_ptr<void> gauge(const std::string& name, const std::string& help,
                                              const Labels& labels, std::function<double()> read);
    /// For figures that are read together, or whose labels are known at the scrape only. As gauge().
    [[nodiscard]] std::shared_ptr<void> source(std::function<void(Samples&)> read);
    /// The text exposition format, version 0.0.4.
    std::string scrape() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
