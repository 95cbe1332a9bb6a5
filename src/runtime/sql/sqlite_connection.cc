#include "runtime/sql/sqlite_connection.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/result.h"

namespace imece::runtime::sql {
namespace {

constexpr int kBusyMilliseconds = 5000;

class SqliteRow final : public Row {
public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
    bool is_null(std::size_t column) const override {
        return sqlite3_column_type(statement_, int(column)) == SQLITE_NULL;
    }
    std::int64_t integer(std::size_t column) const override {
        return sqlite3_column_int64(statement_, int(column));
    }
    std::string_view text(std::size_t column) const override { return text_of(blob(column)); }
    ByteView blob(std::size_t column) const override {
        // The blob comes first: asking for the size first could convert the value in between.
        const auto* bytes =
            static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, int(column)));
        return {bytes, std::size_t(sqlite3_column_bytes(statement_, int(column)))};
    }

private:
    sqlite3_stmt* statement_;
};

struct Bind {
    sqlite3_stmt* statement;
    int index;

    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
    int operator()(std::int64_t number) const {
        return sqlite3_bind_int64(statement, index, number);
    }
    int operator()(std::string_view text) const {
        // A null pointer would bind NULL; an empty text is not NULL.
        return sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(), text.size(),
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(ByteView bytes) const {
        if (bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
        return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
};

/// Gives the statement back for its next use, also on the way out by an error.
class Borrow {
public:
    explicit Borrow(sqlite3_stmt* statement) : statement_(statement) {}
    ~Borrow() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Borrow(const Borrow&) = delete;
    Borrow& operator=(const Borrow&) = delete;

private:
    sqlite3_stmt* statement_;
};

int bind_all(sqlite3_stmt* statement, std::initializer_list<Param> params) {
    IMECE_ASSERT(std::size_t(sqlite3_bind_parameter_count(statement)) == params.size());
    int index = 1;
    for (const Param& param : params)
        if (const int code = std::visit(Bind{statement, index++}, param.value()); code != SQLITE_OK)
            return code;
    return SQLITE_OK;
}

/// SQLite would make the file by the umask; its journal files take the mode of the file.
Status make_private(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                    "cannot open " + path.string() + " for writing");
    ::close(file);
    return {};
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::filesystem::path& path,
                                                                 Use use, bool sync) {
    IMECE_CHECK(make_private(path));
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    auto connection = std::unique_ptr<SqliteConnection>(new SqliteConnection(handle));
    if (code != SQLITE_OK) return connection->failure(code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    IMECE_CHECK(connection->script(
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
        "PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"));
    IMECE_CHECK(
        connection->script(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    if (use == Use::kRead) IMECE_CHECK(connection->script("PRAGMA query_only = ON"));
    return connection;
}

Status SqliteConnection::copy_to(const std::filesystem::path& path) const {
    IMECE_CHECK(make_private(path));
    sqlite3* handle = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               nullptr);
    if (sqlite3_backup* copy = sqlite3_backup_init(handle, "main", handle_, "main")) {
        // In one step: pages that are written meanwhile are of later commits.
        code = sqlite3_backup_step(copy, -1);
        sqlite3_backup_finish(copy);
    }
    sqlite3_close(handle);
    if (code != SQLITE_DONE) return failure(code);
    return {};
}

SqliteConnection::~SqliteConnection() {
    statements_.clear();
    sqlite3_close(handle_);
}

Result<std::uint64_t> SqliteConnection::run(std::string_view statement,
                                            std::initializer_list<Param> params) {
    IMECE_TRY(const std::size_t rows, query(statement, params, [](const Row&) {}));
    IMECE_ASSERT(rows == 0);
    return std::uint64_t(sqlite3_changes64(handle_));
}

Result<std::size_t> SqliteConnection::query(std::string_view statement,
                                            std::initializer_list<Param> params,
                                            const std::function<void(const Row&)>& visit) {
    IMECE_TRY(sqlite3_stmt* const prepared, prepare(statement));
    const Borrow in_use(prepared);
    if (const int code = bind_all(prepared, params); code != SQLITE_OK) return failure(code);
    std::size_t rows = 0;
    for (;;) {
        const int code = sqlite3_step(prepared);
        if (code == SQLITE_DONE) return rows;
        if (code != SQLITE_ROW) return failure(code);
        ++rows;
        const SqliteRow row(prepared);
        visit(row);
        if (row.malformed())
            return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                        "a stored value has not the size that it was written with");
    }
}

Status SqliteConnection::script(std::string_view statements) {
    const int code =
        sqlite3_exec(handle_, std::string(statements).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

bool SqliteConnection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

void SqliteConnection::roll_back() {
    if (in_transaction()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<sqlite3_stmt*> SqliteConnection::prepare(std::string_view statement) {
    std::string text(statement);
    if (const auto found = statements_.find(text); found != statements_.end()) {
        IMECE_ASSERT(!sqlite3_stmt_busy(found->second.get()));
        return found->second.get();
    }
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_, text.data(), int(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, &rest);
    if (code != SQLITE_OK) return failure(code);
    IMECE_ASSERT(prepared != nullptr && rest == text.data() + text.size());
    statements_.emplace(std::move(text), Statement(prepared));
    return prepared;
}

/// SQLite's words name tables, columns and files, never values.
std::unexpected<Error> SqliteConnection::failure(int code) const {
    const std::string message =
        "sqlite " + std::to_string(code) + ": " +
        (handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT: return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", message);
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_TOOBIG: return fail(ErrorCode::kInternal, "INTERNAL_ERROR", message);
        default: return fail(ErrorCode::kUnavailable, "STORE_DOWN", message);
    }
}

}  // namespace imece::runtime::sql
