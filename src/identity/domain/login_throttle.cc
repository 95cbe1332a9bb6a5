#include "identity/domain/login_throttle.h"

#include <algorithm>

namespace imece::identity {

bool LoginThrottle::enter(std::string_view name, TimePoint now) {
    const std::string key(name);
    auto found = by_name_.find(key);
    if (found == by_name_.end()) {
        if (by_name_.size() >= options_.names_max) {
            by_name_.erase(entries_.back().name);
            entries_.pop_back();
        }
        entries_.push_front({.name = key, .failures = 0, .counted_at = now});
        found = by_name_.emplace(key, entries_.begin()).first;
    }
    Entry& entry = *found->second;
    recover(entry, now);
    if (entry.failures >= options_.free_failures) return false;
    ++entry.failures;
    entries_.splice(entries_.begin(), entries_, found->second);
    return true;
}

void LoginThrottle::succeeded(std::string_view name) {
    const auto found = by_name_.find(std::string(name));
    if (found == by_name_.end()) return;
    entries_.erase(found->second);
    by_name_.erase(found);
}

void LoginThrottle::recover(Entry& entry, TimePoint now) const {
    const auto won = (now - entry.counted_at) / options_.recovery;
    if (won <= 0) return;
    entry.failures -= std::uint32_t(std::min<std::int64_t>(won, entry.failures));
    entry.counted_at = entry.failures == 0 ? now : entry.counted_at + won * options_.recovery;
}

}  // namespace imece::identity
