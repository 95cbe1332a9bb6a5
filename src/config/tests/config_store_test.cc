// Runs the contract against the adapters, and against stores that must not get through.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/adapters/bus/change_event.h"
#include "config/adapters/store_sqlite/sqlite_store.h"
#include "config/tests/config_store_contract.h"
#include "config/tests/memory_config_store.h"
#include "testkit/temp_dir.h"

namespace imece::config {
namespace {

template <class Store>
Opener memory() {
    return [state = std::make_shared<MemoryState>()] {
        return std::make_shared<Store>(state, kHistory, kLimits);
    };
}

std::shared_ptr<SqliteStore> open_sqlite(const std::filesystem::path& directory,
                                         std::uint64_t history_max = kHistory) {
    auto store = SqliteStore::open({.path = directory / "config.db",
                                    .history_max = history_max,
                                    .limits = kLimits,
                                    .event_of = event_of});
    EXPECT_TRUE(store) << (store ? "" : store.error().message);
    return *std::move(store);
}

class Contract : public testing::TestWithParam<NamedClause> {};
TEST_P(Contract, memory) {
    EXPECT_EQ(GetParam().clause(memory<MemoryConfigStore>()), "");
}
TEST_P(Contract, sqlite) {
    const testkit::TempDir directory;
    EXPECT_EQ(GetParam().clause([&] { return open_sqlite(directory.path()); }), "");
}
INSTANTIATE_TEST_SUITE_P(config_store, Contract, testing::ValuesIn(config_store_contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct IgnoresRevisions : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    Status check(const Wanted&, std::uint64_t) override { return {}; }
};
struct ForgetsAtRestart : MemoryConfigStore {
    ForgetsAtRestart(const std::shared_ptr<MemoryState>& state, std::uint64_t history_max,
                     SecretLimits limits)
        : MemoryConfigStore(state, history_max, limits) {
        state->settings.clear();
    }
};
struct GivesARevisionToTheRefused : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    Status check(const Wanted& wanted, std::uint64_t present) override {
        const Status status = MemoryConfigStore::check(wanted, present);
        if (!status) ++state_->last;
        return status;
    }
};
struct KeepsAllChanges : MemoryConfigStore {
    KeepsAllChanges(const std::shared_ptr<MemoryState>& state, std::uint64_t, SecretLimits limits)
        : MemoryConfigStore(state, 1'000'000, limits) {}
};
struct HidesThatItCompacted : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    std::uint64_t append(const Wanted& wanted, ChangeKind kind, const std::string& before,
                         const std::string& after) override {
        const std::uint64_t revision = MemoryConfigStore::append(wanted, kind, before, after);
        state_->compacted = 0;
        return revision;
    }
};
struct ResealsByHalves : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    Result<std::size_t> reseal_secrets(const Wanted& wanted, const Reseal& reseal) override {
        for (auto& [name, secret] : state_->secrets)
            if (auto sealed = reseal(name, secret.second)) secret.second = *sealed;
        return MemoryConfigStore::reseal_secrets(
            wanted, [&](const std::string& name, const Bytes& sealed) -> Result<Bytes> {
                const auto tried = reseal(name, sealed);
                if (!tried) return std::unexpected(tried.error());
                return sealed;
            });
    }
};
struct TellsOfSecretsInWatches : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    Result<std::vector<Change>> changes_after(std::uint64_t revision, std::size_t max) override {
        auto out = MemoryConfigStore::changes_after(revision, max);
        if (out)
            for (const Change& change : state_->changes)
                if (change.kind == ChangeKind::kSecretSet && change.revision > revision)
                    out->push_back(change);
        return out;
    }
};
struct HistoryFromTheOldestOn : MemoryConfigStore {
    using MemoryConfigStore::MemoryConfigStore;
    Result<std::vector<Change>> history(const std::string& key, std::uint64_t before,
                                        std::size_t max) override {
        auto out = MemoryConfigStore::history(key, before, max);
        std::ranges::reverse(*out);
        return out;
    }
};

