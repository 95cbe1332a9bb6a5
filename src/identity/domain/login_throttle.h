// Slowing down who guesses passwords.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace imece::identity {

/// Counts failed sign-ins by name, known or not: some are free, then one is won back each
/// `recovery`. Bounded: the name that failed longest ago makes room, which costs a guesser one
/// password hash a name. One thread at a time. Cost: O(1).
class LoginThrottle {
public:
    struct Options {
        std::uint32_t free_failures = 5;
        Duration recovery = std::chrono::seconds(10);
        std::size_t names_max = 4096;
    };
    explicit LoginThrottle(const Options& options) : options_(options) {}

    /// May `name` try now? A try is counted at once, so that many at a time are no way around;
    /// succeeded() takes the count back.
    bool enter(std::string_view name, TimePoint now);
    void succeeded(std::string_view name);
    std::size_t size() const { return by_name_.size(); }

private:
    struct Entry {
        std::string name;
        std::uint32_t failures = 0;
        TimePoint counted_at;  ///< Recovery is counted up to here.
    };
    void recover(Entry& entry, TimePoint now) const;

    Options options_;
    std::list<Entry> entries_;  ///< The last to fail in front.
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
};

}  // namespace imece::identity
