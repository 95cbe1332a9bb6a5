// Identity's store on SQLite: state and outbox in one file, one commit for both.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "identity/app/check_ins.h"
#include "runtime/bus/outbox.h"
#include "runtime/sql/database.h"

namespace imece::identity {

/// Thread-safe. Superseded events (an older device.enrolled.v1 or desk.changed.v1 of the same
/// subject) are dropped after a week, so the log is bounded by what there is, and a reader from 0
/// still gets the full state.
class SqliteStore final : public IdentityStore, public CheckInStore, public runtime::OutboxReader {
public:
    struct Options {
        std::filesystem::path path;  ///< Its directory exists.
        /// Runs after each commit that held an event, on the thread that asked for it.
        std::function<void()> on_event = [] {};
    };
    /// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
    static Result<std::unique_ptr<SqliteStore>> open(Options options);

    Result<bool> has_users() override;
    Result<std::optional<crypto::Digest>> setup_token() override;
    Status offer_setup(const crypto::Digest& token_hash) override;
    Status set_up(const crypto::Digest& token_hash, const UserRecord& first,
                  const NewEvent& event) override;

    Status add_user(const UserRecord& user, const NewEvent& event) override;
    Result<User> find_user(const UserId& id) override;
    Result<std::optional<UserRecord>> find_login(const std::string& name) override;
    Result<std::vector<User>> list_users(const Page& page) override;
    Result<Disabled> disable_user(const UserId& id, TimePoint now, const NewEvent& event) override;
    Result<User> enable_user(const UserId& id, const NewEvent& event) override;
    Result<Holdings> holdings(const UserId& id) override;
    Result<Erased> erase_user(const UserId& id, TimePoint now, const NewEvent& event,
                              const std::function<NewEvent(const DeviceId&)>& revoked) override;

    Status add_session(const Session& session, const Limits& limits) override;
    Result<Refreshed> refresh_session(const crypto::Digest& presented, const crypto::Digest& next,
                                      TimePoint now, const Limits& limits) override;
    Result<std::optional<TimePoint>> revoke_session(const SessionId& id) override;
    Result<std::vector<Revocations::OfSession>> revoke_sessions(const UserId& user) override;

    Status add_enrolment_token(const EnrolmentToken& token, TimePoint now) override;
    Result<EnrolmentToken> find_enrolment_token(const crypto::Digest& hash) override;
    Result<Device> enrol(const Device& wanted, TimePoint now, const NewEvent& event) override;
    Result<Device> find_device(const DeviceId& id) override;
    Result<std::vector<Device>> list_devices(const Page& page) override;
    Status sign_in_device(const Session& session, TimePoint credential_until, const NewEvent& event,
                          const Limits& limits) override;
    Result<Revoked> revoke_device(const DeviceId& id, TimePoint now,
                                  const NewEvent& event) override;
    Result<Revocations> revocations(TimePoint now) override;

    Status add_desk(const Desk& desk, const NewEvent& event) override;
    Result<std::vector<Desk>> list_desks(const Page& page) override;
    Result<Desk> add_desk_device(const GroupId& desk, const DeviceId& device,
                                 const std::function<NewEvent(const Desk&)>& tell) override;

    Result<CheckIn> add(const CheckIn& check_in, const std::vector<std::string>& words,
                        Duration keep, const NewEvent& event) override;
    Result<CheckIn> find_check_in(const CheckInId& id) override;
    Result<std::vector<CheckIn>> by_phone(const std::string& phone, std::size_t max) override;
    Result<std::vector<CheckIn>> by_name(const std::vector<std::string>& beginnings,
                                         std::size_t max) override;
    Status erase_check_in(const CheckInId& id, const NewEvent& event) override;

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override;
    std::uint64_t last_position() override;

private:
    SqliteStore(std::unique_ptr<runtime::sql::Database> database, std::function<void()> on_event)
        : database_(std::move(database)), on_event_(std::move(on_event)) {}
    /// A transaction whose events the outside hears of once they are durable.
    Status write_and_tell(const std::function<Status(runtime::sql::Tx&)>& change);

    std::unique_ptr<runtime::sql::Database> database_;
    std::function<void()> on_event_;
};

}  // namespace imece::identity
