// A disaster to replay: what the scenario file says, and the plan that is made of it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "replay/world/message_file.h"
#include "replay/world/plan.h"

namespace imece::replay {

struct Province {
    std::string name;
    double people = 0;
    double latitude = 0;
    double longitude = 0;
};
struct Shock {
    double latitude = 0;
    double longitude = 0;
    double magnitude = 0;
    double at = 0;  ///< Share of the run.
};
struct LoadPhase {
    double per_user_hour = 0;
    double minutes = 0;
};
struct Scenario {
    std::string name;
    TimePoint begins;
    std::uint32_t phones = 0;
    std::uint32_t group_size = 0;
    std::uint32_t relays_per_province = 0;
    double responders = 0;
    double drain_minutes = 0;
    double towers_down = 0;
    double towers_down_again = 0;
    std::vector<double> waves;
    double batteries_die = 0;
    double batteries_recharge = 0;
    std::uint32_t storm_phase = 0;  ///< Counted from 1; 0: no storm.
    std::uint32_t storm_messages = 0;
    std::uint32_t storm_repeats = 0;
    std::uint32_t storm_reposts = 0;
    std::vector<Shock> shocks;
    std::vector<LoadPhase> load;
    std::vector<Province> provinces;
    std::array<double, kClasses> mix{};
    std::array<std::vector<std::string>, kClasses>
        texts;  ///< {n}, {m}, {street}, {place} are filled in.
};

/// Reads a scenario file (TOML). Errors: kInvalidArgument FILE_INVALID, "FILE:LINE: REASON".
Result<Scenario> parse_scenario(std::string_view text, std::string_view file);

/// The text of a scenario that is built in; empty for an unknown name.
std::string_view built_in_scenario(std::string_view name);

struct ScenarioOptions {
    std::uint64_t seed = 1;
    std::uint32_t phones = 0;  ///< 0: as the scenario says.
    double minutes = 0;        ///< Of sending, scenario time; 0: as the scenario says.
    double load = 1;           ///< Times the scenario's messages an hour.
};

/// Phones in groups around the provinces' centres, by population; a tower at each group and a wider
/// one at each centre; relays; one desk "112 PROVINCE" of two devices a province. Towers fall and come back,
/// some groups are healed by a relay that drives there, people walk between groups, batteries die.
Plan plan_scenario(const Scenario& scenario, const ScenarioOptions& options);

/// Texts such as people of the scenario write, in its mix of classes.
MessageFile write_texts(const Scenario& scenario, std::uint64_t seed, std::size_t count);

}  // namespace imece::replay
