#include "ledger/domain/transaction.h"

#include "base/codec.h"
#include "base/result.h"

namespace imece::ledger {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kAreaMax = 64;
constexpr std::size_t kCauseMax = 500;

enum class Kind : std::uint8_t {
    kReceiptAnchor = 1,
    kEmergencyDeclared = 2,
    kEmergencyEnded = 3,
    kCheckInRecorded = 4,
};

std::unexpected<Error> malformed(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "TRANSACTION_MALFORMED", why);
}

struct WriteBody {
    Encoder& out;
    void kind(Kind kind) const { out.number(std::uint8_t(kind)); }
    void operator()(const ReceiptAnchor& body) const {
        kind(Kind::kReceiptAnchor);
        out.number(body.number).number(body.receipts).fixed(body.root);
    }
    void operator()(const EmergencyDeclared& body) const {
        kind(Kind::kEmergencyDeclared);
        out.fixed(body.emergency.bytes).number(std::uint8_t(body.level)).time(body.expires_at);
        out.text(body.area).text(body.cause);
    }
    void operator()(const EmergencyEnded& body) const {
        kind(Kind::kEmergencyEnded);
        out.fixed(body.emergency.bytes).text(body.cause);
    }
    void operator()(const CheckInRecorded& body) const {
        kind(Kind::kCheckInRecorded);
        out.fixed(body.check_in.bytes).fixed(body.commitment);
    }
};

std::optional<TransactionBody> read_body(Decoder& in) {
    switch (Kind(in.number<std::uint8_t>())) {
        case Kind::kReceiptAnchor: {
            ReceiptAnchor body;
            body.number = in.number<std::uint64_t>();
            body.receipts = in.number<std::uint32_t>();
            body.root = in.fixed<32>();
            return body;
        }
        case Kind::kEmergencyDeclared: {
            EmergencyDeclared body;
            body.emergency.bytes = in.fixed<16>();
            body.level = Level(in.number<std::uint8_t>());
            body.expires_at = in.time();
            body.area = in.text();
            body.cause = in.text();
            return body;
        }
        case Kind::kEmergencyEnded: {
            EmergencyEnded body;
            body.emergency.bytes = in.fixed<16>();
            body.cause = in.text();
            return body;
        }
        case Kind::kCheckInRecorded: {
            CheckInRecorded body;
            body.check_in.bytes = in.fixed<16>();
            body.commitment = in.fixed<32>();
            return body;
        }
    }
    return std::nullopt;
}

void write_signed_part(Encoder& out, const Transaction& transaction) {
    out.fixed(transaction.chain).fixed(transaction.id.bytes).time(transaction.at);
    out.fixed(transaction.author.bytes);
    std::visit(WriteBody{out}, transaction.body);
}

bool is_text(const std::string& text, std::size_t size_max) {
    return !text.empty() && text.size() <= size_max;
}

struct CheckBody {
    TimePoint at;
    Status operator()(const ReceiptAnchor& body) const {
        if (body.number == 0 || body.receipts == 0) return malformed("an anchor of no receipts");
        return {};
    }
    Status operator()(const EmergencyDeclared& body) const {
        if (body.level != Level::kEmergency && body.level != Level::kCrisis)
            return malformed("the level is EMERGENCY or CRISIS");
        if (!is_text(body.area, kAreaMax)) return malformed("the area has 1 to 64 bytes");
        if (!is_text(body.cause, kCauseMax)) return malformed("the cause has 1 to 500 bytes");
        if (body.expires_at <= at || body.expires_at > at + kEmergencyMax)
            return malformed("an emergency ends after it begins, within 30 days");
        return {};
    }
    Status operator()(const EmergencyEnded& body) const {
        if (!is_text(body.cause, kCauseMax)) return malformed("the cause has 1 to 500 bytes");
        return {};
    }
    Status operator()(const CheckInRecorded&) const { return {}; }
};

}  // namespace

std::string signed_part(const Transaction& transaction) {
    Encoder out(kFormat);
    write_signed_part(out, transaction);
    return out.take();
}

std::string encode(const Transaction& transaction) {
    Encoder out(kFormat);
    write_signed_part(out, transaction);
    out.fixed(transaction.signature).number(std::uint8_t(transaction.approvals.size()));
    for (const Approval& approval : transaction.approvals)
        out.fixed(approval.authority.bytes).fixed(approval.signature);
    return out.take();
}

Result<Transaction> decode_transaction(std::string_view bytes) {
    if (bytes.size() > kTransactionBytesMax) return malformed("a transaction has at most 16 KiB");
    Decoder in(bytes);
    if (in.version() != kFormat) return malformed("not a transaction of this format");
    Transaction transaction;
    transaction.chain = in.fixed<32>();
    transaction.id.bytes = in.fixed<16>();
    transaction.at = in.time();
    transaction.author.bytes = in.fixed<16>();
    auto body = read_body(in);
    if (!body) return malformed("a kind of transaction that is not known here");
    transaction.body = *std::move(body);
    transaction.signature = in.fixed<64>();
    const auto approvals = in.number<std::uint8_t>();
    if (approvals > AuthoritySet::kAuthoritiesMax) return malformed("too many approvals");
    for (unsigned i = 0; i < approvals && in.good(); ++i) {
        Approval approval;
        approval.authority.bytes = in.fixed<16>();
        approval.signature = in.fixed<64>();
        transaction.approvals.push_back(approval);
    }
    if (!in.ok()) return malformed("the transaction is cut off, or goes on behind its end");
    return transaction;
}

bool needs_quorum(const TransactionBody& body) {
    return std::holds_alternative<EmergencyDeclared>(body) ||
           std::holds_alternative<EmergencyEnded>(body);
}

Status check(const Transaction& transaction, const crypto::Digest& chain, const AuthoritySet& set) {
    if (transaction.chain != chain) return malformed("the transaction is of another chain");
    IMECE_CHECK(std::visit(CheckBody{transaction.at}, transaction.body));
    const std::string bytes = signed_part(transaction);
    const Authority* author = set.find(transaction.author);
    if (author == nullptr)
        return fail(ErrorCode::kPermissionDenied, "AUTHORITY_UNKNOWN",
                    "the author is no authority of this epoch");
    if (!crypto::verify(author->key, kTransactionDomain, view_of(bytes), transaction.signature))
        return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                    "the transaction is not signed by its author");
    std::uint64_t weight = 0;
    const AuthorityId* last = nullptr;
    for (const Approval& approval : transaction.approvals) {
        if (last != nullptr && !(*last < approval.authority))
            return malformed("approvals are in the order of their authorities, each once");
        last = &approval.authority;
        const Authority* one = set.find(approval.authority);
        if (one == nullptr)
            return fail(ErrorCode::kPermissionDenied, "AUTHORITY_UNKNOWN",
                        "an approval is of no authority of this epoch");
        if (!crypto::verify(one->key, kApprovalDomain, view_of(bytes), approval.signature))
            return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                        "an approval is not signed by its authority");
        weight += one->weight;
    }
    if (needs_quorum(transaction.body) && !set.is_quorum(weight))
        return fail(ErrorCode::kFailedPrecondition, "QUORUM_MISSING",
                    "more than two thirds of the authorities' weight must approve");
    return {};
}

}  // namespace imece::ledger
