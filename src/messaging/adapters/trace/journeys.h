// Messages' ways as spans.
#pragma once

#include <memory>

#include "messaging/app/ports.h"

namespace imece::runtime {
class Tracer;
}

namespace imece::messaging {

/// Of each message whose trace is followed, below the call that submitted it: "message commit", and for each copy "message wait"
/// until it is first sent and "message delivery" from then to its end.
///
/// Kept in memory, for 10,000 messages at most: of one that was stored before a restart, or beyond that number, the spans of
/// its calls remain. `tracer` outlives it. Cost where the message is not followed: one atomic read.
std::unique_ptr<JourneyPort> make_journeys(runtime::Tracer& tracer);

}  // namespace imece::messaging
