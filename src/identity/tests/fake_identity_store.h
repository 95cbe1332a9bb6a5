// Identity's store in memory, for tests: right as it comes, wrong in one way where a test wants that.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/result.h"
#include "identity/app/check_ins.h"
#include "runtime/bus/outbox.h"

namespace imece::identity::testing {

/// What a careless adapter may get wrong.
enum class Fault {
    kNone,
    kDropsLastWrite,      ///< Acknowledges a new user and does not store it.
    kQuotaOverrun,        ///< Checks the quota before it takes the lock, one too late.
    kQuotaTwice,          ///< Counts a repeated enrolment again.
    kRefreshTokenTwice,   ///< Takes a refresh token that was exchanged long ago.
    kOutboxReordered,     ///< Hands events out in another order than that of the commits.
    kOutboxGaps,          ///< Gives a position to a change that is refused.
    kEventLost,           ///< Stores the state without its event.
    kEventOfRefused,      ///< Keeps the event of a change that it refuses.
    kRevokedSignsIn,      ///< Does not look at the revocation when it stores a session.
    kSetUpTwice,          ///< Does not forget the set-up token.
    kNameTakenTwice,      ///< Checks the name under one lock and stores under another.
    kDisabledSignsIn,     ///< Does not look whether the user is disabled when it stores a session.
    kLastOperatorGoes,    ///< Disables and erases whom it is asked to.
    kErasureLeavesOwner,  ///< Erases the user and leaves their devices as they were.
    kErasureLeavesRecorder,  ///< Erases the user and leaves their mark on check-ins.
    kCheckInOverwritten,     ///< Takes another check-in with an id that is taken.
    kOldestCheckInFirst,     ///< Finds them in the wrong order.
};

class FakeIdentityStore final : public IdentityStore,
                                public CheckInStore,
                                public runtime::OutboxReader {
public:
    explicit FakeIdentityStore(Fault fault = Fault::kNone) : fault_(fault) {}

    bool down = false;  ///< Every call fails with STORE_DOWN.

    Result<bool> has_users() override {
        return locked<bool>([&]() -> Result<bool> { return !users_.empty(); });
    }
    Result<std::optional<crypto::Digest>> setup_token() override {
        return locked<std::optional<crypto::Digest>>(
            [&]() -> Result<std::optional<crypto::Digest>> { return setup_; });
    }
    Status offer_setup(const crypto::Digest& token_hash) override {
        return locked<void>([&]() -> Status {
            if (!users_.empty()) return refuse_setup();
            setup_ = token_hash;
            return {};
        });
    }
    Status set_up(const crypto::Digest& token_hash, const UserRecord& first,
                  const NewEvent& event) override {
        return locked<void>([&]() -> Status {
            const bool too_late = !users_.empty() && fault_ != Fault::kSetUpTwice;
            if (too_late || !setup_ || *setup_ != token_hash) return refuse_setup();
            if (fault_ != Fault::kSetUpTwice) setup_.reset();
            return insert_user(first, event);
        });
    }

    Status add_user(const UserRecord& user, const NewEvent& event) override {
        if (fault_ == Fault::kNameTakenTwice) {
            IMECE_TRY(const auto known, find_login(user.user.name));
            std::this_thread::yield();
            if (known) return name_taken();
        }
        return locked<void>([&] { return insert_user(user, event); });
    }
    Result<User> find_user(const UserId& id) override {
        return locked<User>([&]() -> Result<User> {
            const auto found = users_.find(id);
            if (found == users_.end()) return no_user();
            return found->second.user;
        });
    }
    Result<std::optional<UserRecord>> find_login(const std::string& name) override {
        return locked<std::optional<UserRecord>>([&]() -> Result<std::optional<UserRecord>> {
            for (const auto& [id, record] : users_)
                if (record.user.name == name) return record;
            return std::nullopt;
        });
    }
    Result<std::vector<User>> list_users(const Page& page) override {
        return locked<std::vector<User>>([&]() -> Result<std::vector<User>> {
            std::vector<User> out;
            for (auto it = users_.upper_bound({page.after});
                 it != users_.end() && out.size() < page.size; ++it)
                out.push_back(it->second.user);
            return out;
        });
    }

    Result<Disabled> disable_user(const UserId& id, TimePoint now, const NewEvent& event) override {
        return locked<Disabled>([&]() -> Result<Disabled> {
            const auto found = users_.find(id);
            if (found == users_.end()) return no_user();
            User& user = found->second.user;
            if (user.disabled_at) return Disabled{user, {}};
            IMECE_CHECK(check_operator_left(user));
            user.disabled_at = now;
            append(event);
            return Disabled{user, end_sessions_of(id)};
        });
    }
    Result<User> enable_user(const UserId& id, const NewEvent& event) override {
        return locked<User>([&]() -> Result<User> {
            const auto found = users_.find(id);
            if (found == users_.end()) return no_user();
            if (std::exchange(found->second.user.disabled_at, std::nullopt)) append(event);
            return found->second.user;
        });
    }
    Result<Holdings> holdings(const UserId& id) override {
        return locked<Holdings>([&]() -> Result<Holdings> {
            const auto found = users_.find(id);
            if (found == users_.end()) return no_user();
            Holdings out{.user = found->second.user,
                         .sessions = {},
                         .devices = devices_of(id),
                         .enrolment_tokens = {},
                         .check_ins = {}};
            for (const auto& [key, session] : sessions_)
                if (session.subject == Subject::of(id)) out.sessions.push_back(session);
            for (const auto& [hash, token] : enrolment_)
                if (token.rights.owner == id) out.enrolment_tokens.push_back(token);
            for (const auto& [key, check_in] : check_ins_)
                if (recorded(id, out.devices, check_in)) out.check_ins.push_back(key);
            return out;
        });
    }
    Result<Erased> erase_user(const UserId& id, TimePoint now, const NewEvent& event,
                              const std::function<NewEvent(const DeviceId&)>& revoked) override {
        return locked<Erased>([&]() -> Result<Erased> {
            const auto found = users_.find(id);
            if (found == users_.end()) return no_user();
            IMECE_CHECK(check_operator_left(found->second.user));
            Erased out{.sessions = end_sessions_of(id), .devices = {}};
            const std::vector<Device> devices = devices_of(id);
            for (auto& [key, check_in] : check_ins_)
                if (recorded(id, devices, check_in) && fault_ != Fault::kErasureLeavesRecorder)
                    check_in.recorded_by.clear();
            for (const Device& device : devices) {
                if (fault_ == Fault::kErasureLeavesOwner) break;
                Device& kept = devices_.at(device.id);
                kept.label.clear();
                kept.rights.owner = {};
                if (kept.revoked_at) continue;
                kept.revoked_at = now;
                out.devices.push_back({device.id, device.credential_until});
                append(revoked(device.id));
            }
            std::erase_if(enrolment_,
                          [&](const auto& entry) { return entry.second.rights.owner == id; });
            users_.erase(id);
            append(event);
            return out;
        });
    }

    Result<CheckIn> add(const CheckIn& check_in, const std::vector<std::string>&, Duration keep,
                        const NewEvent& event) override {
        return locked<CheckIn>([&]() -> Result<CheckIn> {
            const auto known = check_ins_.find(check_in.id);
            if (known != check_ins_.end() && fault_ != Fault::kCheckInOverwritten) {
                CheckIn same = known->second;
                same.at = check_in.at;
                same.salt = check_in.salt;
                if (same == check_in) return known->second;
                return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "another");
            }
            if (forgotten_check_ins_.contains(check_in.id))
                return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "it was erased");
            std::erase_if(check_ins_, [&](const auto& entry) {
                const bool old = entry.second.at < check_in.at - keep;
                if (old) forgotten_check_ins_.insert(entry.first);
                return old;
            });
            check_ins_[check_in.id] = check_in;
            append(event);
            return check_in;
        });
    }
    Result<CheckIn> find_check_in(const CheckInId& id) override {
        return locked<CheckIn>([&]() -> Result<CheckIn> {
            const auto found = check_ins_.find(id);
            if (found == check_ins_.end()) return no_check_in();
            return found->second;
        });
    }
    Result<std::vector<CheckIn>> by_phone(const std::string& phone, std::size_t max) override {
        return newest(max, [&](const CheckIn& one) { return one.phone == phone; });
    }
    Result<std::vector<CheckIn>> by_name(const std::vector<std::string>& beginnings,
                                         std::size_t max) override {
        return newest(max, [&](const CheckIn& one) { return name_fits(one.name, beginnings); });
    }
    Status erase_check_in(const CheckInId& id, const NewEvent& event) override {
        return locked<void>([&]() -> Status {
            if (check_ins_.erase(id) == 0) return no_check_in();
            forgotten_check_ins_.insert(id);
            append(event);
            return {};
        });
    }

    Status add_session(const Session& session, const Limits& limits) override {
        return locked<void>([&]() -> Status {
            if (session.subject.kind == Subject::Kind::kUser) {
                const auto user = users_.find(session.subject.user());
                const bool may = user != users_.end() && !user->second.user.disabled_at;
                if (!may && fault_ != Fault::kDisabledSignsIn)
                    return fail(ErrorCode::kUnauthenticated, "LOGIN_REFUSED", "disabled");
            }
            insert_session(session, limits);
            return {};
        });
    }
    Result<Refreshed> refresh_session(const crypto::Digest& presented, const crypto::Digest& next,
                                      TimePoint now, const Limits& limits) override {
        return locked<Refreshed>([&]() -> Result<Refreshed> {
            const auto token = tokens_.find(presented);
            if (token == tokens_.end() || !sessions_.contains(token->second))
                return fail(ErrorCode::kUnauthenticated, "REFRESH_REFUSED", "not known");
            Session& session = sessions_.at(token->second);
            if (fault_ == Fault::kRefreshTokenTwice) session.current = presented;
            Refreshed out{.verdict = refresh(session, presented, next, now, limits)};
            out.session = session;
            if (out.verdict == Refresh::kReused)
                end_session(session.id, session.access_until);
            else if (out.verdict != Refresh::kExpired)
                tokens_[next] = out.session.id;
            return out;
        });
    }
    Result<std::optional<TimePoint>> revoke_session(const SessionId& id) override {
        return locked<std::optional<TimePoint>>([&]() -> Result<std::optional<TimePoint>> {
            const auto found = sessions_.find(id);
            if (found == sessions_.end()) return std::nullopt;
            const TimePoint until = found->second.access_until;
            end_session(id, until);
            return until;
        });
    }

    Result<std::vector<Revocations::OfSession>> revoke_sessions(const UserId& user) override {
        return locked<std::vector<Revocations::OfSession>>(
            [&]() -> Result<std::vector<Revocations::OfSession>> {
                if (!users_.contains(user)) return no_user();
                return end_sessions_of(user);
            });
    }

    Status add_enrolment_token(const EnrolmentToken& token, TimePoint) override {
        return locked<void>([&]() -> Status {
            enrolment_[token.hash] = token;
            return {};
        });
    }
    Result<EnrolmentToken> find_enrolment_token(const crypto::Digest& hash) override {
        return locked<EnrolmentToken>([&]() -> Result<EnrolmentToken> {
            const auto found = enrolment_.find(hash);
            if (found == enrolment_.end()) return refuse_enrolment();
            return found->second;
        });
    }
    Result<Device> enrol(const Device& wanted, TimePoint now, const NewEvent& event) override {
        return locked<Device>([&]() -> Result<Device> {
            const auto token = enrolment_.find(wanted.enrolled_with);
            if (token == enrolment_.end()) return refuse_enrolment();
            const auto known = devices_.find(wanted.id);
            EnrolmentToken judged = token->second;
            if (fault_ == Fault::kQuotaOverrun) ++judged.quota;
            const auto enrolment =
                judge_enrolment(judged, known == devices_.end() ? nullptr : &known->second, now);
            if (!enrolment) {
                if (fault_ == Fault::kEventOfRefused) append(event);
                if (fault_ == Fault::kOutboxGaps) ++skipped_;
                return std::unexpected(enrolment.error());
            }
            if (*enrolment != Enrolment::kRepeated || fault_ == Fault::kQuotaTwice)
                ++token->second.used;
            Device device = wanted;
            if (known != devices_.end()) {
                device.label = known->second.label;
                device.enrolled_at = known->second.enrolled_at;
                device.credential_until =
                    std::max(device.credential_until, known->second.credential_until);
            }
            devices_[device.id] = device;
            if (fault_ != Fault::kEventLost) append(event);
            return device;
        });
    }
    Result<Device> find_device(const DeviceId& id) override {
        return locked<Device>([&]() -> Result<Device> {
            const auto found = devices_.find(id);
            if (found == devices_.end()) return no_device();
            return found->second;
        });
    }
    Result<std::vector<Device>> list_devices(const Page& page) override {
        return locked<std::vector<Device>>([&]() -> Result<std::vector<Device>> {
            std::vector<Device> out;
            for (auto it = devices_.upper_bound({page.after});
                 it != devices_.end() && out.size() < page.size; ++it)
                out.push_back(it->second);
            return out;
        });
    }
    Status sign_in_device(const Session& session, TimePoint credential_until, const NewEvent& event,
                          const Limits& limits) override {
        return locked<void>([&]() -> Status {
            const auto found = devices_.find(session.subject.device());
            if (found == devices_.end()) return no_device();
            if (found->second.revoked_at && fault_ != Fault::kRevokedSignsIn)
                return fail(ErrorCode::kPermissionDenied, "DEVICE_REVOKED", "revoked");
            found->second.credential_until =
                std::max(found->second.credential_until, credential_until);
            insert_session(session, limits);
            append(event);
            return {};
        });
    }
    Result<Revoked> revoke_device(const DeviceId& id, TimePoint now,
                                  const NewEvent& event) override {
        return locked<Revoked>([&]() -> Result<Revoked> {
            const auto found = devices_.find(id);
            if (found == devices_.end()) return no_device();
            Revoked out{.device = found->second};
            if (found->second.revoked_at) return out;
            out.newly = true;
            out.device.revoked_at = found->second.revoked_at = now;
            std::erase_if(sessions_, [&](const auto& entry) {
                return entry.second.subject == Subject::of(id);
            });
            append(event);
            return out;
        });
    }
    Result<Revocations> revocations(TimePoint now) override {
        return locked<Revocations>([&]() -> Result<Revocations> {
            Revocations out;
            for (const auto& [id, device] : devices_)
                if (device.revoked_at && device.credential_until > now)
                    out.devices.push_back({id, device.credential_until});
            for (const auto& [id, until] : ended_)
                if (until > now) out.sessions.push_back({id, until});
            return out;
        });
    }

    Status add_desk(const Desk& desk, const NewEvent& event) override {
        return locked<void>([&]() -> Status {
            for (const auto& [id, other] : desks_)
                if (other.name == desk.name)
                    return fail(ErrorCode::kAlreadyExists, "DESK_NAME_TAKEN", "taken");
            desks_[desk.id] = desk;
            append(event);
            return {};
        });
    }
    Result<std::vector<Desk>> list_desks(const Page& page) override {
        return locked<std::vector<Desk>>([&]() -> Result<std::vector<Desk>> {
            std::vector<Desk> out;
            for (auto it = desks_.upper_bound({page.after});
                 it != desks_.end() && out.size() < page.size; ++it)
                out.push_back(it->second);
            return out;
        });
    }
    Result<Desk> add_desk_device(const GroupId& id, const DeviceId& device,
                                 const std::function<NewEvent(const Desk&)>& tell) override {
        return locked<Desk>([&]() -> Result<Desk> {
            const auto desk = desks_.find(id);
            if (desk == desks_.end()) return fail(ErrorCode::kNotFound, "DESK_UNKNOWN", "none");
            if (!devices_.contains(device)) return no_device();
            auto& members = desk->second.devices;
            const auto place = std::ranges::lower_bound(members, device);
            if (place != members.end() && *place == device) return desk->second;
            if (members.size() >= kDeskDevicesMax)
                return fail(ErrorCode::kFailedPrecondition, "DESK_FULL", "full");
            members.insert(place, device);
            append(tell(desk->second));
            return desk->second;
        });
    }

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        return locked<std::vector<runtime::Event>>([&]() -> Result<std::vector<runtime::Event>> {
            std::vector<runtime::Event> out;
            for (const runtime::Event& event : outbox_)
                if (event.position > position && out.size() < max) out.push_back(event);
            if (fault_ == Fault::kOutboxReordered) std::ranges::reverse(out);
            return out;
        });
    }
    std::uint64_t last_position() override {
        const std::scoped_lock lock(mutex_);
        return outbox_.empty() ? 0 : outbox_.back().position;
    }

