// What the dispatcher does when its store does not.
#include "messaging/app/dispatcher.h"

#include <gtest/gtest.h>

#include "messaging/tests/samples.h"
#include "testkit/fake_clock.h"

namespace imece::messaging {
namespace {

using namespace std::chrono_literals;
using namespace samples;

/// Takes endings while it is up, and remembers them.
class EndingsOnly final : public MessageStore {
public:
    bool down = false;
    std::vector<CopyKey> expired;

    Result<std::vector<Ended>> end(const std::vector<Ending>& endings) override {
        if (down) return fail(ErrorCode::kUnavailable, "STORE_DOWN", "as the test asked");
        for (const Ending& ending : endings) expired.push_back(ending.copy);
        return std::vector<Ended>(endings.size());
    }
    Status each_pending(const std::function<void(const Record&)>& visit) override {
        visit(new_message(1).record);
        return {};
    }
    Result<std::vector<Put>> put(std::vector<NewMessage>,
                                 const std::function<void(const std::vector<Record>&)>&) override {
        return std::vector<Put>();
    }
    Status reached(std::span<const Reached>) override { return {}; }
    Result<Record> find(const MessageId&) override { return Record(); }
    Result<std::vector<std::string>> envelopes(const std::vector<MessageId>& ids) override {
        return std::vector<std::string>(ids.size());
    }
    Result<std::vector<Record>> list(std::uint64_t, std::size_t) override {
        return std::vector<Record>();
    }
    Result<std::size_t> purge(TimePoint, std::size_t) override { return 0; }
    Result<Facts> facts() override { return Facts(); }
    Status put_device(const DeviceFact&, std::uint64_t) override { return {}; }
    Status put_group(const GroupFact&, std::uint64_t) override { return {}; }
    Status put_position(std::uint64_t) override { return {}; }
};

TEST(Dispatcher, ends_what_has_expired_once_the_store_takes_it) {
    EndingsOnly store;
    testkit::FakeClock clock(kNow);
    Dispatcher dispatcher({.store = store, .clock = clock}, {});
    ASSERT_TRUE(dispatcher.load());
    EXPECT_EQ(dispatcher.turn(), kNow + 12h);

    store.down = true;
    clock.set(kNow + 12h);
    EXPECT_EQ(dispatcher.turn(), TimePoint::min());
    const TimePoint again = dispatcher.turn();
    EXPECT_GT(again, clock.now());
    EXPECT_LE(again, clock.now() + 1min);
    clock.set(again);
    EXPECT_EQ(dispatcher.turn(), TimePoint::min());
    EXPECT_TRUE(store.expired.empty());

    store.down = false;
    clock.set(dispatcher.turn());
    EXPECT_EQ(dispatcher.turn(), TimePoint::min());
    ASSERT_EQ(store.expired.size(), 1u);
    EXPECT_EQ(store.expired[0].message, message_id(1));
    EXPECT_EQ(dispatcher.turn(), TimePoint::max());
}

}  // namespace
}  // namespace imece::messaging
