// One SQLite connection with its prepared statements. Only this folder includes it.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "runtime/sql/database.h"

namespace imece::runtime::sql {

/// One thread at a time.
class SqliteConnection final : public Tx {
public:
    enum class Use { kWrite, kRead };
    static Result<std::unique_ptr<SqliteConnection>> open(const std::filesystem::path& path,
                                                          Use use, bool sync);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    Result<std::uint64_t> run(std::string_view statement,
                              std::initializer_list<Param> params) override;
    Result<std::size_t> query(std::string_view statement, std::initializer_list<Param> params,
                              const std::function<void(const Row&)>& visit) override;
    /// Several statements without parameters, not cached.
    Status script(std::string_view statements);
    /// Makes `path` a copy of what is committed now.
    Status copy_to(const std::filesystem::path& path) const;
    bool in_transaction() const;
    /// Gives the transaction under way up, if there is one. When even that fails it is still under way.
    void roll_back();

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    explicit SqliteConnection(sqlite3* handle) : handle_(handle) {}
    Result<sqlite3_stmt*> prepare(std::string_view statement);
    std::unexpected<Error> failure(int code) const;

    sqlite3* handle_;
    /// Statements are constant texts of the program: their number is bounded by its source.
    std::unordered_map<std::string, Statement> statements_;
};

}  // namespace imece::runtime::sql
