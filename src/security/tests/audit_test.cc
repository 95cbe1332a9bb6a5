#include "security/app/audit.h"

#include <gtest/gtest.h>

#include "crypto/merkle.h"
#include "imece/security/v1/security.pb.h"
#include "security/adapters/bus/event_record.h"
#include "security/tests/memory_audit_store.h"

namespace imece::security {
namespace {

TEST(EventRecord, says_who_did_what_and_holds_no_data) {
    runtime::Event event;
    event.id.bytes.fill(0x11);
    event.type = "device.revoked.v1";
    event.subject = "00112233445566778899aabbccddeeff";
    event.time = TimePoint(std::chrono::milliseconds(1'675'646'254'123));
    event.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    event.actor = "user:01a219cf-544a-7c9b-af53-e13525fb011e";
    event.data = "lost by its owner";
    event.position = 42;

    const NewRecord made = record_of(event, "identity");
    EXPECT_EQ(made.source, "identity");
    EXPECT_EQ(made.position, 42u);
    EXPECT_EQ(text_of(made.record).find("lost"), std::string_view::npos);
    v1::AuditRecord read;
    ASSERT_TRUE(read.ParseFromString(std::string(text_of(made.record))));
    EXPECT_EQ(read.time().seconds(), 1'675'646'254);
    EXPECT_EQ(read.source(), "identity");
    EXPECT_EQ(read.type(), event.type);
    EXPECT_EQ(read.subject(), event.subject);
    EXPECT_EQ(read.actor(), event.actor);
    EXPECT_EQ(read.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(read.event_id(), "11111111-1111-1111-1111-111111111111");
    EXPECT_EQ(to_hex(view_of(read.data_sha256())), to_hex(crypto::sha256(view_of(event.data))));
}

TEST(EventRecord, a_trace_that_is_none_is_left_out) {
    runtime::Event event;
    event.trace_parent = "00-short";
    v1::AuditRecord read;
    ASSERT_TRUE(read.ParseFromString(std::string(text_of(record_of(event, "x").record))));
    EXPECT_EQ(read.trace_id(), "");
}

class Audit : public testing::Test {
protected:
    static constexpr std::uint64_t kRecords = 13;

    Audit() {
        for (std::uint64_t position = 1; position <= kRecords; ++position)
            EXPECT_TRUE(store_.append({"identity", position, Bytes(3, std::uint8_t(position))}));
    }
    crypto::Digest root(std::uint64_t size) {
        return *crypto::merkle_root(
            size, [&](unsigned level, std::uint64_t index) { return store_.node(level, index); });
    }

    MemoryAuditStore store_{std::make_shared<MemoryLog>()};
    const crypto::SigningKey key_{crypto::Seed{5}};
    const ReadAudit read_{store_};
    const SignCheckpoint sign_{{store_, key_, "imece/demo/audit"}};
};

TEST_F(Audit, a_checkpoint_is_over_the_log_as_it_is) {
    const auto made = sign_();
    ASSERT_TRUE(made);
    const crypto::Checkpoint expected{"imece/demo/audit", kRecords, root(kRecords)};
    EXPECT_EQ(made->checkpoint, expected);
    EXPECT_EQ(crypto::open_checkpoint(made->note, made->verifier_key), expected);
    ASSERT_TRUE(store_.append({"identity", kRecords + 1, Bytes(1, 1)}));
    EXPECT_EQ(sign_()->checkpoint.size, kRecords + 1);
}

TEST_F(Audit, a_checkpoint_of_nothing_can_be_signed) {
    MemoryAuditStore empty(std::make_shared<MemoryLog>());
    const auto made = SignCheckpoint({empty, key_, "o"})();
    ASSERT_TRUE(made);
    EXPECT_EQ(made->checkpoint.root, crypto::sha256({}));
}

TEST_F(Audit, each_record_is_proved_in_each_size) {
    for (std::uint64_t size = 1; size <= kRecords; ++size)
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto proof = read_.prove(index, size);
            ASSERT_TRUE(proof);
            EXPECT_EQ(proof->size, size);
            EXPECT_TRUE(crypto::verify_merkle_inclusion(
                index, size, crypto::merkle_leaf_hash(proof->record.record), proof->path,
                root(size)));
        }
    EXPECT_EQ(read_.prove(0, 0)->size, kRecords);
}

TEST_F(Audit, each_older_log_is_proved_to_be_the_beginning) {
    for (std::uint64_t older = 0; older <= kRecords; ++older) {
        const auto proof = read_.prove_consistency(older, 0);
        ASSERT_TRUE(proof);
        EXPECT_EQ(proof->size, kRecords);
        EXPECT_TRUE(crypto::verify_merkle_consistency(older, kRecords, root(older), root(kRecords),
                                                      proof->path));
    }
}

TEST_F(Audit, what_the_log_does_not_have_is_refused) {
    EXPECT_EQ(read_.prove(kRecords, 0).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(read_.prove(0, kRecords + 1).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(read_.prove(3, 3).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(read_.prove_consistency(kRecords + 1, 0).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(read_.prove_consistency(5, 4).error().reason, "PROOF_OUT_OF_RANGE");
}

}  // namespace
}  // namespace imece::security
