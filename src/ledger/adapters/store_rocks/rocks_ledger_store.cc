#include "ledger/adapters/store_rocks/rocks_ledger_store.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/codec.h"
#include "base/result.h"

namespace imece::ledger {
namespace {

using runtime::key_of;
using runtime::KvBatch;
using runtime::KvStore;
using runtime::number_of;

constexpr std::uint8_t kFormat = 1;

/// kBlocks: height → header, certificate. kBodies: height → transactions. kTransactions: id → where it is. kPending:
/// sequence → bytes. kHistory: level, index → hash. kStateNodes: depth, prefix → node. kState: name → value. kReceipts:
/// message, device → place. kAnchors: number → transaction, leaves. kFacts: 'c' candidate, 's' epoch → set, 'm' mark, 'i' identity's position. kOutbox: position → event.
enum Family : std::size_t {
    kBlocks,
    kBodies,
    kTransactions,
    kPending,
    kHistory,
    kStateNodes,
    kState,
    kReceipts,
    kAnchors,
    kFacts,
    kOutbox
};

std::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                std::string("the ledger's store has a damaged ") + what);
}

template <class AnyId>
std::string id_key(const AnyId& id) {
    return std::string(text_of(id.view()));
}
std::string receipt_key(const ReceiptKey& key) {
    return id_key(key.message) + id_key(key.recipient);
}
std::string history_key(unsigned level, std::uint64_t index) {
    return std::string(1, char(level)) + key_of(index);
}
std::string position_key(const crypto::StatePosition& position) {
    return key_of(position.depth) + std::string(text_of(position.prefix));
}

std::string texts(const std::vector<std::string>& list) {
    Encoder out(kFormat);
    out.number(std::uint32_t(list.size()));
    for (const std::string& text : list) out.text(text);
    return out.take();
}
Result<std::vector<std::string>> read_texts(Decoder& in, const char* what) {
    const auto count = in.number<std::uint32_t>();
    std::vector<std::string> list;
    for (std::uint32_t i = 0; i < count && in.good(); ++i) list.push_back(in.text());
    if (!in.good()) return damaged(what);
    return list;
}

std::string encode(const TransactionPlace& place) {
    Encoder out(kFormat);
    out.number(std::uint8_t(place.state)).number(place.height).number(place.index);
    return out.text(place.bytes).text(place.reason).take();
}
Result<TransactionPlace> decode_place(std::string_view bytes) {
    Decoder in(bytes);
    TransactionPlace place;
    place.state = TransactionState(in.number<std::uint8_t>());
    place.height = in.number<std::uint64_t>();
    place.index = in.number<std::uint32_t>();
    place.bytes = in.text();
    place.reason = in.text();
    if (!in.ok() || in.version() != kFormat) return damaged("transaction");
    return place;
}

std::string encode(const Candidate& candidate) {
    Encoder out(kFormat);
    out.text(encode(candidate.header)).text(texts(candidate.transactions));
    out.number(std::uint32_t(candidate.sequences.size()));
    for (const std::uint64_t sequence : candidate.sequences) out.number(sequence);
    out.number(std::uint32_t(candidate.refused.size()));
    for (const auto& [id, reason] : candidate.refused) out.fixed(id.bytes).text(reason);
    return out.take();
}
Result<Candidate> decode_candidate(std::string_view bytes) {
    Decoder in(bytes);
    Candidate candidate;
    IMECE_TRY(candidate.header, decode_header(in.text()));
    const std::string list = in.text();
    Decoder transactions(list);
    IMECE_TRY(candidate.transactions, read_texts(transactions, "candidate"));
    const auto sequences = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < sequences && in.good(); ++i)
        candidate.sequences.push_back(in.number<std::uint64_t>());
    const auto refused = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < refused && in.good(); ++i) {
        const TransactionId id{in.fixed<16>()};
        candidate.refused.emplace_back(id, in.text());
    }
    if (!in.ok() || in.version() != kFormat) return damaged("candidate");
    return candidate;
}

