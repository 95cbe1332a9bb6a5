// What every AuditStore promises, clause by clause. A clause is a function that says what is wrong, so that it can be
// held against good adapters and against deliberately broken ones.
#pragma once

#include <functional>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "crypto/merkle.h"
#include "security/app/ports.h"
#include "testkit/clause.h"

namespace imece::security {

/// Opens the same stored state each time it is called; what it gave before is closed by then.
using Opener = std::function<std::shared_ptr<AuditStore>()>;

/// Empty: holds.
using Clause = std::string (*)(const Opener&);
struct NamedClause {
    const char* name;
    Clause clause;
};

inline NewRecord record(std::uint64_t position, const std::string& source = "identity") {
    const std::string text = source + " " + std::to_string(position);
    return {source, position, {text.begin(), text.end()}};
}

/// That the store holds exactly `expected`, in order, and that its tree is over them.
inline std::string holds_exactly(AuditStore& store, const std::vector<NewRecord>& expected) {
    IMECE_HOLDS(store.size() == expected.size());
    const auto listed = store.list(0, expected.size() + 10);
    IMECE_HOLDS(listed && listed->size() == expected.size());
    crypto::ReadMerkleNode read = [&](unsigned level, std::uint64_t index) {
        return store.node(level, index);
    };
    const auto root = crypto::merkle_root(expected.size(), read);
    IMECE_HOLDS(root);
    for (std::uint64_t i = 0; i < expected.size(); ++i) {
        const LoggedRecord& got = (*listed)[i];
        IMECE_HOLDS(got.index == i);
        IMECE_HOLDS(got.record == expected[i].record);
        IMECE_HOLDS(got.leaf == crypto::merkle_leaf_hash(got.record));
        const auto proof = crypto::merkle_inclusion(i, expected.size(), read);
        IMECE_HOLDS(proof);
        IMECE_HOLDS(crypto::verify_merkle_inclusion(i, expected.size(), got.leaf, *proof, *root));
    }
    return {};
}

inline std::string starts_empty(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->position("identity") == 0u);
    IMECE_HOLDS(!store->node(0, 0));
    return holds_exactly(*store, {});
}

inline std::string keeps_records_in_their_order(const Opener& open) {
    std::vector<NewRecord> all;
    for (std::uint64_t position = 1; position <= 21; ++position) {
        all.push_back(record(position));
        IMECE_HOLDS(open()->append(all.back()));
        const std::string wrong = holds_exactly(*open(), all);
        IMECE_HOLDS(wrong.empty());
    }
    const auto store = open();
    IMECE_HOLDS(store->position("identity") == 21u);
    return holds_exactly(*store, all);
}

inline std::string a_record_that_comes_again_is_there_already(const Opener& open) {
    const auto store = open();
    for (const std::uint64_t position : {3, 5, 5, 4, 3, 1})
        IMECE_HOLDS(store->append(record(position)));
    IMECE_HOLDS(store->position("identity") == 5u);
    return holds_exactly(*store, {record(3), record(5)});
}

inline std::string a_restart_does_not_let_it_in_twice(const Opener& open) {
    for (const std::uint64_t position : {1, 2}) IMECE_HOLDS(open()->append(record(position)));
    for (const std::uint64_t position : {1, 2}) IMECE_HOLDS(open()->append(record(position)));
    return holds_exactly(*open(), {record(1), record(2)});
}

inline std::string each_source_has_its_own_positions(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->append(record(7, "identity")));
    IMECE_HOLDS(store->append(record(2, "ledger")));
    IMECE_HOLDS(store->append(record(8, "identity")));
    IMECE_HOLDS(store->position("ledger") == 2u && store->position("identity") == 8u);
    return holds_exactly(*store,
                         {record(7, "identity"), record(2, "ledger"), record(8, "identity")});
}

inline std::string lists_from_anywhere_and_no_more_than_asked(const Opener& open) {
    const auto store = open();
    for (std::uint64_t position = 1; position <= 9; ++position)
        IMECE_HOLDS(store->append(record(position)));
    const auto middle = store->list(4, 3);
    IMECE_HOLDS(middle && middle->size() == 3);
    IMECE_HOLDS(middle->front().index == 4 && middle->back().index == 6);
    IMECE_HOLDS(store->list(8, 3)->size() == 1);
    IMECE_HOLDS(store->list(9, 3)->empty());
    return {};
}

inline std::string concurrent_appends_get_one_place_each(const Opener& open) {
    constexpr int kSources = 6;
    constexpr std::uint64_t kEach = 40;
    const auto store = open();
    {
        std::latch start(kSources);
        std::vector<std::jthread> threads;
        for (int t = 0; t < kSources; ++t)
            threads.emplace_back([&, source = "source " + std::to_string(t)] {
                start.arrive_and_wait();
                for (std::uint64_t position = 1; position <= kEach; ++position)
                    if (!store->append(record(position, source))) return;
            });
    }
    const auto listed = store->list(0, 10'000);
    IMECE_HOLDS(listed && listed->size() == kSources * kEach);
    std::vector<NewRecord> all;
    std::set<Bytes> different;
    for (const LoggedRecord& each : *listed) {
        all.push_back({.record = each.record});
        different.insert(each.record);
    }
    IMECE_HOLDS(different.size() == listed->size());
    return holds_exactly(*store, all);
}

inline std::string takes_the_largest_record(const Opener& open) {
    NewRecord large = record(1);
    large.record.assign(64 * 1024, 0xff);
    IMECE_HOLDS(open()->append(large));
    return holds_exactly(*open(), {large});
}

inline std::vector<NamedClause> audit_store_contract() {
    return {
        {"starts_empty", starts_empty},
        {"keeps_records_in_their_order", keeps_records_in_their_order},
        {"a_record_that_comes_again_is_there_already", a_record_that_comes_again_is_there_already},
        {"a_restart_does_not_let_it_in_twice", a_restart_does_not_let_it_in_twice},
        {"each_source_has_its_own_positions", each_source_has_its_own_positions},
        {"lists_from_anywhere_and_no_more_than_asked", lists_from_anywhere_and_no_more_than_asked},
        {"concurrent_appends_get_one_place_each", concurrent_appends_get_one_place_each},
        {"takes_the_largest_record", takes_the_largest_record},
    };
}

}  // namespace imece::security
