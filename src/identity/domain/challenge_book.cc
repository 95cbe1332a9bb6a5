#include "identity/domain/challenge_book.h"

#include <algorithm>

namespace imece::identity {

TimePoint ChallengeBook::add(const DeviceId& device, const Challenge& challenge, TimePoint now) {
    forget_expired(now);
    // An entry of an answered challenge counts too, so that the order's length is bounded.
    while (order_.size() >= limits_.challenges_max) {
        drop_oldest_of(order_.front().device);
        order_.pop_front();
    }
    auto& mine = open_[device];
    if (mine.size() >= limits_.challenges_per_device) {
        mine.pop_front();
        --count_;
    }
    const TimePoint expires_at = now + limits_.challenge_ttl;
    mine.push_back({challenge, expires_at});
    order_.push_back({device, expires_at});
    ++count_;
    return expires_at;
}

bool ChallengeBook::take(const DeviceId& device, const Challenge& challenge, TimePoint now) {
    forget_expired(now);
    const auto mine = open_.find(device);
    if (mine == open_.end()) return false;
    const auto found = std::ranges::find_if(mine->second, [&](const Open& open) {
        return equal_in_constant_time(open.challenge, challenge);
    });
    if (found == mine->second.end()) return false;
    const bool alive = now < found->expires_at;
    mine->second.erase(found);
    --count_;
    if (mine->second.empty()) open_.erase(mine);
    return alive;
}

void ChallengeBook::drop_oldest_of(const DeviceId& device) {
    const auto mine = open_.find(device);
    if (mine == open_.end()) return;
    mine->second.pop_front();
    --count_;
    if (mine->second.empty()) open_.erase(mine);
}

void ChallengeBook::forget_expired(TimePoint now) {
    while (!order_.empty() && order_.front().expires_at <= now) {
        const DeviceId device = order_.front().device;
        order_.pop_front();
        const auto mine = open_.find(device);
        if (mine == open_.end()) continue;
        while (!mine->second.empty() && mine->second.front().expires_at <= now) {
            mine->second.pop_front();
            --count_;
        }
        if (mine->second.empty()) open_.erase(mine);
    }
}

}  // namespace imece::identity