std::string encode(const crypto::StateNode& node) {
    Encoder out(kFormat);
    out.fixed(node.hash).number(std::uint8_t(node.leaf ? 1 : 0));
    if (node.leaf) out.fixed(node.leaf->key).fixed(node.leaf->value);
    return out.take();
}
Result<crypto::StateNode> decode_node(std::string_view bytes) {
    Decoder in(bytes);
    crypto::StateNode node;
    node.hash = in.fixed<32>();
    if (in.number<std::uint8_t>() == 1) {
        crypto::StateEntry entry;
        entry.key = in.fixed<32>();
        entry.value = in.fixed<32>();
        node.leaf = entry;
    }
    if (!in.ok() || in.version() != kFormat) return damaged("node of the state");
    return node;
}

std::string encode(const runtime::Event& event) {
    Encoder out(kFormat);
    out.fixed(event.id.bytes).text(event.type).text(event.subject).time(event.time);
    return out.text(event.trace_parent).text(event.actor).text(event.data).take();
}
Result<runtime::Event> decode_event(std::string_view bytes) {
    Decoder in(bytes);
    runtime::Event event;
    event.id.bytes = in.fixed<16>();
    event.type = in.text();
    event.subject = in.text();
    event.time = in.time();
    event.trace_parent = in.text();
    event.actor = in.text();
    event.data = in.text();
    if (!in.ok() || in.version() != kFormat) return damaged("event");
    return event;
}

class Store final : public RocksLedgerStore {
public:
    Store(RocksLedgerOptions options, std::unique_ptr<KvStore> kv)
        : options_(std::move(options)), kv_(std::move(kv)) {}

    Status recover() {
        IMECE_TRY(const std::string last_pending, kv_->last_key(kPending));
        sequence_ = number_of(last_pending);
        IMECE_TRY(const std::string last_event, kv_->last_key(kOutbox));
        position_ = committed_position_ = number_of(last_event);
        return {};
    }

    Status begin(const Block& first, const AuthoritySet& set) override {
        return kv_->commit([&](KvBatch& batch) -> Status {
            std::string bytes;
            IMECE_TRY(const bool begun, batch.get(kBlocks, key_of(0), bytes));
            if (begun) return {};
            write_block(batch, first);
            batch.put(kHistory, history_key(0, 0), text_of(hash_of(first.header)));
            batch.put(kFacts, "s" + key_of(set.epoch()), set.encode());
            return {};
        });
    }

    Result<std::uint64_t> height() override {
        IMECE_TRY(const std::string last, kv_->last_key(kBlocks));
        if (last.empty())
            return fail(ErrorCode::kNotFound, "CHAIN_EMPTY", "the chain has not begun");
        return number_of(last);
    }

    Result<Block> block(std::uint64_t height) override {
        std::string bytes;
        std::string body;
        IMECE_TRY(const bool found, kv_->get(kBlocks, key_of(height), bytes));
        if (!found)
            return fail(ErrorCode::kNotFound, "BLOCK_UNKNOWN", "the chain is not that long");
        IMECE_TRY(const bool whole, kv_->get(kBodies, key_of(height), body));
        Decoder in(bytes);
        Block block;
        const std::string header = in.text();
        const std::string certificate = in.text();
        if (!in.ok() || !whole) return damaged("block");
        IMECE_TRY(block.header, decode_header(header));
        IMECE_TRY(block.certificate, decode_certificate(certificate));
        Decoder list(body);
        IMECE_TRY(block.transactions, read_texts(list, "block"));
        return block;
    }

