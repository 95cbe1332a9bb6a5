// The audit log in memory: for the tests of the use cases, and to be broken on purpose.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "crypto/merkle.h"
#include "security/app/ports.h"

namespace imece::security {

/// What outlives a store that is closed.
struct MemoryLog {
    std::mutex mutex;
    std::vector<LoggedRecord> records;
    std::map<std::pair<unsigned, std::uint64_t>, crypto::Digest> nodes;
    std::map<std::string, std::uint64_t> positions;
};

class MemoryAuditStore : public AuditStore {
public:
    explicit MemoryAuditStore(std::shared_ptr<MemoryLog> log) : log_(std::move(log)) {}

    Status append(const NewRecord& record) override {
        const std::scoped_lock lock(log_->mutex);
        std::uint64_t& last = log_->positions[record.source];
        if (record.position <= last) return {};
        const std::uint64_t size = log_->records.size();
        const crypto::Digest leaf = crypto::merkle_leaf_hash(record.record);
        IMECE_TRY(const auto made,
                  crypto::merkle_append(size, leaf, [&](unsigned level, std::uint64_t index) {
                      return find(level, index);
                  }));
        for (const crypto::MerkleNode& node : made)
            log_->nodes[{node.level, node.index}] = node.hash;
        log_->records.push_back({size, record.record, leaf});
        last = record.position;
        return {};
    }
    Result<std::uint64_t> position(const std::string& source) override {
        const std::scoped_lock lock(log_->mutex);
        const auto at = log_->positions.find(source);
        return at == log_->positions.end() ? 0 : at->second;
    }
    Result<std::uint64_t> size() override {
        const std::scoped_lock lock(log_->mutex);
        return log_->records.size();
    }
    Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) override {
        const std::scoped_lock lock(log_->mutex);
        std::vector<LoggedRecord> out;
        for (std::uint64_t i = index; i < log_->records.size() && out.size() < max; ++i)
            out.push_back(log_->records[i]);
        return out;
    }
    Result<crypto::Digest> node(unsigned level, std::uint64_t index) override {
        const std::scoped_lock lock(log_->mutex);
        return find(level, index);
    }

protected:
    std::shared_ptr<MemoryLog> log_;

private:
    Result<crypto::Digest> find(unsigned level, std::uint64_t index) const {
        const auto at = log_->nodes.find({level, index});
        if (at == log_->nodes.end()) return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "no node");
        return at->second;
    }
};

}  // namespace imece::security
