// The store contract on RocksDB, on stores broken on purpose, and across SIGKILL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "imece/messaging/v1/events.pb.h"
#include "messaging/adapters/bus/events.h"
#include "messaging/adapters/store_rocks/records.h"
#include "messaging/adapters/store_rocks/rocks_store.h"
#include "messaging/tests/message_store_contract.h"
#include "runtime/rpc/time.h"
#include "testkit/temp_dir.h"

namespace imece::messaging {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

/// Passes every call on; a broken store overrides what it breaks.
class Wrapped : public MessageStore {
public:
    MessageStore* inner = nullptr;
    Result<std::vector<Put>> put(
        std::vector<NewMessage> messages,
        const std::function<void(const std::vector<Record>&)>& committed) override {
        return inner->put(std::move(messages), committed);
    }
    Result<std::vector<Ended>> end(const std::vector<Ending>& endings) override {
        return inner->end(endings);
    }
    Status reached(std::span<const Reached> copies) override { return inner->reached(copies); }
    Result<Record> find(const MessageId& id) override { return inner->find(id); }
    Result<std::vector<std::string>> envelopes(const std::vector<MessageId>& ids) override {
        return inner->envelopes(ids);
    }
    Status each_pending(const std::function<void(const Record&)>& visit) override {
        return inner->each_pending(visit);
    }
    Result<std::vector<Record>> list(std::uint64_t before, std::size_t max) override {
        return inner->list(before, max);
    }
    Result<std::size_t> purge(TimePoint before, std::size_t max) override {
        return inner->purge(before, max);
    }
    Result<Facts> facts() override { return inner->facts(); }
    Status put_device(const DeviceFact& device, std::uint64_t position) override {
        return inner->put_device(device, position);
    }
    Status put_group(const GroupFact& group, std::uint64_t position) override {
        return inner->put_group(group, position);
    }
    Status put_position(std::uint64_t position) override { return inner->put_position(position); }
};

class Rig {
public:
    explicit Rig(Wrapped* around = nullptr) : around_(around) {}
    StoreUnderTest& fresh() {
        store_.reset();
        dir_ = std::make_unique<testkit::TempDir>();
        open();
        under_test_.reopen = [this] {
            store_.reset();
            open();
        };
        return under_test_;
    }

private:
    void open() {
        store_ = *make_rocks_store({.path = dir_->path() / "store",
                                    .accepted_event = accepted_event,
                                    .ended_event = ended_event,
                                    .committed = {}},
                                   random_);
        under_test_.store = store_.get();
        under_test_.outbox = store_.get();
        if (around_ == nullptr) return;
        around_->inner = store_.get();
        under_test_.store = around_;
    }
    Wrapped* around_;
    SystemRandom random_;
    std::unique_ptr<testkit::TempDir> dir_;
    std::unique_ptr<RocksMessageStore> store_;
    StoreUnderTest under_test_;
};

std::vector<std::string> broken_promises(Wrapped* around) {
    Rig rig(around);
    return MessageStoreContract([&rig]() -> StoreUnderTest& { return rig.fresh(); }).broken();
}

TEST(MessageStoreContract, holds_on_rocks) {
    EXPECT_THAT(broken_promises(nullptr), IsEmpty());
}

TEST(MessageStoreContract, rejects_one_that_drops_the_last_of_a_batch) {
    class DropsLast : public Wrapped {
        Result<std::vector<Put>> put(
            std::vector<NewMessage> messages,
            const std::function<void(const std::vector<Record>&)>& committed) override {
            const std::size_t size = messages.size();
            if (size > 1) messages.pop_back();
            auto puts = inner->put(std::move(messages), committed);
            puts->resize(size, Put::kStored);
            return puts;
        }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("keeps_the_first_of_two_with_one_id"));
}

TEST(MessageStoreContract, rejects_one_that_says_stored_twice) {
    class Twice : public Wrapped {
        Result<std::vector<Put>> put(
            std::vector<NewMessage> messages,
            const std::function<void(const std::vector<Record>&)>& committed) override {
            auto puts = inner->put(std::move(messages), committed);
            for (Put& put : *puts) put = Put::kStored;
            return puts;
        }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("of_concurrent_puts_of_one_id_one_wins"));
}

TEST(MessageStoreContract, rejects_one_that_reorders) {
    class Reorders : public Wrapped {
        Result<std::vector<Record>> list(std::uint64_t before, std::size_t max) override {
            auto records = inner->list(before, max);
            if (records) std::ranges::reverse(*records);
            return records;
        }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("lists_the_newest_first_page_by_page"));
}

TEST(MessageStoreContract, rejects_one_that_lets_the_last_ending_stand) {
    class LastWins : public Wrapped {
        Result<std::vector<Ended>> end(const std::vector<Ending>& endings) override {
            auto ended = inner->end(endings);
            for (Ended& one : *ended)
                if (one.outcome == Ended::Outcome::kWasThere)
                    one.outcome = Ended::Outcome::kRecorded;
            return ended;
        }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("the_first_ending_stands"));
}

TEST(MessageStoreContract, rejects_one_that_lies_about_durability) {
    class Lies : public Wrapped {
        Status put_position(std::uint64_t) override { return {}; }
        Status put_device(const DeviceFact& device, std::uint64_t position) override {
            return device.revoked ? Status{} : inner->put_device(device, position);
        }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("keeps_facts_with_their_position"));
}

TEST(MessageStoreContract, rejects_one_that_forgets_since_when_a_copy_could_be_delivered) {
    class Forgets : public Wrapped {
        Status reached(std::span<const Reached>) override { return {}; }
    } store;
    EXPECT_THAT(broken_promises(&store), Contains("keeps_since_when_a_copy_could_be_delivered"));
}

TEST(MessageStoreContract, rejects_one_that_never_tells_what_it_committed) {
    class Silent : public Wrapped {
        Result<std::vector<Put>> put(
            std::vector<NewMessage> messages,
            const std::function<void(const std::vector<Record>&)>&) override {
            return inner->put(std::move(messages), [](const auto&) {});
        }
    } store;
    EXPECT_THAT(broken_promises(&store),
                Contains("tells_committed_records_with_growing_sequences"));
}

TEST(RocksMessageStore, loses_nothing_acknowledged_to_sigkill) {
    const testkit::TempDir dir;
    SystemRandom random;
    const auto open = [&] {
        return *make_rocks_store({.path = dir.path() / "s",
                                  .accepted_event = accepted_event,
                                  .ended_event = ended_event,
                                  .committed = {}},
                                 random);
    };
    for (int round = 0; round < 5; ++round) {
        int acknowledged[2];
        ASSERT_EQ(pipe(acknowledged), 0);
        const pid_t child = fork();
        if (child == 0) {
            const auto store = open();
            for (std::uint8_t i = 0; i < 250; ++i) {
                NewMessage message = samples::new_message(i);
                message.record.envelope.id.bytes[0] = std::uint8_t(round);
                if (store->put({message}, [](const auto&) {})) (void)!write(acknowledged[1], &i, 1);
            }
            pause();
        }
        std::uint8_t last = 0;
        const auto kill_after = std::uint8_t(20 + random.below(150));
        while (last < kill_after) ASSERT_EQ(read(acknowledged[0], &last, 1), 1);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        close(acknowledged[1]);
        std::uint8_t more = 0;
        while (read(acknowledged[0], &more, 1) == 1) last = more;
        close(acknowledged[0]);
        const auto store = open();
        for (std::uint8_t i = 0; i <= last; ++i) {
            MessageId id = samples::message_id(i);
            id.bytes[0] = std::uint8_t(round);
            ASSERT_TRUE(store->find(id)) << "round " << round << " message " << int(i);
        }
    }
}

TEST(RocksMessageStore, trims_its_outbox_and_says_so) {
    const testkit::TempDir dir;
    SystemRandom random;
    const auto store = *make_rocks_store({.path = dir.path(),
                                          .accepted_event = accepted_event,
                                          .ended_event = ended_event,
                                          .committed = {},
                                          .outbox_events_max = 100},
                                         random);
    std::uint32_t number = 0;
    for (int batch = 0; batch < 30; ++batch) {
        std::vector<NewMessage> messages;
        for (int i = 0; i < 50; ++i) {
            NewMessage message = samples::new_message(1);
            message.record.envelope.id.bytes[1] = std::uint8_t(++number >> 8);
            message.record.envelope.id.bytes[2] = std::uint8_t(number);
            messages.push_back(message);
        }
        ASSERT_TRUE(store->put(std::move(messages), [](const auto&) {}));
    }
    EXPECT_EQ(store->read_after(1, 10).error().reason, "POSITION_TRIMMED");
    EXPECT_GT(store->read_after(0, 1)->front().position, 100u);
    EXPECT_EQ(store->last_position(), 1500u);
}

TEST(RocksMessageStore, an_ending_tells_since_when_it_could_be) {
    const testkit::TempDir dir;
    SystemRandom random;
    const auto store = *make_rocks_store({.path = dir.path(),
                                          .accepted_event = accepted_event,
                                          .ended_event = ended_event,
                                          .committed = {}},
                                         random);
    NewMessage message = samples::new_message(1, {samples::device(1), samples::device(2)});
    message.record.copies[0].reachable_at = samples::kNow;
    ASSERT_TRUE(store->put({message}, [](const auto&) {}));
    std::vector<Ending> endings;
    for (const std::uint8_t device : {1, 2})
        endings.push_back({.copy = {samples::message_id(1), samples::device(device)},
                           .end = End::kExpired,
                           .at = samples::kNow + Duration(9),
                           .receipt = {}});
    ASSERT_TRUE(store->end(endings));
    const auto events = *store->read_after(1, 10);
    imece::messaging::v1::MessageEnded told;
    ASSERT_TRUE(told.ParseFromString(events.at(0).data));
    EXPECT_EQ(runtime::from_proto(told.accepted_at()), samples::kNow);
    EXPECT_EQ(runtime::from_proto(told.reachable_at()), samples::kNow);
    ASSERT_TRUE(told.ParseFromString(events.at(1).data));
    EXPECT_FALSE(told.has_reachable_at());
}

TEST(Records, refuse_damaged_bytes) {
    const std::string whole = encode(samples::new_message(1).record);
    EXPECT_TRUE(decode_record(whole));
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(decode_record(whole.substr(0, size)).error().reason, "DATA_MALFORMED");
    EXPECT_FALSE(decode_record(whole + "x"));
    EXPECT_FALSE(
        decode_device("\x01"
                      "short"));
    EXPECT_FALSE(decode_group(std::string(17, '\x01') + "\xff\xff\xff\xff"));
    EXPECT_FALSE(decode_event(""));
}

}  // namespace
}  // namespace imece::messaging
