// Reading and changing settings.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "config/app/ports.h"

namespace imece::config {

struct Caller {
    std::string actor;  ///< "user:" or "service:" and the id.
    std::string trace_parent;
};

/// What a change is written down with.
class Scribe {
public:
    Scribe(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
    Wanted wanted(const Caller& caller, const std::string& subject, std::uint64_t expected) const;

private:
    const Clock& clock_;
    Random& random_;
};

/// Sets a key, or takes it back.
class ChangeSetting {
public:
    struct Deps {
        ConfigStore& store;
        const KeyTable& keys;
        Scribe scribe;
    };
    explicit ChangeSetting(const Deps& deps) : deps_(deps) {}

    /// Errors: SETTING_UNKNOWN, SETTING_INVALID; those of ConfigStore::set().
    Result<Setting> set(const Caller& caller, const std::string& key, const std::string& value,
                        std::uint64_t expected) const;
    /// Errors: SETTING_UNKNOWN; those of ConfigStore::reset().
    Status reset(const Caller& caller, const std::string& key, std::uint64_t expected) const;

private:
    Deps deps_;
};

}  // namespace imece::config
