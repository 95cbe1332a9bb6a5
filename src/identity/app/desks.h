// Desks and the devices that answer for them.
#pragma once

#include "identity/app/issuer.h"
#include "identity/app/users.h"

namespace imece::identity {

class CreateDesk {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
    };
    explicit CreateDesk(Deps deps) : deps_(deps) {}
    /// Errors: kInvalidArgument KEY_INVALID for a key that nothing can be sealed to; kAlreadyExists
    /// DESK_NAME_TAKEN.
    Result<Desk> operator()(const CallContext& call, const std::string& name,
                            const crypto::PublicKey& public_key) const;

private:
    Deps deps_;
};

class ListDesks {
public:
    explicit ListDesks(IdentityStore& store) : store_(store) {}
    /// Errors: kInvalidArgument PAGE_TOKEN_INVALID.
    Result<Listed<Desk>> operator()(std::int32_t page_size, const std::string& page_token) const;

private:
    IdentityStore& store_;
};

class AddDeskDevice {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
    };
    explicit AddDeskDevice(Deps deps) : deps_(deps) {}
    /// Safe to repeat. Errors: kNotFound DESK_UNKNOWN, DEVICE_UNKNOWN; kFailedPrecondition
    /// DESK_FULL.
    Result<Desk> operator()(const CallContext& call, const GroupId& desk,
                            const DeviceId& device) const;

private:
    Deps deps_;
};

}  // namespace imece::identity
