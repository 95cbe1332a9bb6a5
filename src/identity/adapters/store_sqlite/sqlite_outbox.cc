#include "base/result.h"
#include "identity/adapters/store_sqlite/schema.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

constexpr Duration kSupersededKept = std::chrono::days(7);

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Options options) {
    IMECE_TRY(auto database,
              runtime::sql::open_sqlite({.path = std::move(options.path),
                                         .migrations = {kFirstSchema, kEventsHaveActors,
                                                        kUsersCanBeDisabled, kCheckIns}}));
    return std::unique_ptr<SqliteStore>(
        new SqliteStore(std::move(database), std::move(options.on_event)));
}

Status SqliteStore::write_and_tell(const std::function<Status(Tx&)>& change) {
    IMECE_CHECK(database_->write(change));
    on_event_();
    return {};
}

Status append_event(Tx& tx, const NewEvent& event) {
    // The new event holds the whole state of its subject; who has not read the old one needs it no
    // more.
    if (event.type == "device.enrolled.v1" || event.type == "desk.changed.v1")
        IMECE_CHECK(tx.run("DELETE FROM outbox WHERE subject = ?1 AND type = ?2 AND at < ?3",
                           {event.subject, event.type, event.time - kSupersededKept}));
    IMECE_CHECK(
        tx.run("INSERT INTO outbox(id, type, subject, at, trace_parent, data, actor)"
               " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
               {event.id, event.type, event.subject, event.time, event.trace_parent,
                view_of(event.data), event.actor}));
    return {};
}

Result<std::vector<runtime::Event>> SqliteStore::read_after(std::uint64_t position,
                                                            std::size_t max) {
    std::vector<runtime::Event> events;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.query("SELECT position, id, type, subject, at, trace_parent, data, actor FROM outbox"
                     " WHERE position > ?1 ORDER BY position LIMIT ?2",
                     {position, max}, [&](const Row& row) {
                         events.push_back({.id = row.id<EventId>(1),
                                           .type = std::string(row.text(2)),
                                           .subject = std::string(row.text(3)),
                                           .time = row.time(4),
                                           .trace_parent = std::string(row.text(5)),
                                           .actor = std::string(row.text(7)),
                                           .data = std::string(text_of(row.blob(6))),
                                           .position = std::uint64_t(row.integer(0))});
                     }));
        return {};
    }));
    return events;
}

std::uint64_t SqliteStore::last_position() {
    std::uint64_t last = 0;
    const Status read = database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT max(position) FROM outbox", {},
                             [&](const Row& row) { last = std::uint64_t(row.integer(0)); }));
        return {};
    });
    return read ? last : 0;
}

}  // namespace imece::identity
