#include "analytics/domain/counts.h"

#include <algorithm>

namespace imece::analytics {

void Counts::add(const MessageFact& fact) {
    Tally& tally = minutes[{minute_of(fact.accepted_at), fact.priority}];
    if (fact.kind == MessageFact::Kind::kAccepted) {
        tally.accepted += fact.copies;
        if (fact.copies > 0)
            waiting[fact.message] = {fact.priority, fact.accepted_at, fact.expires_at, fact.copies};
        return;
    }
    switch (fact.kind) {
        case MessageFact::Kind::kDelivered:
            ++tally.delivered;
            // Nobody knows the path of a delivery whose time was lost: then all of the time counts.
            tally.latency.add(fact.ended_at - std::max(fact.accepted_at, fact.reachable_at));
            ++minutes[{minute_of(fact.ended_at), fact.priority}].arrived;
            break;
        case MessageFact::Kind::kRejected: ++tally.rejected; break;
        case MessageFact::Kind::kExpired:
            ++(fact.reachable_at == TimePoint{} ? tally.expired_unreachable : tally.expired);
            break;
        case MessageFact::Kind::kAccepted: break;
    }
    const auto here = waiting.find(fact.message);
    if (here == waiting.end())
        ++ended[fact.message];
    else if (--here->second.copies == 0)
        waiting.erase(here);
}

}  // namespace imece::analytics
