#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

Desk desk_of(const Row& row) {
    return {
        .id = row.id<GroupId>(0), .name = std::string(row.text(1)), .public_key = row.fixed<32>(2)};
}

Status read_devices(Tx& tx, Desk& desk) {
    IMECE_CHECK(tx.query("SELECT device FROM desk_devices WHERE desk = ?1 ORDER BY device",
                         {desk.id},
                         [&](const Row& row) { desk.devices.push_back(row.id<DeviceId>(0)); }));
    return {};
}

Result<Desk> select_desk(Tx& tx, const GroupId& id) {
    std::optional<Desk> desk;
    IMECE_CHECK(tx.query("SELECT id, name, public_key FROM desks WHERE id = ?1", {id},
                         [&](const Row& row) { desk = desk_of(row); }));
    if (!desk) return fail(ErrorCode::kNotFound, "DESK_UNKNOWN", "no desk has this id");
    IMECE_CHECK(read_devices(tx, *desk));
    return *std::move(desk);
}

}  // namespace

Status SqliteStore::add_desk(const Desk& desk, const NewEvent& event) {
    return write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::size_t same_name,
                  tx.query("SELECT 1 FROM desks WHERE name = ?1", {desk.name}, [](const Row&) {}));
        if (same_name > 0)
            return fail(ErrorCode::kAlreadyExists, "DESK_NAME_TAKEN", "another desk has this name");
        IMECE_CHECK(tx.run("INSERT INTO desks(id, name, public_key) VALUES(?1, ?2, ?3)",
                           {desk.id, desk.name, desk.public_key}));
        return append_event(tx, event);
    });
}

Result<std::vector<Desk>> SqliteStore::list_desks(const Page& page) {
    std::vector<Desk> desks;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query(
            "SELECT id, name, public_key FROM desks WHERE id > ?1 ORDER BY id LIMIT ?2",
            {page.after, page.size}, [&](const Row& row) { desks.push_back(desk_of(row)); }));
        for (Desk& desk : desks) IMECE_CHECK(read_devices(tx, desk));
        return {};
    }));
    return desks;
}

Result<Desk> SqliteStore::add_desk_device(const GroupId& id, const DeviceId& device,
                                          const std::function<NewEvent(const Desk&)>& tell) {
    Desk desk;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(desk, select_desk(tx, id));
        IMECE_TRY(const std::optional<Device> known, select_device(tx, device));
        if (!known) return no_such_device();
        const auto place = std::ranges::lower_bound(desk.devices, device);
        if (place != desk.devices.end() && *place == device) return {};
        if (desk.devices.size() >= kDeskDevicesMax)
            return fail(ErrorCode::kFailedPrecondition, "DESK_FULL",
                        "the desk has as many devices as it can have");
        desk.devices.insert(place, device);
        IMECE_CHECK(tx.run("INSERT INTO desk_devices(desk, device) VALUES(?1, ?2)", {id, device}));
        return append_event(tx, tell(desk));
    }));
    return desk;
}

}  // namespace imece::identity
