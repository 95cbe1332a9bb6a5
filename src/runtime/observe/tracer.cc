#include "runtime/observe/tracer.h"

#include <algorithm>
#include <iterator>

namespace imece::runtime {

Tracer::Tracer(Options options, Random& random, Metrics& metrics)
    : options_(options),
      random_(random),
      exported_(metrics.counter("imece_trace_spans_exported_total",
                                "Spans that the collector has taken.")),
      dropped_(metrics.counter("imece_trace_spans_dropped_total",
                               "Spans for which there was no room, or no collector.")) {}

bool Tracer::choose() {
    return random_.unit() < options_.share;
}

TraceContext Tracer::child(const TraceContext& parent) const {
    TraceContext made = parent;
    made.parent_id = parent.span_id;
    random_.fill(made.span_id);
    return made;
}

TraceContext Tracer::root() const {
    TraceContext made;
    random_.fill(made.trace_id);
    random_.fill(made.span_id);
    made.sampled = true;
    return made;
}

void Tracer::finish(Span span) {
    {
        const std::scoped_lock lock(mutex_);
        if (closed_ || queue_.size() >= options_.queue_max) {
            dropped_.add();
            return;
        }
        queue_.push_back(std::move(span));
        if (queue_.size() != wanted_) return;
    }
    changed_.notify_one();
}

std::vector<Span> Tracer::take(std::size_t most, std::chrono::milliseconds gather) {
    std::unique_lock lock(mutex_);
    const auto has = [this](std::size_t spans) {
        wanted_ = spans;
        return [this, spans] { return closed_ || queue_.size() >= spans; };
    };
    changed_.wait(lock, has(1));
    changed_.wait_for(lock, gather, has(std::min(most, options_.queue_max)));
    const auto end = queue_.begin() + std::ptrdiff_t(std::min(most, queue_.size()));
    std::vector<Span> taken(std::move_iterator(queue_.begin()), std::move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return taken;
}

void Tracer::close() {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
}

}  // namespace imece::runtime