template <class Broken>
class BrokenStores : public testing::Test {};
using AllBroken = testing::Types<IgnoresRevisions, ForgetsAtRestart, GivesARevisionToTheRefused,
                                 KeepsAllChanges, HidesThatItCompacted, ResealsByHalves,
                                 TellsOfSecretsInWatches, HistoryFromTheOldestOn>;
TYPED_TEST_SUITE(BrokenStores, AllBroken);
TYPED_TEST(BrokenStores, are_rejected) {
    bool rejected = false;
    for (const NamedClause& clause : config_store_contract()) {
        // Of its own threads, a broken store need not be safe.
        if (std::string_view(clause.name).starts_with("of_concurrent")) continue;
        rejected |= !clause.clause(memory<TypeParam>()).empty();
    }
    EXPECT_TRUE(rejected);
}

TEST(SqliteStore, its_changes_are_events_and_the_last_of_each_subject_stays) {
    const testkit::TempDir directory;
    const auto store = open_sqlite(directory.path(), 1);
    ASSERT_TRUE(store->set(wanted("a"), "1"));
    ASSERT_TRUE(store->put_secret(wanted("s"), bytes_of("sealed")));
    ASSERT_TRUE(store->set(wanted("b"), "2"));
    ASSERT_TRUE(store->set(wanted("a", 1), "3"));
    ASSERT_TRUE(store->reset(wanted("a", 4)));
    const auto events = store->read_after(0, 10);
    ASSERT_TRUE(events);
    std::vector<std::string> told;
    for (const runtime::Event& event : *events)
        told.push_back(std::to_string(event.position) + " " + event.type + " " + event.subject);
    EXPECT_EQ(told, (std::vector<std::string>{"2 secret.changed.v1 s", "3 config.changed.v1 b",
                                              "5 config.changed.v1 a"}));
    EXPECT_EQ(events->front().actor, "user:ayse");
    EXPECT_EQ(events->front().data.find("sealed"), std::string::npos);
    EXPECT_EQ(store->last_position(), 5u);
    EXPECT_EQ(store->read_after(3, 10)->size(), 1u);
}

/// The child of a fork: sets and tells each acknowledged revision through the pipe, until it is killed.
[[noreturn]] void set_until_killed(const std::filesystem::path& directory, int pipe,
                                   std::uint64_t expected) {
    const auto store = open_sqlite(directory);
    for (;;) {
        const auto made = store->set(wanted("a", expected), std::to_string(expected));
        if (!made) _exit(1);
        expected = made->revision;
        if (::write(pipe, &expected, sizeof expected) != ssize_t(sizeof expected)) _exit(1);
    }
}

TEST(SqliteStore, keeps_what_was_acknowledged_before_sigkill) {
    const testkit::TempDir directory;
    std::uint64_t acknowledged = 0, expected = 0;
    for (int round = 0; round < 5; ++round) {
        int pipe[2];
        ASSERT_EQ(::pipe(pipe), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) set_until_killed(directory.path(), pipe[1], expected);
        ::close(pipe[1]);
        const std::uint64_t enough = acknowledged + 20 + 13 * unsigned(round);
        while (::read(pipe[0], &acknowledged, sizeof acknowledged) == ssize_t(sizeof acknowledged))
            if (acknowledged == enough) ::kill(child, SIGKILL);
        ::close(pipe[0]);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);

        const auto store = open_sqlite(directory.path());
        const auto found = store->find("a");
        ASSERT_TRUE(found && *found);
        expected = (*found)->revision;
        EXPECT_GE(expected, acknowledged);
        EXPECT_LE(expected, acknowledged + 1);  // The one that was under way.
        const auto last = store->history("a", 0, 1);
        ASSERT_TRUE(last);
        EXPECT_EQ(last->front().revision, expected) << "value and change are one commit";
        EXPECT_EQ(last->front().after, (*found)->value);
        EXPECT_EQ(store->last_position(), expected);
        acknowledged = expected;
    }
}

TEST(SqliteStore, says_when_it_cannot_open) {
    const auto broken = SqliteStore::open({.path = "/proc/nowhere/config.db"});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().reason, "STORE_DOWN");
}

}  // namespace
}  // namespace imece::config
