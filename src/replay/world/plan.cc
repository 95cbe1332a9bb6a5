#include "replay/world/plan.h"

#include <algorithm>

#include "base/random.h"

namespace imece::replay {

std::string_view class_name(Class c) {
    constexpr std::array<std::string_view, kClasses> kNames = {
        "LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"};
    return kNames[std::size_t(c)];
}

Ms default_ttl(Class c) {
    constexpr std::array<Ms, kClasses> kHours = {72, 24, 12, 12, 6};
    return kHours[std::size_t(c)] * 3'600'000;
}

std::string_view kind_name(NodeKind kind) {
    constexpr std::array<std::string_view, 3> kNames = {"phone", "relay", "desk"};
    return kNames[std::size_t(kind)];
}

std::vector<NodeIndex> recipients(const Plan& plan, const MessagePlan& message) {
    if (message.desk != kNone) return plan.desks[message.desk].devices;
    return {message.recipient};
}

void finish_plan(Plan& plan, std::int64_t epoch_ms) {
    std::ranges::stable_sort(plan.contacts, {}, &Contact::at);
    std::ranges::stable_sort(plan.messages, {}, &MessagePlan::at);
    // Ids have their own stream of chance: a change elsewhere in the plan leaves them as they were.
    SeededRandom random(plan.seed ^ 0x6d657373616765ull);
    for (MessagePlan& message : plan.messages)
        message.id = MessageId{make_uuid_v7(from_unix_ms(epoch_ms + message.at), random)};
}

}  // namespace imece::replay
