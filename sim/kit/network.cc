#include "sim/kit/network.h"

namespace imece::sim {

void Network::send(const std::string& from, const std::string& to, const Scheduler::Task& arrive) {
    if (!gets_through(from, to)) return;
    scheduler_.after(delay(), arrive);
    if (happens(weather_.doubled_percent)) scheduler_.after(delay(), arrive);
}

bool Network::gets_through(const std::string& from, const std::string& to) {
    return !is_cut(from, to) && !happens(weather_.lost_percent);
}

}  // namespace imece::sim
