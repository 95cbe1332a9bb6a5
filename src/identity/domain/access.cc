#include "identity/domain/access.h"

namespace imece::identity {

std::string actor_of(const Caller& caller) {
    switch (caller.kind) {
        case Caller::Kind::kUser: return actor_of(caller.user);
        case Caller::Kind::kDevice: return actor_of(caller.device);
        case Caller::Kind::kService:
        case Caller::Kind::kAnonymous: return {};
    }
    return {};
}

std::string actor_of(const UserId& user) {
    return "user:" + to_text(user);
}

std::string actor_of(const DeviceId& device) {
    return "device:" + to_text(device);
}

bool may_read(const Caller& caller, const UserId& user) {
    if (caller.kind != Caller::Kind::kUser) return false;
    return caller.user == user || caller.roles.has(Role::kOperator);
}

bool may_read_personal(const Caller& caller, const Device& device) {
    switch (caller.kind) {
        case Caller::Kind::kService: return true;
        case Caller::Kind::kDevice: return caller.device == device.id;
        case Caller::Kind::kUser:
            return caller.user == device.rights.owner || caller.roles.has(Role::kResponder) ||
                   caller.roles.has(Role::kDispatcher) || caller.roles.has(Role::kOperator);
        case Caller::Kind::kAnonymous: return false;
    }
    return false;
}

bool may_revoke(const Caller& caller, const DeviceId& device) {
    if (caller.kind == Caller::Kind::kDevice) return caller.device == device;
    return caller.kind == Caller::Kind::kUser &&
           (caller.roles.has(Role::kDispatcher) || caller.roles.has(Role::kOperator));
}

}  // namespace imece::identity
