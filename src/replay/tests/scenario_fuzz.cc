// Any bytes as a scenario: refused, or a small plan can be made of it.
#include "base/assert.h"
#include "replay/world/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::replay;
    const auto scenario = parse_scenario({reinterpret_cast<const char*>(data), size}, "a.toml");
    if (!scenario) return 0;
    const Plan plan =
        plan_scenario(*scenario, {.seed = 1, .phones = 60, .minutes = 0.5, .load = 0.01});
    IMECE_ASSERT(plan.horizon <= plan.end);
    for (const MessagePlan& message : plan.messages)
        IMECE_ASSERT(message.sender < plan.nodes.size() && message.text < plan.texts.size());
    return 0;
}
