// Credentials and events as protobuf messages.
#pragma once

#include "identity/app/ports.h"

namespace imece::identity {

class ProtoWire final : public Wire {
public:
    std::string credential(const Credential& credential) const override;
    std::string device_enrolled(const Device& device,
                                const SignedCredential& credential) const override;
    std::string device_revoked(const DeviceId& device, const std::string& cause) const override;
    std::string user_created(const UserId& user) const override;
    std::string user_changed(const UserId& user) const override;
    std::string check_in_recorded(const CheckInId& check_in,
                                  const crypto::Digest& commitment) const override;
    std::string check_in_erased(const CheckInId& check_in) const override;
    std::string desk_changed(const Desk& desk) const override;
};

}  // namespace imece::identity
