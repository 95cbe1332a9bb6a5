// Settings, for the commands that change them.
#pragma once

#include <string>

#include "imece/cli/backend.h"
#include "imece/config/v1/config.grpc.pb.h"

namespace imece::cli {

namespace pb = imece::config::v1;
using ConfigStub = pb::ConfigService::Stub;

Result<pb::Setting> get_setting(Backend& backend, const std::string& key);

struct NewSetting {
    std::string key, value;
    std::uint64_t expected_revision = 0;
};
/// Sets it and says what it is then.
Status set_setting(Shell& shell, Backend& backend, const NewSetting& wanted, bool json);

}  // namespace imece::cli
