#include "sdk/cpp/audit.h"

#include <gtest/gtest.h>

#include "crypto/merkle.h"

namespace imece::sdk {
namespace {

/// A log of 20 records as a site gives it, and what somebody may do to it.
class AuditCheckTest : public testing::Test {
protected:
    struct Entry {
        std::uint64_t index = 0;
        Bytes record;
        crypto::Digest leaf{};
    };

    AuditCheckTest() {
        for (std::uint8_t i = 0; i < 20; ++i) {
            const Bytes record(5, i);
            log_.push_back({i, record, crypto::merkle_leaf_hash(record)});
        }
        now_ = checkpoint(20);
    }

    crypto::Checkpoint checkpoint(std::size_t size) const {
        return {"imece/demo/audit", size, root(0, size)};
    }
    /// What the auditor is told; empty when nothing is wrong.
    std::string verdict(KeptAudit kept = {}) const {
        AuditCheck check(std::move(kept));
        for (const Entry& entry : log_)
            if (const Status taken = check.add(entry.index, entry.record, entry.leaf); !taken)
                return std::string(taken.error().reason) + ": " + taken.error().message;
        const Status ended = check.finish(now_);
        return ended ? "" : std::string(ended.error().reason) + ": " + ended.error().message;
    }
    /// Changes a record, its hash with it, as somebody who holds the store can.
    void rewrite(std::size_t index) {
        log_[index].record.assign(5, 0xee);
        log_[index].leaf = crypto::merkle_leaf_hash(log_[index].record);
    }

    std::vector<Entry> log_;
    crypto::Checkpoint now_;

private:
    crypto::Digest root(std::size_t begin, std::size_t end) const {
        if (end - begin == 1) return log_[begin].leaf;
        std::size_t half = 1;
        while (half * 2 < end - begin) half *= 2;
        return crypto::merkle_node_hash(root(begin, begin + half), root(begin + half, end));
    }
};

TEST_F(AuditCheckTest, a_log_that_nobody_touched_passes) {
    EXPECT_EQ(verdict(), "");
    for (const std::size_t size : {1U, 7U, 16U, 19U, 20U})
        EXPECT_EQ(verdict({.checkpoint = checkpoint(size)}), "") << size;
}

TEST_F(AuditCheckTest, an_empty_log_passes) {
    log_.clear();
    now_ = {"imece/demo/audit", 0, crypto::sha256({})};
    EXPECT_EQ(verdict(), "");
}

TEST_F(AuditCheckTest, a_changed_record_is_named) {
    log_[17].record[2] ^= 1;
    EXPECT_EQ(verdict(), "AUDIT_BROKEN: record 17 was changed");
}

TEST_F(AuditCheckTest, a_missing_record_is_named) {
    log_.erase(log_.begin() + 4);
    EXPECT_EQ(verdict(), "AUDIT_BROKEN: record 4 is missing: the log goes on with 5");
}

TEST_F(AuditCheckTest, a_record_that_is_there_twice_is_named) {
    log_.insert(log_.begin() + 4, log_[3]);
    EXPECT_EQ(verdict(), "AUDIT_BROKEN: record 3 comes twice");
}

TEST_F(AuditCheckTest, a_cut_log_is_told_by_the_checkpoint) {
    log_.resize(15);
    EXPECT_EQ(verdict(),
              "AUDIT_BROKEN: the log was cut: it has 15 records, its checkpoint says 20");
}

TEST_F(AuditCheckTest, a_cut_log_with_a_checkpoint_of_its_own_is_told_by_what_was_kept) {
    const crypto::Checkpoint kept = now_;
    log_.resize(15);
    now_ = checkpoint(15);
    EXPECT_EQ(verdict(), "");
    EXPECT_EQ(verdict({.checkpoint = kept}),
              "AUDIT_BROKEN: the log was cut: it has 15 records, and had 20 before");
}

TEST_F(AuditCheckTest, a_record_changed_with_its_hash_is_told_by_the_root) {
    rewrite(3);
    EXPECT_EQ(verdict(),
              "AUDIT_BROKEN: one of the records was changed, and its hash with it: the "
              "root is not the one that was signed");
}

TEST_F(AuditCheckTest, a_rewritten_log_is_told_by_what_was_kept) {
    const crypto::Checkpoint kept = checkpoint(10);
    std::vector<crypto::Digest> leaves;
    for (std::size_t i = 0; i < 10; ++i) leaves.push_back(log_[i].leaf);
    rewrite(3);
    now_ = checkpoint(20);
    EXPECT_EQ(verdict(), "");
    EXPECT_EQ(verdict({.checkpoint = kept}),
              "AUDIT_BROKEN: one of records 0 to 9 was changed, and its hash with it");
    EXPECT_EQ(verdict({.checkpoint = kept, .leaves = leaves}),
              "AUDIT_BROKEN: record 3 was changed");
}

}  // namespace
}  // namespace imece::sdk
