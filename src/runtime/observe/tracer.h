// Spans: which traces are followed, and what was done in them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/trace.h"

namespace imece::runtime {

using WallPoint = std::chrono::sys_time<std::chrono::nanoseconds>;
inline WallPoint wall_now() {
    return std::chrono::system_clock::now();
}

/// A piece of work that is done. No secret and no payload goes in.
struct Span {
    enum class Kind { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };
    TraceContext context;
    std::string name;  ///< Of few values: an rpc's, never an id.
    Kind kind = Kind::kInternal;
    WallPoint began;
    WallPoint ended;
    std::vector<std::pair<std::string_view, std::string>> attributes;  ///< The keys are static.
    std::vector<TraceContext> links;                                   ///< What else led to it.
    std::string error;                                                 ///< The reason; empty: none.
};

/// Keeps the spans of followed traces until an exporter takes them. Thread-safe; finish() waits for nobody. A process that
/// exports no traces has no tracer, and then pays for none: contexts say `sampled` only where there is one.
class Tracer {
public:
    struct Options {
        double share = 0.01;  ///< Of the traces that begin here.
        std::size_t queue_max = 8192;
    };
    Tracer(Options options, Random& random, Metrics& metrics);

    /// Whether a trace from outside is followed. What its caller asks for does not count: a stranger must not make us work.
    bool choose();
    /// A span of ours below `parent`, or the first of a new trace.
    TraceContext child(const TraceContext& parent) const;
    TraceContext root() const;
    /// Counted in imece_trace_spans_dropped_total and gone when the queue is full.
    void finish(Span span);

    /// For the exporter: waits for a span, then up to `gather` for `most` of them. Empty: closed, and nothing is left.
    std::vector<Span> take(std::size_t most, std::chrono::milliseconds gather);
    void close();  ///< take() waits no more.
    void count_exported(std::size_t spans) { exported_.add(double(spans)); }
    void count_dropped(std::size_t spans) { dropped_.add(double(spans)); }

private:
    const Options options_;
    Random& random_;
    Counter& exported_;
    Counter& dropped_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Span> queue_;
    std::size_t wanted_ = 1;  ///< How many spans the exporter waits for.
    bool closed_ = false;
};

}  // namespace imece::runtime
