#include "sdk/cpp/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/fake_clock.h"

namespace imece::sdk {
namespace {

using namespace std::chrono_literals;
namespace messaging = imece::messaging::v1;
namespace type = imece::type::v1;
using testing::ElementsAre;
using testing::IsEmpty;

/// A window that can be told to fail.
class FragileWindow final : public DedupWindow {
public:
    bool contains(const DeviceId& device, const MessageId& message) const override {
        return inner_->contains(device, message);
    }
    Status remember(std::span<const Handled> handled, TimePoint now) override {
        if (down) return fail(ErrorCode::kUnavailable, "STORE_DOWN", "told to fail");
        ++calls;
        return inner_->remember(handled, now);
    }
    std::size_t size() const override { return inner_->size(); }

    bool down = false;
    int calls = 0;

private:
    std::unique_ptr<DedupWindow> inner_ = make_memory_dedup_window();
};

class FakeConnection final : public Connection {
public:
    Result<std::uint64_t> submit(std::span<const type::SignedEnvelope>) override { return 1; }
    Result<std::uint64_t> receipts(std::span<const type::SignedReceipt> receipts) override {
        sent.insert(sent.end(), receipts.begin(), receipts.end());
        return 1;
    }
    Status add_credit(std::uint32_t) override { return {}; }
    bool writable() const override { return true; }
    void close() override {}
    std::vector<type::SignedReceipt> sent;
};

class InboxTest : public testing::Test {
protected:
    type::SignedEnvelope message(std::string body, std::optional<std::chrono::seconds> ttl = {}) {
        Draft draft;
        draft.destination = to(device_.id());
        draft.recipient_key = device_.key().seal_key();
        draft.body = std::move(body);
        draft.ttl = ttl;
        draft.attach_credential = false;
        return *sender_.compose(draft, MessageId{make_uuid_v7(clock_.now(), random_)}, clock_.now(),
                                random_);
    }
    messaging::Delivery delivery(const type::SignedEnvelope& message, const DeviceId& for_device) {
        messaging::Delivery made;
        *made.mutable_message() = message;
        made.set_device_id(to_text(for_device));
        return made;
    }
    std::vector<type::ReceiptKind> take(const std::vector<type::SignedEnvelope>& messages) {
        return kinds(inbox_->take(messages));
    }
    static std::vector<type::ReceiptKind> kinds(
        const Result<std::vector<type::SignedReceipt>>& receipts) {
        std::vector<type::ReceiptKind> kinds;
        EXPECT_TRUE(receipts);
        if (!receipts) return kinds;
        for (const auto& one : *receipts) {
            type::Receipt receipt;
            EXPECT_TRUE(receipt.ParseFromString(one.receipt()));
            kinds.push_back(receipt.kind());
        }
        return kinds;
    }
    void make(Inbox::Options options) {
        inbox_.emplace(
            Inbox::Deps{device_, window_, clock_},
            [this](const Opened& opened) {
                bodies_.push_back(opened.body);
                verified_.push_back(opened.verified);
                return verdict_;
            },
            std::move(options));
    }