    Result<AuthoritySet> authority_set(std::uint64_t epoch) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kFacts, "s" + key_of(epoch), bytes));
        if (!found)
            return fail(ErrorCode::kNotFound, "EPOCH_UNKNOWN", "the chain has no such epoch");
        return AuthoritySet::decode(bytes);
    }

    Result<bool> submit(const Submitted& submitted) override {
        const std::string key = id_key(submitted.id);
        bool fresh = false;
        const Status done = commit([&](KvBatch& batch) -> Status {
            std::string there;
            IMECE_TRY(const bool known, batch.get(kTransactions, key, there));
            fresh = !known;
            if (known) return {};
            batch.put(kTransactions, key,
                      encode(TransactionPlace{.bytes = submitted.bytes, .reason = {}}));
            batch.put(kPending, key_of(++sequence_), submitted.bytes);
            if (submitted.receipts) write_receipts(batch, *submitted.receipts, submitted.id);
            if (submitted.identity_position)
                batch.put(kFacts, "i",
                          Encoder(kFormat).number(*submitted.identity_position).take());
            tell(batch, options_.submitted_event(submitted));
            return {};
        });
        if (!done) return std::unexpected(done.error());
        return fresh;
    }

    Result<std::vector<PendingTransaction>> pending(std::size_t bytes_max) override {
        std::vector<PendingTransaction> pending;
        std::size_t bytes = 0;
        IMECE_CHECK(kv_->scan(kPending, "", "", [&](std::string_view key, std::string_view value) {
            bytes += value.size();
            if (!pending.empty() && bytes > bytes_max) return false;
            pending.push_back({number_of(key), std::string(value)});
            return true;
        }));
        return pending;
    }

    Result<TransactionPlace> transaction(const TransactionId& id) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kTransactions, id_key(id), bytes));
        if (!found)
            return fail(ErrorCode::kNotFound, "TRANSACTION_UNKNOWN", "no transaction has this id");
        return decode_place(bytes);
    }

    Status put_candidate(const Candidate& candidate) override {
        return kv_->commit([&](KvBatch& batch) -> Status {
            batch.put(kFacts, "c", encode(candidate));
            return {};
        });
    }

    Result<std::optional<Candidate>> candidate() override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kFacts, "c", bytes));
        if (!found) return std::optional<Candidate>();
        return decode_candidate(bytes);
    }

    Status finalize(const Finalized& finalized) override {
        return commit([&](KvBatch& batch) -> Status {
            const Block& block = finalized.block;
            write_block(batch, block);
            for (std::uint32_t i = 0; i < block.transactions.size(); ++i) {
                IMECE_TRY(const Transaction one, decode_transaction(block.transactions[i]));
                batch.put(kTransactions, id_key(one.id),
                          encode(TransactionPlace{TransactionState::kFinal,
                                                  block.header.height,
                                                  i,
                                                  block.transactions[i],
                                                  {}}));
            }
            for (const auto& [id, reason] : finalized.refused)
                batch.put(kTransactions, id_key(id),
                          encode(TransactionPlace{TransactionState::kRefused, 0, 0, {}, reason}));
            for (const std::uint64_t sequence : finalized.sequences)
                batch.erase(kPending, key_of(sequence));
            for (const crypto::MerkleNode& node : finalized.history_nodes)
                batch.put(kHistory, history_key(node.level, node.index), text_of(node.hash));
            for (const auto& [position, node] : finalized.state_nodes)
                batch.put(kStateNodes, position_key(position), encode(node));
            for (const StateChange& change : finalized.changes)
                batch.put(kState, change.name, change.value);
            batch.erase(kFacts, "c");
            tell(batch, options_.final_event(finalized));
            return {};
        });
    }

    Result<crypto::Digest> history_node(unsigned level, std::uint64_t index) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kHistory, history_key(level, index), bytes));
        crypto::Digest hash{};
        if (!found || bytes.size() != hash.size()) return damaged("history");
        std::ranges::copy(view_of(bytes), hash.begin());
        return hash;
    }

    Result<std::optional<crypto::StateNode>> state_node(
        const crypto::StatePosition& position) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kStateNodes, position_key(position), bytes));
        if (!found) return std::optional<crypto::StateNode>();
        return decode_node(bytes);
    }

    Result<std::optional<std::string>> state(std::string_view name) override {
        std::string value;
        IMECE_TRY(const bool found, kv_->get(kState, name, value));
        if (!found) return std::optional<std::string>();
        return value;
    }

    Result<ReceiptMark> receipt_mark() override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kFacts, "m", bytes));
        ReceiptMark mark;
        if (!found) return mark;
        Decoder in(bytes);
        mark.number = in.number<std::uint64_t>();
        mark.position = in.number<std::uint64_t>();
        if (!in.ok()) return damaged("mark");
        return mark;
    }

    Result<std::uint64_t> identity_position() override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kFacts, "i", bytes));
        if (!found) return 0;
        Decoder in(bytes);
        const auto position = in.number<std::uint64_t>();
        if (!in.ok()) return damaged("identity position");
        return position;
    }

    Result<ReceiptPlace> receipt(const ReceiptKey& key) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kReceipts, receipt_key(key), bytes));
        if (!found) return receipt_unknown();
        Decoder in(bytes);
        ReceiptPlace place;
        place.anchor = in.number<std::uint64_t>();
        place.index = in.number<std::uint32_t>();
        if (!in.ok()) return damaged("receipt");
        return place;
    }

    Result<std::pair<std::vector<crypto::Digest>, TransactionId>> anchor(
        std::uint64_t number) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kAnchors, key_of(number), bytes));
        if (!found) return receipt_unknown();
        Decoder in(bytes);
        const TransactionId id{in.fixed<16>()};
        const auto count = in.number<std::uint32_t>();
        std::vector<crypto::Digest> leaves;
        for (std::uint32_t i = 0; i < count && in.good(); ++i) leaves.push_back(in.fixed<32>());
        if (!in.ok()) return damaged("anchor");
        return std::pair(std::move(leaves), id);
    }

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        std::vector<runtime::Event> events;
        Status failed;
        IMECE_CHECK(kv_->scan(kOutbox, key_of(position + 1), "",
                              [&](std::string_view key, std::string_view bytes) {
                                  auto event = decode_event(bytes);
                                  if (!event) {
                                      failed = std::unexpected(event.error());
                                      return false;
                                  }
                                  event->position = number_of(key);
                                  events.push_back(*std::move(event));
                                  return events.size() < max;
                              }));
        IMECE_CHECK(failed);
        return events;
    }
    std::uint64_t last_position() override { return committed_position_; }
    Status snapshot(const std::filesystem::path& to) const override { return kv_->snapshot(to); }

