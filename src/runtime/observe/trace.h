// W3C trace context.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace imece::runtime {

struct TraceContext {
    std::array<std::uint8_t, 16> trace_id{};
    std::array<std::uint8_t, 8> span_id{};
    std::array<std::uint8_t, 8> parent_id{};  ///< The span that caused this one; zero: none.
    bool sampled = false;

    std::string trace_id_text() const;  ///< 32 hex digits.
    std::string header() const;         ///< The value of "traceparent".
};

/// The trace and the span that a "traceparent" names; nothing where it is malformed.
std::optional<TraceContext> parse_trace(std::string_view traceparent);

/// The caller's trace with a span of our own; a new trace where `traceparent` is absent or malformed.
TraceContext continue_trace(std::string_view traceparent, Random& random);

}  // namespace imece::runtime
