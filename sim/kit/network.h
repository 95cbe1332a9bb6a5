// Datagrams between nodes: late, lost, doubled, overtaken, cut off.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "sim/kit/scheduler.h"

namespace imece::sim {

struct Weather {
    std::uint64_t lost_percent = 0;
    std::uint64_t doubled_percent = 0;
    Duration delay_min{5};
    Duration delay_max{50};  ///< Each datagram's delay is drawn anew: one may overtake another.
};

class Network {
public:
    Network(Scheduler& scheduler, Random& random) : scheduler_(scheduler), random_(random) {}

    void set(const Weather& weather) { weather_ = weather; }
    /// Until heal(): nothing that is sent between the two arrives; what is under way does.
    void cut(const std::string& a, const std::string& b) { cuts_.insert(std::minmax(a, b)); }
    void heal(const std::string& a, const std::string& b) { cuts_.erase(std::minmax(a, b)); }
    void heal_all() { cuts_.clear(); }
    bool is_cut(const std::string& a, const std::string& b) const {
        return cuts_.contains(std::minmax(a, b));
    }
    /// `arrive` runs once, twice or never.
    void send(const std::string& from, const std::string& to, const Scheduler::Task& arrive);
    /// For what is not a datagram: whether one would have got through, and how long it would have taken.
    bool gets_through(const std::string& from, const std::string& to);
    Duration delay() { return between(random_, weather_.delay_min, weather_.delay_max); }

private:
    bool happens(std::uint64_t percent) { return random_.below(100) < percent; }

    Scheduler& scheduler_;
    Random& random_;
    Weather weather_;
    std::set<std::pair<std::string, std::string>> cuts_;  ///< The smaller name first.
};

}  // namespace imece::sim
