#include <algorithm>

#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

#define IMECE_CHECK_IN_COLUMNS \
    "c.id, c.name, c.phone, c.wellbeing, c.place, c.note, c.at, c.recorded_by, c.salt"

/// How many outdated rows each write clears away; see sqlite_sessions.cc.
constexpr int kClearedAtOnce = 4;

CheckIn check_in_of(const Row& row) {
    return {.id = row.id<CheckInId>(0),
            .name = std::string(row.text(1)),
            .phone = std::string(row.text(2)),
            .wellbeing = Wellbeing(row.integer(3)),
            .place = std::string(row.text(4)),
            .note = std::string(row.text(5)),
            .at = row.time(6),
            .recorded_by = std::string(row.text(7)),
            .salt = row.fixed<32>(8)};
}

std::unexpected<Error> no_such_check_in() {
    return fail(ErrorCode::kNotFound, "CHECK_IN_UNKNOWN", "no check-in has this id");
}

Result<std::optional<CheckIn>> select_check_in(Tx& tx, const CheckInId& id) {
    std::optional<CheckIn> found;
    IMECE_CHECK(tx.query("SELECT " IMECE_CHECK_IN_COLUMNS " FROM check_ins AS c WHERE c.id = ?1",
                         {id}, [&](const Row& row) { found = check_in_of(row); }));
    return found;
}

bool says_the_same(CheckIn known, const CheckIn& wanted) {
    known.at = wanted.at;
    known.salt = wanted.salt;
    return known == wanted;
}

}  // namespace

Result<CheckIn> SqliteStore::add(const CheckIn& check_in, const std::vector<std::string>& words,
                                 Duration keep, const NewEvent& event) {
    CheckIn out = check_in;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<CheckIn> known, select_check_in(tx, check_in.id));
        if (known) {
            if (!says_the_same(*known, check_in))
                return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "another check-in has this id");
            out = *std::move(known);
            return {};
        }
        IMECE_TRY(const std::size_t forgotten,
                  tx.query("SELECT 1 FROM forgotten_check_ins WHERE id = ?1", {check_in.id},
                           [](const Row&) {}));
        if (forgotten > 0)
            return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "a check-in had this id");
        IMECE_CHECK(
            tx.run("DELETE FROM check_ins WHERE id IN"
                   " (SELECT id FROM check_ins WHERE at < ?1 ORDER BY at LIMIT ?2)",
                   {check_in.at - keep, kClearedAtOnce}));
        IMECE_CHECK(tx.run(
            "INSERT INTO check_ins(id, name, phone, wellbeing, place, note, at,"
            " recorded_by, salt) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            {check_in.id, check_in.name, check_in.phone, int(check_in.wellbeing), check_in.place,
             check_in.note, check_in.at, check_in.recorded_by, check_in.salt}));
        for (const std::string& word : words)
            IMECE_CHECK(tx.run("INSERT INTO check_in_words(word, check_in) VALUES(?1, ?2)",
                               {word, check_in.id}));
        return append_event(tx, event);
    }));
    return out;
}

Result<CheckIn> SqliteStore::find_check_in(const CheckInId& id) {
    std::optional<CheckIn> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(found, select_check_in(tx, id));
        return {};
    }));
    if (!found) return no_such_check_in();
    return *std::move(found);
}

Result<std::vector<CheckIn>> SqliteStore::by_phone(const std::string& phone, std::size_t max) {
    std::vector<CheckIn> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT " IMECE_CHECK_IN_COLUMNS
                             " FROM check_ins AS c WHERE c.phone = ?1 AND c.phone <> ''"
                             " ORDER BY c.at DESC, c.id DESC LIMIT ?2",
                             {phone, max},
                             [&](const Row& row) { found.push_back(check_in_of(row)); }));
        return {};
    }));
    return found;
}

Result<std::vector<CheckIn>> SqliteStore::by_name(const std::vector<std::string>& beginnings,
                                                  std::size_t max) {
    // The longest beginning is looked up; the others sift what it gives.
    const std::string longest = *std::ranges::max_element(beginnings, {}, &std::string::size);
    const std::string end = longest + "\xf4\x8f\xbf\xbf";
    std::vector<CheckIn> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT " IMECE_CHECK_IN_COLUMNS " FROM check_ins AS c WHERE c.id IN"
                             " (SELECT check_in FROM check_in_words WHERE word >= ?1 AND word < ?2)"
                             " ORDER BY c.at DESC, c.id DESC",
                             {longest, end}, [&](const Row& row) {
                                 if (found.size() < max && name_fits(row.text(1), beginnings))
                                     found.push_back(check_in_of(row));
                             }));
        return {};
    }));
    return found;
}

Status SqliteStore::erase_check_in(const CheckInId& id, const NewEvent& event) {
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::uint64_t erased, tx.run("DELETE FROM check_ins WHERE id = ?1", {id}));
        if (erased == 0) return no_such_check_in();
        return append_event(tx, event);
    }));
    return database_->scrub();
}

}  // namespace imece::identity