    SeededRandom random_{3};
    testkit::FakeClock clock_;
    Device device_ = Device::create(random_);
    Device sender_ = Device::create(random_);
    FragileWindow window_;
    Verdict verdict_ = Verdict::kTaken;
    std::vector<std::string> bodies_;
    std::vector<bool> verified_;
    std::optional<Inbox> inbox_;
    InboxTest() { make({}); }
};

TEST_F(InboxTest, hands_each_message_over_once_and_acknowledges_every_copy) {
    const auto one = message("one");
    const auto two = message("two");
    EXPECT_THAT(take({one, two, one}),
                ElementsAre(type::DELIVERED, type::DELIVERED, type::DELIVERED));
    EXPECT_THAT(take({two}), ElementsAre(type::DELIVERED));
    EXPECT_THAT(bodies_, ElementsAre("one", "two"));
    EXPECT_EQ(inbox_->stats().handed_over, 2u);
    EXPECT_EQ(inbox_->stats().duplicates, 2u);
    EXPECT_EQ(window_.calls, 2);  // One fsync a batch.
}

TEST_F(InboxTest, acknowledges_nothing_that_was_not_remembered) {
    const auto one = message("one");
    window_.down = true;
    const auto failed = inbox_->take(std::vector{one});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, "STORE_DOWN");
    window_.down = false;
    EXPECT_THAT(take({one}), ElementsAre(type::DELIVERED));
}

TEST_F(InboxTest, does_what_the_application_says) {
    const auto one = message("one");
    verdict_ = Verdict::kLater;
    EXPECT_THAT(take({one}), IsEmpty());
    verdict_ = Verdict::kRefused;
    EXPECT_THAT(take({one}), ElementsAre(type::REJECTED));
    verdict_ = Verdict::kTaken;
    EXPECT_THAT(take({one}), ElementsAre(type::DELIVERED));
    EXPECT_EQ(bodies_.size(), 3u);
}

TEST_F(InboxTest, does_not_hand_over_what_is_past_its_life) {
    const auto short_lived = message("late", 60s);
    clock_.advance(60s);
    EXPECT_THAT(take({short_lived}), ElementsAre(type::EXPIRED));
    EXPECT_THAT(bodies_, IsEmpty());
    EXPECT_EQ(inbox_->stats().expired, 1u);
}

TEST_F(InboxTest, an_id_is_known_for_as_long_as_its_message_can_come) {
    const auto one = message("one", 60s);
    EXPECT_THAT(take({one}), ElementsAre(type::DELIVERED));
    clock_.advance(59s);
    EXPECT_THAT(take({one}), ElementsAre(type::DELIVERED));
    clock_.advance(1h);  // Whether it is still known or not.
    take({one});
    EXPECT_THAT(bodies_, ElementsAre("one"));
}

TEST_F(InboxTest, refuses_what_cannot_be_opened_and_drops_what_cannot_be_read) {
    Draft draft;
    draft.destination = to(device_.id());
    draft.recipient_key = sender_.key().seal_key();  // Not ours.
    draft.body = "not for us";
    draft.attach_credential = false;
    const auto unreadable = *sender_.compose(draft, MessageId{{7}}, clock_.now(), random_);
    type::SignedEnvelope garbage;
    garbage.set_envelope("garbage");
    EXPECT_THAT(take({unreadable, garbage}), ElementsAre(type::REJECTED));
    EXPECT_EQ(inbox_->stats().unreadable, 2u);
    EXPECT_THAT(bodies_, IsEmpty());
}

TEST_F(InboxTest, asks_for_the_senders_key) {
    take({message("unknown")});
    make({.sender_key = [&](const DeviceId& id) -> std::optional<crypto::PublicKey> {
        EXPECT_EQ(id, sender_.id());
        return sender_.public_key();
    }});
    take({message("known")});
    EXPECT_THAT(verified_, ElementsAre(false, true));
    auto forged = message("forged");
    (*forged.mutable_signature())[0] ^= 1;
    EXPECT_THAT(take({forged}), ElementsAre(type::REJECTED));
}

TEST_F(InboxTest, opens_with_the_desks_key) {
    const crypto::SigningKey desk(crypto::Seed{9});
    make({.desk_key = desk});
    Draft draft;
    draft.destination = to(GroupId{{5}});
    draft.recipient_key = desk.seal_key();
    draft.body = "help";
    draft.attach_credential = false;
    take({*sender_.compose(draft, MessageId{{7}}, clock_.now(), random_)});
    EXPECT_THAT(bodies_, ElementsAre("help"));
}

TEST_F(InboxTest, serves_a_connection_and_passes_on_what_it_carries) {
    std::vector<std::string> carried;
    make({.carry = [&](const messaging::Delivery& delivery) {
        carried.push_back(delivery.device_id());
    }});
    messaging::Deliveries deliveries;
    *deliveries.add_deliveries() = delivery(message("ours"), device_.id());
    *deliveries.add_deliveries() = delivery(message("theirs"), sender_.id());
    FakeConnection connection;
    ASSERT_TRUE(inbox_->serve(connection, deliveries));
    EXPECT_THAT(bodies_, ElementsAre("ours"));
    EXPECT_THAT(carried, ElementsAre(to_text(sender_.id())));
    ASSERT_EQ(connection.sent.size(), 1u);
    EXPECT_TRUE(crypto::verify(device_.public_key(), crypto::kReceiptDomain,
                               view_of(connection.sent[0].receipt()),
                               view_of(connection.sent[0].signature())));
    EXPECT_TRUE(inbox_->serve(connection, {}));
    EXPECT_EQ(connection.sent.size(), 1u);
}

}  // namespace
}  // namespace imece::sdk
