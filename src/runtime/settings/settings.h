// The site's run-time settings, as this process knows them, and what emergencies make of them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "runtime/settings/flag.h"

namespace imece::runtime {

class Metrics;
struct Process;

enum class EmergencyLevel { kNormal = 0, kEmergency = 1, kCrisis = 2 };

/// What is set on the site, of the keys in runtime/settings/key.h. Whoever uses a key names what holds while it is not
/// set: the start-up configuration's value. Naming a key that there is not, or reading it as another kind, is an
/// error of the program.
///
/// The ledger's emergencies act by the same door: while one is in force, a limit's `.emergency` and `.crisis` keys hold
/// too, and the lowest of them is the limit. One that has expired is over by the clock, whether the ledger says so or not.
///
/// The last known good copy lies in a file of this process: without the config service it runs on that, also after a
/// restart, and says so (log, metrics); without the ledger on the emergencies that it heard of last. Thread-safe.
class Settings {
public:
    /// Knows nothing, and never will: every key is as the process was started with.
    Settings();
    /// Knows what `file` holds. A value that the keys do not allow is left out.
    Settings(std::filesystem::path file, const Clock& clock, Metrics& metrics);
    ~Settings();

    /// Follows the config service and the ledger until stop(), with capped, jittered back-off: reads everything at each beginning, then
    /// each change as it is told. Once.
    void follow(Process& process);
    void stop();

    /// Tightened by the emergencies in force.
    std::uint64_t number(std::string_view key, std::uint64_t otherwise) const;
    Duration duration(std::string_view key, Duration otherwise) const;
    std::string choice(std::string_view key, std::string_view otherwise) const;
    /// Where the flag is not set its default from the contract holds. Cost: 1 µs.
    bool is_on(std::string_view key, const Subject& subject) const;
    /// Of the last change that is known; 0: none.
    std::uint64_t revision() const;
    /// The gravest in force.
    EmergencyLevel level() const;

    /// Calls `apply` at once, and again after every change of a setting or of the level until the token goes: one call at
    /// a time, on a thread of this. It may read the settings, and must not block.
    [[nodiscard]] std::shared_ptr<void> on_change(std::function<void(const Settings&)> apply);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
