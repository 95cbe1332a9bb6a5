#include "sim/cluster/plant.h"

#include <algorithm>
#include <array>

namespace imece::sim {

std::span<const PlantedFault> planted_faults() {
    static constexpr std::array kFaults{
        PlantedFault{Plant::kAcknowledgesUnsynced, "acknowledges-unsynced", "messaging", 20,
                     "messaging's volume lies about its syncs"},
        PlantedFault{Plant::kHalfCommits, "half-commits", "messaging", 100,
                     "a commit that a loss of power cuts off is there in part"},
        PlantedFault{Plant::kSkipsAnnouncements, "skips-announcements", "discovery", 20,
                     "a follower goes on at the log's end after the site was away"},
        PlantedFault{Plant::kSameBoot, "same-boot", "discovery", 100,
                     "discovery is not told that the machine was started anew"},
        PlantedFault{Plant::kForgetsCandidate, "forgets-candidate", "ledger", 100,
                     "the block that is voted for is kept in memory only"},
        PlantedFault{Plant::kAnchorsTwice, "anchors-twice", "ledger", 20,
                     "after a restart the ledger is given receipts that it had"},
    };
    return kFaults;
}

const PlantedFault* find_planted(std::string_view name) {
    const auto all = planted_faults();
    const auto found = std::ranges::find(all, name, &PlantedFault::name);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace imece::sim
