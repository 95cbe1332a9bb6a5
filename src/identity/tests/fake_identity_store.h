// Identity's store in memory, for tests: right as it comes, wrong in one way where a test wants that.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "identity/app/ports.h"
#include "runtime/bus/outbox.h"

namespace imece::identity::testing {

/// What a careless adapter may get wrong.
enum class Fault {
    kNone,
    kDropsLastWrite,     ///< Acknowledges a new user and does not store it.
    kQuotaOverrun,       ///< Checks the quota before it takes the lock, one too late.
    kQuotaTwice,         ///< Counts a repeated enrolment again.
    kRefreshTokenTwice,  ///< Takes a refresh token that was exchanged long ago.
    kOutboxReordered,    ///< Hands events out in another order than that of the commits.
    kOutboxGaps,         ///< Gives a position to a change that is refused.
    kEventLost,          ///< Stores the state without its event.
    kEventOfRefused,     ///< Keeps the event of a change that it refuses.
    kRevokedSignsIn,     ///< Does not look at the revocation when it stores a session.
    kSetUpTwice,         ///< Does not forget the set-up token.
    kNameTakenTwice,     ///< Checks the name under one lock and stores under another.
};

class FakeIdentityStore final : public IdentityStore, public runtime::OutboxReader {
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
            if (found == users_.end())
                return fail(ErrorCode::kNotFound, "USER_UNKNOWN", "no user has this id");
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

    Status add_session(const Session& session, const Limits& limits) override {
        return locked<void>([&]() -> Status {
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
    std::vector<runtime::Event> outbox_;
    std::uint64_t skipped_ = 0;
};

}  // namespace imece::identity::testing
