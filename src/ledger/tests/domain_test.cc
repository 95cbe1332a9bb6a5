#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ledger/domain/state.h"
#include "ledger/tests/samples.h"

namespace imece::ledger {
namespace {

using namespace std::chrono_literals;

std::string reason_of(const Status& status) {
    return status ? "" : std::string(status.error().reason);
}
template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "" : std::string(result.error().reason);
}

Result<AuthoritySet> set_of(const std::vector<std::uint32_t>& weights) {
    std::vector<Authority> list;
    for (std::size_t i = 0; i < weights.size(); ++i)
        list.push_back({key_number(std::uint8_t(i + 1)).public_key(), weights[i]});
    return AuthoritySet::make(7, list);
}

TEST(AuthoritySet, is_linted_from_four_on) {
    EXPECT_TRUE(set_of({10}));
    EXPECT_TRUE(set_of({10, 1, 1}));
    EXPECT_TRUE(set_of({10, 10, 10, 10}));
    EXPECT_TRUE(set_of({10, 9, 9, 3}));
    for (const auto& weights : std::vector<std::vector<std::uint32_t>>{
             {}, {0}, {1'000'001}, {20, 10, 15, 15}, {10, 5, 5, 5}, {1, 1, 1, 1, 0}})
        EXPECT_EQ(reason_of(set_of(weights)), "AUTHORITY_SET_INVALID") << weights.size();
    std::vector<Authority> many(101, {key_number(1).public_key(), 1});
    EXPECT_FALSE(AuthoritySet::make(0, many));
    many.resize(2);
    EXPECT_FALSE(AuthoritySet::make(0, many)) << "the same authority twice";
}

TEST(AuthoritySet, a_quorum_is_strictly_more_than_two_thirds) {
    const struct {
        std::vector<std::uint32_t> weights;
        std::uint64_t least;
        std::size_t stops;
    } cases[] = {{{10}, 7, 1},         {{1, 1}, 2, 2},         {{1, 1, 1}, 3, 3},
                 {{1, 1, 1, 1}, 3, 0}, {{10, 9, 9, 3}, 21, 0}, {{1, 1, 1, 1, 1, 1}, 5, 0},
                 {{5, 1, 1}, 5, 1}};
    for (const auto& each : cases) {
        const auto set = set_of(each.weights);
        ASSERT_TRUE(set);
        EXPECT_TRUE(set->is_quorum(each.least));
        EXPECT_FALSE(set->is_quorum(each.least - 1));
        EXPECT_EQ(set->stops_without().size(), each.stops) << each.weights.size();
    }
}

TEST(AuthoritySet, every_authority_takes_its_turn_and_the_next_round_is_anothers) {
    const auto set = set_of({10, 10, 10, 10});
    std::set<AuthorityId> seen;
    for (std::uint64_t height = 1; height <= 4; ++height) {
        seen.insert(set->proposer(height, 0).id());
        EXPECT_NE(set->proposer(height, 0).id(), set->proposer(height, 1).id());
    }
    EXPECT_EQ(seen.size(), 4u);
}

TEST(AuthoritySet, is_read_as_it_was_written) {
    const auto set = set_of({10, 5, 3});
    const auto again = AuthoritySet::decode(set->encode());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->hash(), set->hash());
    EXPECT_EQ(again->epoch(), 7u);
    EXPECT_NE(set_of({10, 5, 4})->hash(), set->hash());
    const std::string bytes = set->encode();
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(AuthoritySet::decode(bytes.substr(0, size)));
    EXPECT_FALSE(AuthoritySet::decode(bytes + "x"));
}

class Transactions : public testing::Test {
protected:
    const Authorities four_ = local_authorities(4);
    const crypto::Digest chain_ = crypto::sha256(view_of("chain"));
};