private:
    static std::unexpected<Error> refuse_setup() {
        return fail(ErrorCode::kPermissionDenied, "SETUP_TOKEN_INVALID", "wrong or used");
    }
    static std::unexpected<Error> refuse_enrolment() {
        return fail(ErrorCode::kPermissionDenied, "ENROLMENT_REFUSED", "not known");
    }
    static std::unexpected<Error> no_device() {
        return fail(ErrorCode::kNotFound, "DEVICE_UNKNOWN", "no device has this id");
    }
    static std::unexpected<Error> no_user() {
        return fail(ErrorCode::kNotFound, "USER_UNKNOWN", "no user has this id");
    }
    static std::unexpected<Error> no_check_in() {
        return fail(ErrorCode::kNotFound, "CHECK_IN_UNKNOWN", "no check-in has this id");
    }
    static std::unexpected<Error> name_taken() {
        return fail(ErrorCode::kAlreadyExists, "USER_NAME_TAKEN", "taken");
    }

    template <class T, class Work>
    Result<T> locked(const Work& work) {
        const std::scoped_lock lock(mutex_);
        if (down) return fail(ErrorCode::kUnavailable, "STORE_DOWN", "as the test asked");
        return work();
    }
    Status insert_user(const UserRecord& record, const NewEvent& event) {
        if (fault_ != Fault::kNameTakenTwice)
            for (const auto& [id, other] : users_)
                if (other.user.name == record.user.name) return name_taken();
        if (fault_ != Fault::kDropsLastWrite) users_[record.user.id] = record;
        append(event);
        return {};
    }
    Status check_operator_left(const User& user) const {
        if (user.disabled_at || !user.roles.has(Role::kOperator)) return {};
        for (const auto& [id, other] : users_)
            if (id != user.id && other.user.roles.has(Role::kOperator) && !other.user.disabled_at)
                return {};
        if (fault_ == Fault::kLastOperatorGoes) return {};
        return fail(ErrorCode::kFailedPrecondition, "LAST_OPERATOR", "the last one");
    }
    std::vector<Revocations::OfSession> end_sessions_of(const UserId& user) {
        std::vector<Revocations::OfSession> ended;
        for (const auto& [id, session] : sessions_)
            if (session.subject == Subject::of(user)) ended.push_back({id, session.access_until});
        for (const auto& [id, until] : ended) end_session(id, until);
        return ended;
    }
    std::vector<Device> devices_of(const UserId& owner) const {
        std::vector<Device> out;
        for (const auto& [id, device] : devices_)
            if (device.rights.owner == owner) out.push_back(device);
        return out;
    }
    static bool recorded(const UserId& user, const std::vector<Device>& devices,
                         const CheckIn& check_in) {
        return check_in.recorded_by == actor_of(user) ||
               std::ranges::any_of(devices, [&](const Device& device) {
                   return check_in.recorded_by == actor_of(device.id);
               });
    }
    Result<std::vector<CheckIn>> newest(std::size_t max,
                                        const std::function<bool(const CheckIn&)>& wanted) {
        return locked<std::vector<CheckIn>>([&]() -> Result<std::vector<CheckIn>> {
            std::vector<CheckIn> out;
            for (const auto& [id, check_in] : check_ins_)
                if (wanted(check_in)) out.push_back(check_in);
            std::ranges::sort(out, [&](const CheckIn& a, const CheckIn& b) {
                const bool newer = std::tie(a.at, a.id) > std::tie(b.at, b.id);
                return fault_ == Fault::kOldestCheckInFirst ? !newer : newer;
            });
            if (out.size() > max) out.resize(max);
            return out;
        });
    }
    void insert_session(const Session& session, const Limits& limits) {
        std::vector<std::pair<TimePoint, SessionId>> mine;
        for (const auto& [id, other] : sessions_)
            if (other.subject == session.subject) mine.emplace_back(other.created_at, id);
        std::ranges::sort(mine);
        for (std::size_t i = 0; i + limits.sessions_per_subject <= mine.size(); ++i)
            sessions_.erase(mine[i].second);
        sessions_[session.id] = session;
        tokens_[session.current] = session.id;
    }
    void end_session(SessionId id, TimePoint until) {
        ended_[id] = until;
        sessions_.erase(id);
    }
    void append(const NewEvent& event) {
        const std::uint64_t last = outbox_.empty() ? 0 : outbox_.back().position;
        outbox_.push_back({.id = event.id,
                           .type = event.type,
                           .subject = event.subject,
                           .time = event.time,
                           .trace_parent = event.trace_parent,
                           .actor = event.actor,
                           .data = event.data,
                           .position = last + 1 + std::exchange(skipped_, 0)});
    }

    const Fault fault_;
    std::mutex mutex_;
    std::optional<crypto::Digest> setup_;
    std::map<UserId, UserRecord> users_;
    std::map<SessionId, Session> sessions_;
    std::map<crypto::Digest, SessionId> tokens_;
    std::map<SessionId, TimePoint> ended_;
    std::map<crypto::Digest, EnrolmentToken> enrolment_;
    std::map<DeviceId, Device> devices_;
    std::map<GroupId, Desk> desks_;
    std::map<CheckInId, CheckIn> check_ins_;
    std::set<CheckInId> forgotten_check_ins_;
    std::vector<runtime::Event> outbox_;
    std::uint64_t skipped_ = 0;
};

}  // namespace imece::identity::testing
