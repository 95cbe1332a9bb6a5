// Enrolling devices, signing them in, revoking them.
#pragma once

#include <mutex>

#include "identity/app/issuer.h"
#include "identity/app/users.h"
#include "identity/domain/challenge_book.h"

namespace imece::identity {

class CreateEnrolmentToken {
public:
    struct Wanted {
        std::uint32_t quota = 1;
        std::optional<Duration> expires_in;
        Rights rights;  ///< Empty sets stand for LIFE_CRITICAL and COMMUNICATION, and ENDPOINT.
    };
    struct Made {
        std::string text;  ///< Shown once.
        EnrolmentToken token;
    };
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
    };
    explicit CreateEnrolmentToken(Deps deps) : deps_(deps) {}
    /// Errors: kInvalidArgument FIELD_INVALID; kNotFound USER_UNKNOWN for an owner that is not
    /// here.
    Result<Made> operator()(Wanted wanted) const;

private:
    Deps deps_;
};

class EnrolDevice {
public:
    struct Wanted {
        std::string token;
        crypto::PublicKey public_key{};
        std::string proof;
        std::string label;
    };
    struct Enrolled {
        Device device;
        SignedCredential credential;
    };
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
    };
    explicit EnrolDevice(Deps deps) : deps_(deps) {}
    /// Safe to repeat with the same key and token: the quota is used once.
    /// Errors: kPermissionDenied ENROLMENT_REFUSED, DEVICE_REVOKED; kUnauthenticated PROOF_INVALID.
    Result<Enrolled> operator()(const CallContext& call, const Wanted& wanted) const;

private:
    Deps deps_;
};

/// The open challenges of all devices, for CreateChallenge and SignInDevice. Thread-safe.
class Challenges {
public:
    explicit Challenges(const Limits& limits) : book_(limits) {}
    TimePoint add(const DeviceId& device, const Challenge& challenge, TimePoint now);
    bool take(const DeviceId& device, const Challenge& challenge, TimePoint now);

private:
    std::mutex mutex_;
    ChallengeBook book_;
};

class CreateChallenge {
public:
    struct Made {
        Challenge challenge{};
        TimePoint expires_at;
    };
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        Challenges& challenges;
    };
    explicit CreateChallenge(Deps deps) : deps_(deps) {}
    /// Errors: kNotFound DEVICE_UNKNOWN; kPermissionDenied DEVICE_REVOKED.
    Result<Made> operator()(const DeviceId& id) const;

private:
    Deps deps_;
};

/// Signs a device in by its signature over a challenge, and renews its credential.
class SignInDevice {
public:
    struct SignedIn {
        IssuedSession session;
        SignedCredential credential;
    };
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        Challenges& challenges;
    };
    explicit SignInDevice(Deps deps) : deps_(deps) {}
    /// A challenge is gone after the first answer, right or wrong.
    /// Errors: kNotFound DEVICE_UNKNOWN; kPermissionDenied DEVICE_REVOKED; kUnauthenticated
    /// CHALLENGE_INVALID, PROOF_INVALID.
    Result<SignedIn> operator()(const CallContext& call, const DeviceId& id,
                                const Challenge& challenge, const std::string& signature) const;

private:
    Deps deps_;
};

class GetDevice {
public:
    explicit GetDevice(IdentityStore& store) : store_(store) {}
    /// Without label and owner for who may not see them. Errors: kNotFound DEVICE_UNKNOWN.
    Result<Device> operator()(const CallContext& call, const DeviceId& id) const;

private:
    IdentityStore& store_;
};

class ListDevices {
public:
    explicit ListDevices(IdentityStore& store) : store_(store) {}
    /// Errors: kInvalidArgument PAGE_TOKEN_INVALID.
    Result<Listed<Device>> operator()(const CallContext& call, std::int32_t page_size,
                                      const std::string& page_token) const;

private:
    IdentityStore& store_;
};

class RevokeDevice {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        TrustNews& news;
    };
    explicit RevokeDevice(Deps deps) : deps_(deps) {}
    /// Safe to repeat. Errors: kPermissionDenied ROLE_MISSING; kNotFound DEVICE_UNKNOWN.
    Result<Device> operator()(const CallContext& call, const DeviceId& id,
                              const std::string& cause) const;

private:
    Deps deps_;
};

}  // namespace imece::identity