TEST_F(Transactions, are_read_as_they_were_written_and_nothing_else_is) {
    const std::vector<TransactionBody> bodies{
        ReceiptAnchor{3, 12, crypto::sha256(view_of("root"))}, emergency(),
        EmergencyEnded{id_number<EmergencyId>(4), "over"},
        CheckInRecorded{{.bytes = {1, 2}}, crypto::sha256(view_of("salted"))}};
    for (const TransactionBody& body : bodies) {
        const std::string bytes = encode(signed_by(four_, chain_, body, 3));
        const auto read = decode_transaction(bytes);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->body.index(), body.index());
        EXPECT_EQ(encode(*read), bytes);
        EXPECT_EQ(reason_of(check(*read, chain_, four_.set)), "");
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_EQ(reason_of(decode_transaction(bytes.substr(0, size))),
                      "TRANSACTION_MALFORMED");
        EXPECT_FALSE(decode_transaction(bytes + "x"));
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            std::string changed = bytes;
            changed[at] ^= 1;
            const auto other = decode_transaction(changed);
            EXPECT_FALSE(other && check(*other, chain_, four_.set)) << "byte " << at;
        }
    }
}

TEST_F(Transactions, an_emergency_needs_more_than_two_thirds_and_honest_fields) {
    EXPECT_EQ(reason_of(check(signed_by(four_, chain_, emergency(), 2), chain_, four_.set)),
              "QUORUM_MISSING");
    EXPECT_EQ(reason_of(check(signed_by(four_, chain_, emergency(), 3), chain_, four_.set)), "");
    EXPECT_EQ(reason_of(check(signed_by(four_, {}, emergency(), 3), chain_, four_.set)),
              "TRANSACTION_MALFORMED")
        << "of another chain";
    const auto change = [](auto with) {
        EmergencyDeclared body = emergency();
        with(body);
        return body;
    };
    for (const EmergencyDeclared& body :
         {change([](auto& b) { b.level = Level::kNormal; }),
          change([](auto& b) { b.level = Level(3); }), change([](auto& b) { b.area = ""; }),
          change([](auto& b) { b.area = std::string(65, 'a'); }),
          change([](auto& b) { b.cause = ""; }),
          change([](auto& b) { b.cause = std::string(501, 'a'); }),
          change([](auto& b) { b.expires_at = kStart; }),
          change([](auto& b) { b.expires_at = kStart + kEmergencyMax + 1ms; })})
        EXPECT_EQ(reason_of(check(signed_by(four_, chain_, body, 3), chain_, four_.set)),
                  "TRANSACTION_MALFORMED");
}

TEST_F(Transactions, nobody_signs_for_another) {
    const Authorities others = local_authorities(3);
    Transaction stranger = signed_by(four_, chain_, emergency(), 3);
    stranger.author = authority_id_of(key_number(9).public_key());
    EXPECT_EQ(reason_of(check(stranger, chain_, four_.set)), "AUTHORITY_UNKNOWN");
    Transaction forged = signed_by(four_, chain_, emergency(), 3);
    forged.signature[0] ^= 1;
    EXPECT_EQ(reason_of(check(forged, chain_, four_.set)), "SIGNATURE_INVALID");
    Transaction twice = signed_by(four_, chain_, emergency(), 2);
    twice.approvals.push_back(twice.approvals.back());
    EXPECT_EQ(reason_of(check(twice, chain_, four_.set)), "TRANSACTION_MALFORMED");
    // The author's own signature is no approval: the domains differ.
    Transaction reused = signed_by(four_, chain_, emergency(), 3);
    for (Approval& approval : reused.approvals)
        if (approval.authority == reused.author) approval.signature = reused.signature;
    EXPECT_EQ(reason_of(check(reused, chain_, four_.set)), "SIGNATURE_INVALID");
}

class Blocks : public testing::Test {
protected:
    void SetUp() override {
        first_ = *first_block(four_, kStart, false);
        next_.chain = next_.parent = hash_of(first_.header);
        next_.height = 1;
        next_.time = kStart + 10s;
        next_.authority_set = four_.set.hash();
        next_.proposer = four_.set.proposer(1, 0).id();
        next_.transactions_root = transactions_root({});
    }
    Certificate votes(const BlockHeader& header, std::size_t count) const {
        Certificate certificate;
        for (std::size_t i = 0; i < count; ++i)
            certificate.votes.push_back(
                {authority_id_of(four_.keys[i].public_key()),
                 four_.keys[i].sign(kVoteDomain, view_of(vote_bytes(header)))});
        std::ranges::sort(certificate.votes, {}, &Vote::authority);
        return certificate;
    }
    const Authorities four_ = local_authorities(4);
    Block first_;
    BlockHeader next_;
};

