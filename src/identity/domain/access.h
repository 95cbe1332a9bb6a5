// Who may see and do what, beyond what the rpc's own rules ask for.
#pragma once

#include "identity/domain/values.h"

namespace imece::identity {

/// The verified principal behind a call. Anonymous when it is neither user, device nor service.
struct Caller {
    enum class Kind { kAnonymous, kUser, kDevice, kService };
    Kind kind = Kind::kAnonymous;
    UserId user;      ///< Of a user.
    DeviceId device;  ///< Of a device.
    EnumSet<Role> roles;
    SessionId session;
};

/// "user:" or "device:" and the id; empty for nobody known. Part of what audits show.
std::string actor_of(const Caller& caller);
std::string actor_of(const UserId& user);
std::string actor_of(const DeviceId& device);

/// A user reads themselves; operators read everyone.
bool may_read(const Caller& caller, const UserId& user);
/// Everybody may learn a device's key, to seal to it. Its label and owner are personal: for
/// responders, dispatchers, operators and services, for the device itself and for its owner.
bool may_read_personal(const Caller& caller, const Device& device);
/// A device revokes itself; dispatchers and operators revoke any.
bool may_revoke(const Caller& caller, const DeviceId& device);

}  // namespace imece::identity
