// What identity's use cases need from the world.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "identity/domain/check_in.h"
#include "identity/domain/enrolment.h"
#include "identity/domain/page.h"
#include "identity/domain/session.h"
#include "identity/domain/values.h"

namespace imece::identity {

/// News for the other services, stored in the same commit as what it tells. The store gives it its
/// position.
struct NewEvent {
    EventId id;
    std::string type;     ///< "device.revoked.v1".
    std::string subject;  ///< The id, as text, of what it is about.
    TimePoint time;
    std::string trace_parent;
    std::string actor;  ///< As actor_of() gives it.
    std::string data;
};

struct UserRecord {
    User user;
    std::string password_hash;  ///< As PasswordHasher wrote it.
};

struct Refreshed {
    Refresh verdict = Refresh::kRotated;
    Session session;  ///< After the step.
};

struct Revoked {
    Device device;
    bool newly = false;  ///< False when it was revoked before: nothing was changed or told.
};

/// Who is refused although tokens or credentials of theirs are still within their time.
struct Revocations {
    struct OfDevice {
        DeviceId device;
        TimePoint until;  ///< When its last credential runs out.
    };
    struct OfSession {
        SessionId session;
        TimePoint until;  ///< When its last access token runs out.
    };
    std::vector<OfDevice> devices;
    std::vector<OfSession> sessions;
};

/// A user who may not go on, with the sessions that ended.
struct Disabled {
    User user;
    std::vector<Revocations::OfSession> sessions;
};

/// What the store has of a user.
struct Holdings {
    User user;
    std::vector<Session> sessions;
    std::vector<Device> devices;
    std::vector<EnrolmentToken> enrolment_tokens;  ///< Whose devices will be theirs.
    std::vector<CheckInId> check_ins;              ///< That they or their devices recorded.
};

struct Erased {
    std::vector<Revocations::OfSession> sessions;
    std::vector<Revocations::OfDevice> devices;  ///< Revoked now.
};

/// Where users, sessions, devices and desks rest. Adapters: SQLite.
///
/// Every method may be called from any thread. What changes something is one transaction: durable
/// with its event when it returns OK, without a trace when it returns another error than
/// STORE_DOWN. Transactions are serial, and events get the positions 1, 2, 3 … in the order of
/// their commits. Every method fails with kUnavailable STORE_DOWN when the store cannot be reached,
/// kDataLoss DATA_MALFORMED when it is damaged. All adapters pass tests/identity_store_contract.h.
class IdentityStore {
public:
    virtual ~IdentityStore() = default;

    // Set-up.
    virtual Result<bool> has_users() = 0;
    /// The hash of the set-up token that waits to be used, if any.
    virtual Result<std::optional<crypto::Digest>> setup_token() = 0;
    /// Replaces the set-up token. Errors: kPermissionDenied SETUP_TOKEN_INVALID once there is a
    /// user.
    virtual Status offer_setup(const crypto::Digest& token_hash) = 0;
    /// Stores the first user and forgets the token. Errors: kPermissionDenied SETUP_TOKEN_INVALID
    /// unless `token_hash` waits and there is no user.
    virtual Status set_up(const crypto::Digest& token_hash, const UserRecord& first,
                          const NewEvent& event) = 0;

    // Users.
    /// Errors: kAlreadyExists USER_NAME_TAKEN.
    virtual Status add_user(const UserRecord& user, const NewEvent& event) = 0;
    /// Errors: kNotFound USER_UNKNOWN.
    virtual Result<User> find_user(const UserId& id) = 0;
    virtual Result<std::optional<UserRecord>> find_login(const std::string& name) = 0;
    /// Ascending by id.
    virtual Result<std::vector<User>> list_users(const Page& page) = 0;
    /// Ends the user's sessions too. One who is disabled is left as they are: nothing is told.
    /// Errors: kNotFound USER_UNKNOWN; kFailedPrecondition LAST_OPERATOR.
    virtual Result<Disabled> disable_user(const UserId& id, TimePoint now,
                                          const NewEvent& event) = 0;
    /// One who is not disabled is left as they are: nothing is told. Errors: kNotFound USER_UNKNOWN.
    virtual Result<User> enable_user(const UserId& id, const NewEvent& event) = 0;
    /// Errors: kNotFound USER_UNKNOWN.
    virtual Result<Holdings> holdings(const UserId& id) = 0;
    /// Removes the user with all that holdings() gives, except that their devices stay, revoked, without label and owner, and
    /// check-ins without recorder. When it returns, no byte of what was removed is left in the files of the store. With `event` go
    /// the events that `revoked` makes of the devices. Errors: kNotFound USER_UNKNOWN; kFailedPrecondition LAST_OPERATOR.
    virtual Result<Erased> erase_user(const UserId& id, TimePoint now, const NewEvent& event,
                                      const std::function<NewEvent(const DeviceId&)>& revoked) = 0;

    // Sessions.
    /// Keeps at most `limits.sessions_per_subject` of a subject: the oldest makes room.
    /// Errors: kUnauthenticated LOGIN_REFUSED for a user who is disabled, or not there.
    virtual Status add_session(const Session& session, const Limits& limits) = 0;
    /// Finds the session to whose family `presented` belongs and takes one step of refresh(). On
    /// kReused the session is revoked.
    /// Errors: kUnauthenticated REFRESH_REFUSED for a token that no session knows.
    virtual Result<Refreshed> refresh_session(const crypto::Digest& presented,
                                              const crypto::Digest& next, TimePoint now,
                                              const Limits& limits) = 0;
    /// Ends a session; says until when its access tokens must be refused, nothing when it has
    /// ended before.
    virtual Result<std::optional<TimePoint>> revoke_session(const SessionId& id) = 0;
    /// Ends all of a user. Errors: kNotFound USER_UNKNOWN.
    virtual Result<std::vector<Revocations::OfSession>> revoke_sessions(const UserId& user) = 0;

