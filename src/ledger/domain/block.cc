#include "ledger/domain/block.h"

#include "base/codec.h"
#include "crypto/merkle.h"

namespace imece::ledger {
namespace {

constexpr std::uint8_t kFormat = 1;

std::unexpected<Error> malformed(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "BLOCK_MALFORMED", why);
}

std::unexpected<Error> bad_certificate(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "CERTIFICATE_MALFORMED", why);
}

std::vector<crypto::Digest> leaves_of(const std::vector<std::string>& transactions) {
    std::vector<crypto::Digest> leaves;
    for (const std::string& bytes : transactions)
        leaves.push_back(crypto::merkle_leaf_hash(view_of(bytes)));
    return leaves;
}

}  // namespace

std::string encode(const BlockHeader& header) {
    Encoder out(kFormat);
    out.fixed(header.chain).number(header.height).number(header.round).fixed(header.parent);
    out.fixed(header.history_root).time(header.time).fixed(header.proposer.bytes);
    out.number(header.epoch).fixed(header.authority_set).number(std::uint8_t(header.level));
    out.number(std::uint8_t(header.exercise)).number(header.transactions);
    out.fixed(header.transactions_root).fixed(header.state_root);
    return out.take();
}

Result<BlockHeader> decode_header(std::string_view bytes) {
    Decoder in(bytes);
    if (in.version() != kFormat) return malformed("not a block of this format");
    BlockHeader header;
    header.chain = in.fixed<32>();
    header.height = in.number<std::uint64_t>();
    header.round = in.number<std::uint32_t>();
    header.parent = in.fixed<32>();
    header.history_root = in.fixed<32>();
    header.time = in.time();
    header.proposer.bytes = in.fixed<16>();
    header.epoch = in.number<std::uint64_t>();
    header.authority_set = in.fixed<32>();
    const auto level = in.number<std::uint8_t>();
    const auto exercise = in.number<std::uint8_t>();
    header.transactions = in.number<std::uint32_t>();
    header.transactions_root = in.fixed<32>();
    header.state_root = in.fixed<32>();
    if (!in.ok() || level > std::uint8_t(Level::kCrisis) || exercise > 1)
        return malformed("the header is malformed");
    header.level = Level(level);
    header.exercise = exercise == 1;
    return header;
}

crypto::Digest hash_of(const BlockHeader& header) {
    return crypto::merkle_leaf_hash(view_of(encode(header)));
}

crypto::Digest transactions_root(const std::vector<std::string>& transactions) {
    return crypto::merkle_root(leaves_of(transactions));
}

std::vector<crypto::Digest> transaction_path(const std::vector<std::string>& transactions,
                                             std::uint32_t index) {
    return crypto::merkle_inclusion(index, leaves_of(transactions));
}

std::string vote_bytes(const BlockHeader& header) {
    Encoder out(kFormat);
    out.number(header.height).number(header.round).fixed(hash_of(header));
    return out.take();
}

std::string encode(const Certificate& certificate) {
    Encoder out(kFormat);
    out.number(std::uint8_t(certificate.votes.size()));
    for (const Vote& vote : certificate.votes)
        out.fixed(vote.authority.bytes).fixed(vote.signature);
    return out.take();
}

Result<Certificate> decode_certificate(std::string_view bytes) {
    Decoder in(bytes);
    const auto votes = in.number<std::uint8_t>();
    if (in.version() != kFormat || votes > AuthoritySet::kAuthoritiesMax)
        return bad_certificate("not a certificate of this format");
    Certificate certificate;
    for (unsigned i = 0; i < votes && in.good(); ++i) {
        Vote vote;
        vote.authority.bytes = in.fixed<16>();
        vote.signature = in.fixed<64>();
        certificate.votes.push_back(vote);
    }
    if (!in.ok()) return bad_certificate("the certificate is cut off, or goes on behind its end");
    return certificate;
}

Status check(const Certificate& certificate, const BlockHeader& header, const AuthoritySet& set) {
    if (header.authority_set != set.hash())
        return bad_certificate("the block is of another authority set");
    const std::string bytes = vote_bytes(header);
    std::uint64_t weight = 0;
    const AuthorityId* last = nullptr;
    for (const Vote& vote : certificate.votes) {
        if (last != nullptr && !(*last < vote.authority))
            return bad_certificate("votes are in the order of their authorities, each once");
        last = &vote.authority;
        const Authority* one = set.find(vote.authority);
        if (one == nullptr) return bad_certificate("a vote is of no authority of the set");
        if (!crypto::verify(one->key, kVoteDomain, view_of(bytes), vote.signature))
            return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                        "a vote is not signed by its authority");
        weight += one->weight;
    }
    if (!set.is_quorum(weight))
        return fail(ErrorCode::kFailedPrecondition, "QUORUM_MISSING",
                    "the votes are not more than two thirds of the weight");
    return {};
}

Status check_follows(const BlockHeader& header, const BlockHeader& parent,
                     const AuthoritySet& set) {
    const crypto::Digest hash = hash_of(parent);
    if (header.chain != (parent.height == 0 ? hash : parent.chain))
        return malformed("the block is of another chain");
    if (header.height != parent.height + 1 || header.parent != hash)
        return malformed("the block does not follow its parent");
    if (header.time <= parent.time) return malformed("the block is not later than its parent");
    if (header.exercise != parent.exercise) return malformed("an exercise and a real chain mix");
    if (header.epoch != set.epoch() || header.authority_set != set.hash())
        return malformed("the block is of another authority set");
    if (header.proposer != set.proposer(header.height, header.round).id())
        return malformed("it is another authority's turn to propose");
    return {};
}

}  // namespace imece::ledger
