// Runs the contract against the adapters, and against stores that must not get through.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "identity/adapters/store_sqlite/sqlite_store.h"
#include "identity/tests/fake_identity_store.h"
#include "identity/tests/identity_store_contract.h"
#include "identity/tests/samples.h"
#include "testkit/temp_dir.h"

namespace imece::identity::testing {
namespace {

template <class Store>
OpenStore opened(const std::shared_ptr<Store>& store) {
    return {.owner = store, .store = store.get(), .check_ins = store.get(), .outbox = store.get()};
}

OpenStore open_sqlite_store(const std::filesystem::path& directory) {
    auto store = SqliteStore::open({.path = directory / "identity.db"});
    EXPECT_TRUE(store) << store.error().message;
    return opened(std::shared_ptr<SqliteStore>(*std::move(store)));
}

OpenAt open_fake(Fault fault) {
    return [fault](const std::filesystem::path&) {
        return opened(std::make_shared<FakeIdentityStore>(fault));
    };
}

const auto kCaseName = [](const auto& test) { return std::string(test.param.name); };

class SqliteContract : public ::testing::TestWithParam<ContractCase> {};
TEST_P(SqliteContract, holds) {
    const testkit::TempDir directory;
    GetParam().check(open_sqlite_store, directory.path());
}
INSTANTIATE_TEST_SUITE_P(store, SqliteContract, ::testing::ValuesIn(store_contract()), kCaseName);
INSTANTIATE_TEST_SUITE_P(people, SqliteContract, ::testing::ValuesIn(people_contract()), kCaseName);
INSTANTIATE_TEST_SUITE_P(durability, SqliteContract, ::testing::ValuesIn(durability_contract()),
                         kCaseName);

/// The tests of the use cases rely on the fake: it keeps the same promises, durability apart.
class FakeContract : public ::testing::TestWithParam<ContractCase> {};
TEST_P(FakeContract, holds) {
    const testkit::TempDir directory;
    GetParam().check(open_fake(Fault::kNone), directory.path());
}
INSTANTIATE_TEST_SUITE_P(store, FakeContract, ::testing::ValuesIn(store_contract()), kCaseName);
INSTANTIATE_TEST_SUITE_P(people, FakeContract, ::testing::ValuesIn(people_contract()), kCaseName);

/// How many of `cases` fail against the store.
int rejections(const std::vector<ContractCase>& cases, const OpenAt& open) {
    int rejected = 0;
    for (const ContractCase& contract : cases) {
        const testkit::TempDir directory;
        ::testing::TestPartResultArray failures;
        {
            const ::testing::ScopedFakeTestPartResultReporter intercept(
                ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &failures);
            contract.check(open, directory.path());
        }
        rejected += failures.size() > 0;
    }
    return rejected;
}

struct BrokenStore {
    const char* name;
    Fault fault;
};
class Broken : public ::testing::TestWithParam<BrokenStore> {};
TEST_P(Broken, store_is_rejected) {
    EXPECT_GT(rejections(store_contract(), open_fake(GetParam().fault)) +
                  rejections(people_contract(), open_fake(GetParam().fault)),
              0);
}
INSTANTIATE_TEST_SUITE_P(
    stores, Broken,
    ::testing::Values(BrokenStore{"drops_last_write", Fault::kDropsLastWrite},
                      BrokenStore{"quota_overrun", Fault::kQuotaOverrun},
                      BrokenStore{"quota_twice", Fault::kQuotaTwice},
                      BrokenStore{"refresh_token_twice", Fault::kRefreshTokenTwice},
                      BrokenStore{"outbox_reordered", Fault::kOutboxReordered},
                      BrokenStore{"outbox_gaps", Fault::kOutboxGaps},
                      BrokenStore{"event_lost", Fault::kEventLost},
                      BrokenStore{"event_of_refused", Fault::kEventOfRefused},
                      BrokenStore{"revoked_signs_in", Fault::kRevokedSignsIn},
                      BrokenStore{"set_up_twice", Fault::kSetUpTwice},
                      BrokenStore{"name_taken_twice", Fault::kNameTakenTwice},
                      BrokenStore{"disabled_signs_in", Fault::kDisabledSignsIn},
                      BrokenStore{"last_operator_goes", Fault::kLastOperatorGoes},
                      BrokenStore{"erasure_leaves_owner", Fault::kErasureLeavesOwner},
                      BrokenStore{"erasure_leaves_recorder", Fault::kErasureLeavesRecorder},
                      BrokenStore{"check_in_overwritten", Fault::kCheckInOverwritten},
                      BrokenStore{"oldest_check_in_first", Fault::kOldestCheckInFirst}),
    kCaseName);

TEST(Broken, a_store_that_keeps_nothing_is_rejected) {
    EXPECT_EQ(rejections(durability_contract(), open_fake(Fault::kNone)),
              int(durability_contract().size()));
}

TEST(SqliteStore, drops_superseded_events_after_a_week) {
    const testkit::TempDir directory;
    const OpenStore opened = open_sqlite_store(directory.path());
    const EnrolmentToken token = token_of(1, 2);
    ASSERT_TRUE(opened.store->add_enrolment_token(token, kNow));
    const Device device = device_of_number(1, token);
    const Device other = device_of_number(2, token);
    const auto told = [&](const Device& about, TimePoint at) {
        return event_of("device.enrolled.v1", to_text(about.id), at);
    };
    ASSERT_TRUE(opened.store->enrol(device, kNow, told(device, kNow)));
    ASSERT_TRUE(opened.store->enrol(other, kNow, told(other, kNow)));
    const TimePoint later = kNow + std::chrono::days(8);
    ASSERT_TRUE(opened.store->sign_in_device(session_of(1, Subject::of(device.id), later), later,
                                             told(device, later), {}));
    const auto events = opened.outbox->read_after(0, 10);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 2u);
    EXPECT_EQ((*events)[0].position, 2u);
    EXPECT_EQ((*events)[0].subject, to_text(other.id));
    EXPECT_EQ((*events)[1].position, 3u);
    EXPECT_EQ((*events)[1].subject, to_text(device.id));
}

TEST(SqliteStore, tells_of_events_once_they_are_durable) {
    const testkit::TempDir directory;
    int told = 0;
    auto store =
        SqliteStore::open({.path = directory.path() / "identity.db", .on_event = [&] { ++told; }});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->add_user(user_of_number(1), event_of("user.created.v1", "1")));
    EXPECT_EQ(told, 1);
    EXPECT_FALSE((*store)->add_user(user_of_number(1), event_of("user.created.v1", "1")));
    ASSERT_TRUE((*store)->add_enrolment_token(token_of(1, 1), kNow));
    EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace imece::identity::testing
