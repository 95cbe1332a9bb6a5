#include "runtime/bus/outbox.h"

#include "base/assert.h"
#include "runtime/observe/metrics.h"

namespace imece::runtime {

void Outboxes::add(const std::string& source, OutboxReader& reader) {
    const std::scoped_lock lock(mutex_);
    sources_[source].reader = &reader;
}

OutboxReader* Outboxes::find(std::string_view source) {
    const std::scoped_lock lock(mutex_);
    const auto found = sources_.find(source);
    return found == sources_.end() ? nullptr : found->second.reader;
}

std::vector<std::string> Outboxes::names() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, source] : sources_) names.push_back(name);
    return names;
}

void Outboxes::committed(std::string_view source) {
    const std::scoped_lock lock(mutex_);
    const auto found = sources_.find(source);
    if (found == sources_.end()) return;
    for (const auto& [key, wake] : found->second.wakers) wake();
}

std::shared_ptr<void> Outboxes::on_commit(const std::string& source, std::function<void()> wake) {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t key = next_waker_++;
    sources_[source].wakers[key] = std::move(wake);
    return {nullptr, [this, source, key](void*) {
                const std::scoped_lock unlock(mutex_);
                sources_[source].wakers.erase(key);
            }};
}

std::shared_ptr<void> Outboxes::add_metrics(Metrics& metrics) {
    return metrics.source([this](Samples& samples) {
        for (const std::string& name : names())
            if (OutboxReader* reader = find(name))
                samples.add("imece_events_position",
                            "Position of the last event of a service's log.",
                            double(reader->last_position()), {{"source", name}});
    });
}

}  // namespace imece::runtime
