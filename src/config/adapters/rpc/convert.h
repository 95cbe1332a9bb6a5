// Config's values on the wire, and its keys as the contract lists them.
#pragma once

#include "config/app/settings.h"
#include "imece/config/v1/config.pb.h"
#include "runtime/rpc/door.h"

namespace imece::config {

/// The keys that runtime/settings/key.h gives.
class ContractKeys final : public KeyTable {
public:
    Status check_key(const std::string& key) const override;
    Result<std::string> check_value(const std::string& key,
                                    const std::string& value) const override;
};

Caller caller_of(const runtime::Call& call);
/// A key that there is; `set` where it is set.
void fill(const std::string& key, const std::optional<Setting>& set, v1::Setting& wire);
void fill(const Change& change, v1::SettingChange& wire);
void fill(const Secret& secret, v1::Secret& wire);

}  // namespace imece::config
