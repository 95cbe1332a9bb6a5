// Somebody on another machine who follows a site's topology, as analytics does when it is a process of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "discovery/domain/topology.h"
#include "sim/cluster/stage.h"

namespace imece::runtime {
class OutboxReader;
}  // namespace imece::runtime

namespace imece::sim {

/// Keeps its position and what it knows across the site's crashes.
class Follower {
public:
    Follower(Stage& stage, std::string site) : stage_(stage), site_(std::move(site)) {}

    /// Reads on. `lives` and `power_losses`: of the site so far.
    void read(runtime::OutboxReader& log, std::uint64_t lives, std::uint64_t power_losses);
    /// What it knows is what `snapshot` says.
    bool agrees(const discovery::Snapshot& snapshot) const;

private:
    void apply(const std::string& data, std::uint64_t power_losses);

    Stage& stage_;
    const std::string site_;
    std::uint64_t position_ = 0;
    std::uint64_t version_ = 0;
    std::uint64_t lives_ = 0;
    std::uint64_t power_losses_ = 0;                               ///< When it last took something.
    std::map<std::string, std::pair<int, bool>> nodes_;            ///< State, uplink.
    std::map<std::pair<std::string, std::string>, double> links_;  ///< Quality.
};

}  // namespace imece::sim