TEST_F(Blocks, the_header_commits_to_every_byte) {
    const std::string bytes = encode(next_);
    EXPECT_EQ(*decode_header(bytes), next_);
    const crypto::Digest hash = hash_of(next_);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string changed = bytes;
        changed[at] ^= 1;
        const auto header = decode_header(changed);
        EXPECT_FALSE(header && hash_of(*header) == hash) << "byte " << at;
        EXPECT_FALSE(decode_header(bytes.substr(0, at)));
    }
    EXPECT_FALSE(decode_header(bytes + "x"));
}

TEST_F(Blocks, are_final_by_more_than_two_thirds_of_honest_votes) {
    EXPECT_EQ(reason_of(check(votes(next_, 3), next_, four_.set)), "");
    EXPECT_EQ(reason_of(check(votes(next_, 2), next_, four_.set)), "QUORUM_MISSING");
    BlockHeader other = next_;
    other.round = 1;
    EXPECT_EQ(reason_of(check(votes(next_, 3), other, four_.set)), "SIGNATURE_INVALID");
    Certificate twice = votes(next_, 3);
    twice.votes[2] = twice.votes[1];
    EXPECT_EQ(reason_of(check(twice, next_, four_.set)), "CERTIFICATE_MALFORMED");
    Certificate stranger = votes(next_, 3);
    stranger.votes[2].authority.bytes.fill(0xff);
    EXPECT_EQ(reason_of(check(stranger, next_, four_.set)), "CERTIFICATE_MALFORMED");
    EXPECT_EQ(reason_of(check(votes(next_, 3), next_, local_authorities(3).set)),
              "CERTIFICATE_MALFORMED");
    const std::string bytes = encode(votes(next_, 3));
    EXPECT_EQ(encode(*decode_certificate(bytes)), bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(reason_of(decode_certificate(bytes.substr(0, size))), "CERTIFICATE_MALFORMED");
    EXPECT_FALSE(decode_certificate(bytes + "x"));
}

TEST_F(Blocks, follow_their_parent) {
    EXPECT_EQ(reason_of(check_follows(next_, first_.header, four_.set)), "");
    const auto change = [this](auto with) {
        BlockHeader header = next_;
        with(header);
        return header;
    };
    for (const BlockHeader& header :
         {change([](auto& h) { h.chain[0] ^= 1; }), change([](auto& h) { h.height = 2; }),
          change([](auto& h) { h.parent[0] ^= 1; }), change([](auto& h) { h.time = kStart; }),
          change([](auto& h) { h.exercise = true; }), change([](auto& h) { h.epoch = 1; }),
          change([](auto& h) { h.authority_set[0] ^= 1; }),
          change([](auto& h) { h.proposer.bytes[0] ^= 1; }), change([](auto& h) { h.round = 1; })})
        EXPECT_EQ(reason_of(check_follows(header, first_.header, four_.set)), "BLOCK_MALFORMED");
}

TEST_F(Blocks, a_path_leads_from_each_transaction_to_the_root) {
    std::vector<std::string> transactions;
    for (int i = 0; i < 13; ++i) transactions.push_back("transaction " + std::to_string(i));
    for (std::uint32_t i = 0; i < transactions.size(); ++i)
        EXPECT_TRUE(crypto::verify_merkle_inclusion(
            i, transactions.size(), crypto::merkle_leaf_hash(view_of(transactions[i])),
            transaction_path(transactions, i), transactions_root(transactions)));
}

class State : public testing::Test {
protected:
    Status run(TransactionBody body, TimePoint at = kStart) {
        const auto changes = apply(signed_by(four_, {}, std::move(body), 4), at, reader());
        if (!changes) return std::unexpected(changes.error());
        for (const StateChange& change : *changes) entries_[change.name] = change.value;
        return {};
    }
    ReadState reader() const {
        return [this](std::string_view name) -> Result<std::optional<std::string>> {
            const auto at = entries_.find(name);
            if (at == entries_.end()) return std::optional<std::string>();
            return at->second;
        };
    }
    Level level(TimePoint at) const { return highest(*emergencies_in_force(at, reader())); }
    const Authorities four_ = local_authorities(4);
    std::map<std::string, std::string, std::less<>> entries_;
};

TEST_F(State, the_gravest_emergency_in_force_is_the_level) {
    EXPECT_EQ(level(kStart), Level::kNormal);
    EXPECT_EQ(reason_of(run(emergency(1))), "");
    EXPECT_EQ(level(kStart), Level::kEmergency);
    EXPECT_EQ(reason_of(run(emergency(2, Level::kCrisis))), "");
    EXPECT_EQ(level(kStart), Level::kCrisis);
    EXPECT_EQ(emergencies_in_force(kStart, reader())->front().id, id_number<EmergencyId>(2));
    EXPECT_EQ(reason_of(run(EmergencyEnded{id_number<EmergencyId>(2), "over"})), "");
    EXPECT_EQ(level(kStart), Level::kEmergency);
    EXPECT_EQ(level(kStart + 1h - 1ms), Level::kEmergency);
    EXPECT_EQ(level(kStart + 1h), Level::kNormal) << "its time is over";
}

TEST_F(State, refuses_what_cannot_be) {
    EXPECT_EQ(reason_of(run(emergency(1))), "");
    EXPECT_EQ(reason_of(run(emergency(1))), "ID_TAKEN");
    EXPECT_EQ(reason_of(run(emergency(2), kStart + 1h)), "EMERGENCY_OVER");
    EXPECT_EQ(reason_of(run(EmergencyEnded{id_number<EmergencyId>(9), "over"})),
              "EMERGENCY_UNKNOWN");
    EXPECT_EQ(reason_of(run(EmergencyEnded{id_number<EmergencyId>(1), "over"}, kStart + 2h)),
              "EMERGENCY_OVER");
    const CheckInRecorded check_in{{.bytes = {1}}, {}};
    EXPECT_EQ(reason_of(run(check_in)), "");
    EXPECT_EQ(reason_of(run(check_in)), "ID_TAKEN");
    EXPECT_EQ(reason_of(run(ReceiptAnchor{2, 1, {}})), "ANCHOR_OUT_OF_ORDER");
    EXPECT_EQ(reason_of(run(ReceiptAnchor{1, 1, {}})), "");
    EXPECT_EQ(reason_of(run(ReceiptAnchor{1, 1, {}})), "ANCHOR_OUT_OF_ORDER");
    EXPECT_EQ(reason_of(run(ReceiptAnchor{2, 1, {}})), "");
}

TEST_F(State, has_room_for_so_many_emergencies_and_those_that_are_over_take_none) {
    for (std::size_t i = 0; i < kEmergenciesMax; ++i) {
        EmergencyDeclared body = emergency();
        body.emergency.bytes[0] = std::uint8_t(i);
        ASSERT_EQ(reason_of(run(body)), "");
    }
    EmergencyDeclared one_more = emergency();
    one_more.emergency.bytes[1] = 1;
    EXPECT_EQ(reason_of(run(one_more)), "EMERGENCIES_TOO_MANY");
    one_more.expires_at = kStart + 3h;
    EXPECT_EQ(reason_of(run(one_more, kStart + 2h)), "");
    EXPECT_EQ(emergencies_in_force(kStart + 2h, reader())->size(), 1u);
}

TEST_F(State, a_damaged_entry_is_an_error) {
    entries_["emergencies"] = "x";
    EXPECT_EQ(reason_of(run(emergency(1))), "DATA_MALFORMED");
    entries_["receipts"] = "x";
    EXPECT_EQ(reason_of(run(ReceiptAnchor{1, 1, {}})), "DATA_MALFORMED");
}

}  // namespace
}  // namespace imece::ledger
