#include "runtime/observe/trace.h"

#include <algorithm>

#include "base/bytes.h"

namespace imece::runtime {

std::string TraceContext::trace_id_text() const {
    return to_hex(trace_id);
}

std::string TraceContext::header() const {
    return "00-" + to_hex(trace_id) + "-" + to_hex(span_id) + (sampled ? "-01" : "-00");
}

std::optional<TraceContext> parse_trace(std::string_view traceparent) {
    // Version 00 is 55 characters; a later version may only add to it.
    if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-' ||
        traceparent[52] != '-' || traceparent.substr(0, 2) == "ff")
        return std::nullopt;
    const auto trace_id = parse_hex(traceparent.substr(3, 32));
    const auto span_id = parse_hex(traceparent.substr(36, 16));
    const auto flags = parse_hex(traceparent.substr(53, 2));
    const auto zero = [](std::uint8_t byte) { return byte == 0; };
    if (!trace_id || !span_id || !flags || std::ranges::all_of(*trace_id, zero) ||
        std::ranges::all_of(*span_id, zero))
        return std::nullopt;
    TraceContext trace;
    std::ranges::copy(*trace_id, trace.trace_id.begin());
    std::ranges::copy(*span_id, trace.span_id.begin());
    trace.sampled = (flags->front() & 1) != 0;
    return trace;
}

TraceContext continue_trace(std::string_view traceparent, Random& random) {
    TraceContext trace;
    if (const auto caller = parse_trace(traceparent)) {
        trace = *caller;
        trace.parent_id = caller->span_id;
    } else {
        random.fill(trace.trace_id);
    }
    random.fill(trace.span_id);
    return trace;
}

}  // namespace imece::runtime
