#include "config/app/settings.h"

#include "base/result.h"

namespace imece::config {

Wanted Scribe::wanted(const Caller& caller, const std::string& subject,
                      std::uint64_t expected) const {
    const TimePoint now = clock_.now();
    return {.id = {make_uuid_v7(now, random_)},
            .subject = subject,
            .expected_revision = expected,
            .at = now,
            .actor = caller.actor,
            .trace_parent = caller.trace_parent};
}

Result<Setting> ChangeSetting::set(const Caller& caller, const std::string& key,
                                   const std::string& value, std::uint64_t expected) const {
    IMECE_TRY(const std::string spelled, deps_.keys.check_value(key, value));
    return deps_.store.set(deps_.scribe.wanted(caller, key, expected), spelled);
}

Status ChangeSetting::reset(const Caller& caller, const std::string& key,
                            std::uint64_t expected) const {
    IMECE_CHECK(deps_.keys.check_key(key));
    return deps_.store.reset(deps_.scribe.wanted(caller, key, expected));
}

}  // namespace imece::config
