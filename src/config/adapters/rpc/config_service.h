// imece.config.v1.ConfigService and SecretService.
#pragma once

#include <memory>

#include "config/app/secrets.h"
#include "config/app/settings.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}  // namespace imece::runtime

namespace imece::config {

class Watches;

/// All outlive the services, and the services outlive the server.
struct ConfigServiceDeps {
    ConfigStore& store;
    const KeyTable& keys;
    const ChangeSetting& change;
    Watches& watches;
    runtime::Door& door;
};
std::shared_ptr<grpc::Service> make_config_service(const ConfigServiceDeps& deps);
std::shared_ptr<grpc::Service> make_secret_service(ConfigStore& store, const KeepSecrets& secrets,
                                                   runtime::Door& door);

}  // namespace imece::config