    // Devices.
    virtual Status add_enrolment_token(const EnrolmentToken& token, TimePoint now) = 0;
    /// Errors: kPermissionDenied ENROLMENT_REFUSED.
    virtual Result<EnrolmentToken> find_enrolment_token(const crypto::Digest& hash) = 0;
    /// Judges the enrolment by judge_enrolment() and carries it out: a new device is stored as
    /// `wanted`; a known one keeps its label and time, takes `wanted.rights` and `enrolled_with`,
    /// and its `credential_until` grows. Gives the device as it is then. Errors: kPermissionDenied
    /// ENROLMENT_REFUSED, DEVICE_REVOKED.
    virtual Result<Device> enrol(const Device& wanted, TimePoint now, const NewEvent& event) = 0;
    /// Errors: kNotFound DEVICE_UNKNOWN.
    virtual Result<Device> find_device(const DeviceId& id) = 0;
    /// Ascending by id.
    virtual Result<std::vector<Device>> list_devices(const Page& page) = 0;
    /// Stores the session of a device and the end of the credential that it gets with it.
    /// Errors: kNotFound DEVICE_UNKNOWN; kPermissionDenied DEVICE_REVOKED.
    virtual Status sign_in_device(const Session& session, TimePoint credential_until,
                                  const NewEvent& event, const Limits& limits) = 0;
    /// Revokes the device and ends its sessions. Errors: kNotFound DEVICE_UNKNOWN.
    virtual Result<Revoked> revoke_device(const DeviceId& id, TimePoint now,
                                          const NewEvent& event) = 0;
    /// Those that still matter at `now`.
    virtual Result<Revocations> revocations(TimePoint now) = 0;

    // Desks.
    /// Errors: kAlreadyExists DESK_NAME_TAKEN.
    virtual Status add_desk(const Desk& desk, const NewEvent& event) = 0;
    /// Ascending by id.
    virtual Result<std::vector<Desk>> list_desks(const Page& page) = 0;
    /// Adds the device, unless it is there, with the event that `tell` makes of the desk as it is
    /// then. Errors: kNotFound DESK_UNKNOWN, DEVICE_UNKNOWN; kFailedPrecondition DESK_FULL.
    virtual Result<Desk> add_desk_device(const GroupId& desk, const DeviceId& device,
                                         const std::function<NewEvent(const Desk&)>& tell) = 0;
};

/// Argon2id, at most two computations at a time. Thread-safe.
class PasswordHasher {
public:
    virtual ~PasswordHasher() = default;
    /// Errors of both: kResourceExhausted LOGIN_BUSY when too many wait or no turn comes before
    /// `deadline`.
    virtual Result<std::string> hash(std::string_view password, SteadyPoint deadline) = 0;
    /// Whether `password` belongs to `hash`; without a hash it takes the same time and says no.
    virtual Result<bool> verify(std::string_view password, const std::optional<std::string>& hash,
                                SteadyPoint deadline) = 0;
};

struct AccessClaims {
    Subject subject;
    SessionId session;
    EnumSet<Role> roles;   ///< Of a user.
    bool carrier = false;  ///< A device that may carry for others.
    TimePoint issued_at;
    TimePoint expires_at;
};

/// Signs access tokens with the site's key. Thread-safe.
class TokenSigner {
public:
    virtual ~TokenSigner() = default;
    virtual std::string sign(const AccessClaims& claims) const = 0;
};

/// A credential as it travels.
struct SignedCredential {
    std::string bytes;  ///< imece.type.v1.Credential.
    crypto::Signature signature{};
};

/// The wire forms that use cases have to sign or store. Pure; thread-safe.
class Wire {
public:
    virtual ~Wire() = default;
    virtual std::string credential(const Credential& credential) const = 0;
    virtual std::string device_enrolled(const Device& device,
                                        const SignedCredential& credential) const = 0;
    virtual std::string device_revoked(const DeviceId& device, const std::string& cause) const = 0;
    virtual std::string user_created(const UserId& user) const = 0;
    virtual std::string user_changed(const UserId& user) const = 0;
    virtual std::string check_in_recorded(const CheckInId& check_in,
                                          const crypto::Digest& commitment) const = 0;
    virtual std::string check_in_erased(const CheckInId& check_in) const = 0;
    virtual std::string desk_changed(const Desk& desk) const = 0;
};

/// Tells every process of the site whom to refuse from now on; returns at once. Thread-safe.
class TrustNews {
public:
    virtual ~TrustNews() = default;
    virtual void device_revoked(const DeviceId& device, TimePoint until) = 0;
    virtual void session_revoked(const SessionId& session, TimePoint until) = 0;
};

/// The file with the one-time link that makes the first operator.
class SetupLink {
public:
    virtual ~SetupLink() = default;
    /// The token of the link that was written before; nothing when the file is gone or unreadable.
    virtual std::optional<std::string> read() = 0;
    /// Readable by the owner of the process only, durable when it returns.
    /// Errors: kUnavailable STORE_DOWN.
    virtual Status write(const std::string& token) = 0;
    virtual void remove() = 0;
};

}  // namespace imece::identity
