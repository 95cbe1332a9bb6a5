// Faults planted in what is simulated or in the wiring, never in the product: a simulator that does not find them would not
// find their like.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace imece::sim {

enum class Plant {
    kNone,
    kAcknowledgesUnsynced,
    kHalfCommits,
    kSkipsAnnouncements,
    kSameBoot,
    kForgetsCandidate,
    kAnchorsTwice,
};

struct PlantedFault {
    Plant plant;
    std::string_view name;
    std::string_view service;
    std::uint64_t budget;  ///< Seeds, from 1 on, within which it is found.
    std::string_view what;
};

std::span<const PlantedFault> planted_faults();
/// Null for a name that none has.
const PlantedFault* find_planted(std::string_view name);

}  // namespace imece::sim
