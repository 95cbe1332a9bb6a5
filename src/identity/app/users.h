// Making and reading users.
#pragma once

#include "identity/app/issuer.h"

namespace imece::identity {

/// Offers the one-time link at a start of a site that has no user yet. A link that was written
/// before and still waits stays valid; gone or damaged, a new one takes its place.
class OfferSetup {
public:
    struct Deps {
        IdentityStore& store;
        Random& random;
        SetupLink& link;
    };
    explicit OfferSetup(Deps deps) : deps_(deps) {}
    /// The token of the link, or nothing when there is a user. Errors: kUnavailable STORE_DOWN.
    Result<std::optional<std::string>> operator()() const;

private:
    Deps deps_;
};

/// Makes the first operator, with the token of the one-time link.
class SetUp {
public:
    struct Deps {
        IdentityStore& store;
        PasswordHasher& passwords;
        SetupLink& link;
        const Issuer& issuer;
    };
    explicit SetUp(Deps deps) : deps_(deps) {}
    /// Errors: kPermissionDenied SETUP_TOKEN_INVALID; kInvalidArgument PASSWORD_TOO_WEAK;
    /// kResourceExhausted LOGIN_BUSY.
    Result<User> operator()(const CallContext& call, const std::string& token,
                            const std::string& name, const std::string& password) const;

private:
    Deps deps_;
};

class CreateUser {
public:
    struct Deps {
        IdentityStore& store;
        PasswordHasher& passwords;
        const Issuer& issuer;
    };
    explicit CreateUser(Deps deps) : deps_(deps) {}
    /// Errors: kInvalidArgument PASSWORD_TOO_WEAK; kAlreadyExists USER_NAME_TAKEN;
    /// kResourceExhausted LOGIN_BUSY.
    Result<User> operator()(const CallContext& call, const std::string& name,
                            const std::string& password, EnumSet<Role> roles) const;

private:
    Deps deps_;
};

class GetUser {
public:
    explicit GetUser(IdentityStore& store) : store_(store) {}
    /// Errors: kPermissionDenied ROLE_MISSING; kNotFound USER_UNKNOWN.
    Result<User> operator()(const CallContext& call, const UserId& id) const;

private:
    IdentityStore& store_;
};

class DisableUser {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        TrustNews& news;
    };
    explicit DisableUser(Deps deps) : deps_(deps) {}
    /// Safe to repeat. Errors: kNotFound USER_UNKNOWN; kFailedPrecondition LAST_OPERATOR.
    Result<User> operator()(const CallContext& call, const UserId& id) const;

private:
    Deps deps_;
};

class EnableUser {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
    };
    explicit EnableUser(Deps deps) : deps_(deps) {}
    /// Safe to repeat. Errors: kNotFound USER_UNKNOWN.
    Result<User> operator()(const CallContext& call, const UserId& id) const;

private:
    Deps deps_;
};

class EndSessions {
public:
    struct Deps {
        IdentityStore& store;
        TrustNews& news;
    };
    explicit EndSessions(Deps deps) : deps_(deps) {}
    /// Ends all of a user's; how many. Errors: kPermissionDenied ROLE_MISSING; kNotFound USER_UNKNOWN.
    Result<std::uint32_t> operator()(const CallContext& call, const UserId& id) const;

private:
    Deps deps_;
};

class ExportUser {
public:
    explicit ExportUser(IdentityStore& store) : store_(store) {}
    /// Errors: kPermissionDenied ROLE_MISSING; kNotFound USER_UNKNOWN.
    Result<Holdings> operator()(const CallContext& call, const UserId& id) const;

private:
    IdentityStore& store_;
};

class EraseUser {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        TrustNews& news;
    };
    explicit EraseUser(Deps deps) : deps_(deps) {}
    /// How many devices were revoked with it.
    /// Errors: kPermissionDenied ROLE_MISSING; kNotFound USER_UNKNOWN; kFailedPrecondition LAST_OPERATOR.
    Result<std::uint32_t> operator()(const CallContext& call, const UserId& id) const;

private:
    Deps deps_;
};

/// One page of a list; the token is empty on the last.
template <class Item>
struct Listed {
    std::vector<Item> items;
    std::string next_page_token;
};

class ListUsers {
public:
    explicit ListUsers(IdentityStore& store) : store_(store) {}
    /// Errors: kInvalidArgument PAGE_TOKEN_INVALID.
    Result<Listed<User>> operator()(std::int32_t page_size, const std::string& page_token) const;

private:
    IdentityStore& store_;
};

}  // namespace imece::identity
