// A transactional SQL store with bound parameters, numbered migrations and group commit.
//
// Callers see statements, rows and transactions only; the engine is chosen by the function that
// opens the database (open_sqlite). SQL text is constant in the code; values travel as parameters
// `?1`, `?2` …
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::runtime::sql {

/// A value to bind. Text and bytes are views: they outlive the call that takes them.
class Param {
public:
    using Value = std::variant<std::nullptr_t, std::int64_t, std::string_view, ByteView>;

    Param(std::nullptr_t) : value_(nullptr) {}
    template <std::integral T>
    Param(T number) : value_(static_cast<std::int64_t>(number)) {}
    Param(TimePoint at) : value_(to_unix_ms(at)) {}
    Param(std::string_view text) : value_(text) {}
    Param(const std::string& text) : value_(std::string_view(text)) {}
    Param(const char* text) : value_(std::string_view(text)) {}
    Param(ByteView bytes) : value_(bytes) {}
    Param(const Bytes& bytes) : value_(ByteView(bytes)) {}
    template <std::size_t N>
    Param(const std::array<std::uint8_t, N>& bytes) : value_(ByteView(bytes)) {}
    template <class Tag>
    Param(const Id<Tag>& id) : value_(id.view()) {}
    template <class T>
    Param(const std::optional<T>& maybe) : value_(maybe ? Param(*maybe).value_ : Value(nullptr)) {}

    const Value& value() const { return value_; }

private:
    Value value_;
};

/// One row of an answer; valid inside the visit that got it. Columns count from 0.
class Row {
public:
    virtual ~Row() = default;
    virtual bool is_null(std::size_t column) const = 0;
    virtual std::int64_t integer(std::size_t column) const = 0;
    virtual std::string_view text(std::size_t column) const = 0;
    virtual ByteView blob(std::size_t column) const = 0;

    TimePoint time(std::size_t column) const { return from_unix_ms(integer(column)); }
    /// Bytes of a fixed size. Another size makes the whole query fail with DATA_MALFORMED.
    template <std::size_t N>
    std::array<std::uint8_t, N> fixed(std::size_t column) const {
        std::array<std::uint8_t, N> out{};
        const ByteView bytes = blob(column);
        if (bytes.size() != N)
            malformed_ = true;
        else
            std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    }
    template <class AnyId>
    AnyId id(std::size_t column) const {
        return AnyId{fixed<16>(column)};
    }
    bool malformed() const { return malformed_; }

private:
    mutable bool malformed_ = false;
};

/// A transaction under way; valid inside the function that got it, on its thread.
///
/// Errors of all methods: kUnavailable STORE_DOWN, kDataLoss DATA_MALFORMED, and kInternal
/// INTERNAL_ERROR for a statement or a constraint that our code got wrong: what may happen is asked
/// before it is written.
class Tx {
public:
    virtual ~Tx() = default;
    /// Runs a statement that gives no rows; says how many it changed.
    virtual Result<std::uint64_t> run(std::string_view statement,
                                      std::initializer_list<Param> params = {}) = 0;
    /// Calls `visit` for each row, in order; says how many there were. `visit` may run other
    /// statements, not the same one.
    virtual Result<std::size_t> query(std::string_view statement,
                                      std::initializer_list<Param> params,
                                      const std::function<void(const Row&)>& visit) = 0;
};

/// A step of the schema. Applied once, in order; never edited afterwards.
struct Migration {
    int number = 0;  ///< 1, 2, 3 …
    std::string_view name;
    std::string_view statements;
};

/// Thread-safe.
class Database {
public:
    virtual ~Database() = default;

    /// Runs `change` as one transaction; durable when it returns OK. With an error of `change`, its
    /// own effects, and only those, are gone, and the error comes back.
    ///
    /// Group commit: one thread runs the changes that wait, one after the other, each in a
    /// savepoint, commits them with one fsync, and lets all their callers go. So changes are serial
    /// and N concurrent callers cost one fsync. `change` runs on that thread: it must not block,
    /// and costly work (hashing, signing) belongs before or after it. It must not call the database
    /// again.
    ///
    /// Errors: what `change` gave; kUnavailable STORE_DOWN when the commit failed or no room came
    /// within Options::wait_max. A STORE_DOWN from the commit itself leaves open what a restart
    /// will find.
    virtual Status write(const std::function<Status(Tx&)>& change) = 0;

    /// Runs `look` in a read transaction over one snapshot, on one of a bounded number of
    /// connections. Sees every write that had returned. Errors: what `look` gave; kUnavailable
    /// STORE_DOWN when no connection came free within Options::wait_max.
    virtual Status read(const std::function<Status(Tx&)>& look) = 0;

    /// When it returns, nothing of what was deleted before it is left in the files. Rewrites the whole of them: some
    /// 100 MB/s; writers wait meanwhile. Errors: kUnavailable STORE_DOWN when readers left no moment for it.
    virtual Status scrub() = 0;
};

struct SqliteOptions {
    std::filesystem::path path;  ///< Made, mode 0600, when absent; its directory exists.
    std::vector<Migration> migrations;
    std::size_t readers_max = 4;
    std::size_t group_max = 512;  ///< Changes that may wait for the next commit.
    std::chrono::milliseconds wait_max{10'000};
    /// False only where a power cut may take the last commits: each whole, none half, the oldest kept. A commit then costs
    /// no fsync; a process that is killed loses nothing either way.
    bool sync = true;
};

/// SQLite in WAL mode with foreign keys on. Errors: kUnavailable STORE_DOWN; kDataLoss
/// DATA_MALFORMED for a damaged file, for a migration that is not what was applied, and for a file
/// that a newer version has written.
Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options);

/// Whether the file is a database of SQLite; by its first bytes.
bool is_sqlite(const std::filesystem::path& file);
/// Makes `to`, which is not there yet, a database of all that is committed in `from`, also while others write to that. Mode 0600.
/// Errors: as open_sqlite().
Status copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace imece::runtime::sql
