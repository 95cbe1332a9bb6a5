#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "runtime/sql/database.h"
#include "runtime/sql/migrations.h"
#include "runtime/sql/sqlite_connection.h"

namespace imece::runtime::sql {
namespace {

using Change = std::function<Status(Tx&)>;

std::unexpected<Error> no_room(const char* what) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN", what);
}

struct Job {
    const Change& change;
    Status result;
};

/// The changes that one commit makes durable. Their callers wait on `done`.
struct Group {
    std::vector<Job*> jobs;
    bool finished = false;
    std::condition_variable done;
};

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(SqliteOptions options, std::unique_ptr<SqliteConnection> writer)
        : options_(std::move(options)),
          writer_(std::move(writer)),
          thread_([this](const std::stop_token& stop) { commit_groups(stop); }) {}

    Status write(const Change& change) override {
        Job job{change, {}};
        std::unique_lock lock(queue_mutex_);
        if (!room_.wait_for(lock, options_.wait_max,
                            [&] { return forming_->jobs.size() < options_.group_max; }))
            return no_room("the store does not keep up with its writers");
        const std::shared_ptr<Group> group = forming_;
        group->jobs.push_back(&job);
        work_.notify_one();
        group->done.wait(lock, [&] { return group->finished; });
        return std::move(job.result);
    }

    Status read(const Change& look) override {
        IMECE_TRY(std::unique_ptr<SqliteConnection> reader, take_reader());
        Status result = reader->script("BEGIN");
        if (result) {
            result = look(*reader);
            if (const Status ended = reader->script("COMMIT"); !ended && result) result = ended;
        }
        give_back(std::move(reader));
        return result;
    }

    Status scrub() override {
        // By a connection of its own: it waits for the others as one process does for another.
        IMECE_TRY(
            const auto connection,
            SqliteConnection::open(options_.path, SqliteConnection::Use::kWrite, options_.sync));
        IMECE_CHECK(connection->script("VACUUM"));
        bool busy = true;
        IMECE_CHECK(connection->query("PRAGMA wal_checkpoint(TRUNCATE)", {},
                                      [&](const Row& row) { busy = row.integer(0) != 0; }));
        if (busy) return no_room("the store is read without pause");
        return {};
    }

private:
    void commit_groups(const std::stop_token& stop) {
        std::unique_lock lock(queue_mutex_);
        while (work_.wait(lock, stop, [&] { return !forming_->jobs.empty(); })) {
            // While this group is on its way to the disk, the next one forms.
            const std::shared_ptr<Group> group = std::exchange(forming_, std::make_shared<Group>());
            room_.notify_all();
            lock.unlock();
            commit(*group);
            lock.lock();
            group->finished = true;
            group->done.notify_all();
        }
    }

    void commit(Group& group) {
        if (const Status failed = run_all(group); !failed) {
            writer_->roll_back();
            for (Job* job : group.jobs)
                if (job->result) job->result = failed;
        }
    }

    Status run_all(Group& group) {
        IMECE_CHECK(writer_->script("BEGIN IMMEDIATE"));
        for (Job* job : group.jobs) {
            IMECE_CHECK(run_alone(*job));
        }
        return finish("COMMIT");
    }

    /// A refused change leaves nothing behind. An error that comes back from here is the group's:
    /// the engine itself failed, or gave the whole transaction up.
    Status run_alone(Job& job) {
        IMECE_CHECK(finish("SAVEPOINT one"));
        job.result = job.change(*writer_);
        if (!writer_->in_transaction())
            return fail(ErrorCode::kUnavailable, "STORE_DOWN", "the store gave the transaction up");
        if (!job.result) IMECE_CHECK(finish("ROLLBACK TO one"));
        return finish("RELEASE one");
    }

    /// Transaction control by cached statements: parsing them for each change would cost more than
    /// running them.
    Status finish(std::string_view control) {
        const auto done = writer_->run(control, {});
        if (!done) return std::unexpected(done.error());
        return {};
    }

    Result<std::unique_ptr<SqliteConnection>> take_reader() {
        {
            std::unique_lock lock(readers_mutex_);
            if (!reader_free_.wait_for(lock, options_.wait_max, [&] {
                    return !idle_.empty() || open_readers_ < options_.readers_max;
                }))
                return no_room("the store does not keep up with its readers");
            if (!idle_.empty()) {
                auto reader = std::move(idle_.back());
                idle_.pop_back();
                return reader;
            }
            ++open_readers_;
        }
        auto opened =
            SqliteConnection::open(options_.path, SqliteConnection::Use::kRead, options_.sync);
        if (!opened) forget_reader();
        return opened;
    }

    void give_back(std::unique_ptr<SqliteConnection> reader) {
        // One that could not end its transaction would answer from an old snapshot for ever.
        reader->roll_back();
        if (reader->in_transaction()) {
            reader.reset();
            return forget_reader();
        }
        {
            const std::scoped_lock lock(readers_mutex_);
            idle_.push_back(std::move(reader));
        }
        reader_free_.notify_one();
    }

    void forget_reader() {
        {
            const std::scoped_lock lock(readers_mutex_);
            --open_readers_;
        }
        reader_free_.notify_one();
    }

    const SqliteOptions options_;

    std::mutex readers_mutex_;
    std::condition_variable reader_free_;
    std::vector<std::unique_ptr<SqliteConnection>> idle_;
    std::size_t open_readers_ = 0;

    std::mutex queue_mutex_;
    std::condition_variable room_;
    std::condition_variable_any work_;
    std::shared_ptr<Group> forming_ = std::make_shared<Group>();
    std::unique_ptr<SqliteConnection> writer_;
    std::jthread thread_;  ///< Last: it ends before what it uses goes.
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options) {
    IMECE_TRY(auto writer,
              SqliteConnection::open(options.path, SqliteConnection::Use::kWrite, options.sync));
    IMECE_CHECK(migrate(*writer, options.migrations));
    return std::make_unique<SqliteDatabase>(std::move(options), std::move(writer));
}

bool is_sqlite(const std::filesystem::path& file) {
    constexpr std::string_view kMagic("SQLite format 3\0", 16);
    std::string begin(kMagic.size(), ' ');
    std::ifstream(file, std::ios::binary).read(begin.data(), std::streamsize(begin.size()));
    return begin == kMagic;
}

Status copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to) {
    IMECE_TRY(const auto source, SqliteConnection::open(from, SqliteConnection::Use::kRead, true));
    return source->copy_to(to);
}

}  // namespace imece::runtime::sql
