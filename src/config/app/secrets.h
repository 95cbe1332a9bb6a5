// Keeping secrets: values go in sealed, and come out to the site's services only.
#pragma once

#include <shared_mutex>

#include "config/app/settings.h"

namespace imece::config {

class KeepSecrets {
public:
    struct Deps {
        ConfigStore& store;
        Sealer& sealer;
        Scribe scribe;
    };
    explicit KeepSecrets(const Deps& deps) : deps_(deps) {}

    /// Errors: SEALING_KEY_LOCKED; those of ConfigStore::put_secret().
    Result<Secret> set(const Caller& caller, const std::string& name, const std::string& value,
                       std::uint64_t expected) const;
    /// Errors: those of ConfigStore::delete_secret().
    Status erase(const Caller& caller, const std::string& name, std::uint64_t expected) const;

    struct Opened {
        std::string value;
        std::uint64_t revision = 0;
    };
    /// Errors: SECRET_UNKNOWN, SEALING_KEY_LOCKED; kDataLoss DATA_MALFORMED.
    Result<Opened> open(const std::string& name) const;

    /// A new sealing key for all of them; says how many there are. Killed at any moment, every secret still opens: the
    /// old key goes only when nothing is sealed with it. Errors: SEALING_KEY_LOCKED; kUnavailable STORE_DOWN.
    Result<std::size_t> rotate_key(const Caller& caller) const;
    /// Ends a rotation that a crash cut off; nothing to do where none was. At the start, before the first call.
    Status end_rotation() const;

private:
    Result<std::size_t> reseal(const Caller& caller) const;

    Deps deps_;
    /// Between sealing and storing, and between reading and opening, no key goes.
    mutable std::shared_mutex rotating_;
};

}  // namespace imece::config