private:
    /// The bus is told once a change with an event is durable.
    Status commit(const std::function<Status(KvBatch&)>& change) {
        std::uint64_t before = 0;
        return kv_->commit(
            [&](KvBatch& batch) -> Status {
                before = position_;
                Status changed = change(batch);
                if (!changed) position_ = before;
                return changed;
            },
            [&] {
                committed_position_ = position_;
                if (position_ != before) options_.announced();
            });
    }
    void tell(KvBatch& batch, const std::optional<runtime::Event>& event) {
        if (event) batch.put(kOutbox, key_of(++position_), encode(*event));
    }

    static std::unexpected<Error> receipt_unknown() {
        return fail(ErrorCode::kNotFound, "RECEIPT_UNKNOWN",
                    "no receipt of this message and device was anchored yet");
    }

    static void write_block(KvBatch& batch, const Block& block) {
        const std::string key = key_of(block.header.height);
        Encoder out(kFormat);
        out.text(ledger::encode(block.header)).text(ledger::encode(block.certificate));
        batch.put(kBlocks, key, out.take());
        batch.put(kBodies, key, texts(block.transactions));
    }

    static void write_receipts(KvBatch& batch, const ReceiptBatch& receipts,
                               const TransactionId& id) {
        Encoder leaves(kFormat);
        leaves.fixed(id.bytes).number(std::uint32_t(receipts.receipts.size()));
        for (std::uint32_t i = 0; i < receipts.receipts.size(); ++i) {
            const AnchoredReceipt& receipt = receipts.receipts[i];
            leaves.fixed(receipt.leaf);
            batch.put(kReceipts, receipt_key(receipt.key),
                      Encoder(kFormat).number(receipts.number).number(i).take());
        }
        batch.put(kAnchors, key_of(receipts.number), leaves.take());
        batch.put(kFacts, "m",
                  Encoder(kFormat).number(receipts.number).number(receipts.position).take());
    }

    const RocksLedgerOptions options_;
    std::uint64_t sequence_ = 0;  ///< This and position_: touched on the commit thread only.
    std::uint64_t position_ = 0;
    std::atomic<std::uint64_t> committed_position_{0};
    std::unique_ptr<KvStore> kv_;  ///< Last: its commit thread uses the members above.
};

}  // namespace

Result<std::unique_ptr<RocksLedgerStore>> make_rocks_ledger_store(RocksLedgerOptions options) {
    IMECE_TRY(auto kv, options.open({.path = options.path,
                                     .families = {"blocks", "bodies", "transactions", "pending",
                                                  "history", "state_nodes", "state", "receipts",
                                                  "anchors", "facts", "outbox"},
                                     .block_cache_bytes = 8 << 20,
                                     .memtable_bytes = 2 << 20}));
    auto store = std::make_unique<Store>(std::move(options), std::move(kv));
    IMECE_CHECK(store->recover());
    return store;
}

}  // namespace imece::ledger
