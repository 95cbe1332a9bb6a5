#include "ledger/adapters/rpc/ledger_service.h"

#include "base/result.h"
#include "imece/ledger/v1/ledger.grpc.pb.h"
#include "ledger/adapters/rpc/convert.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::ledger {
namespace {

using runtime::Call;

constexpr std::size_t kPageDefault = 50;

class Ledger final : public v1::LedgerService::Service {
public:
    Ledger(const ReadLedger& read, runtime::Door& door) : read_(read), door_(door) {}

    grpc::Status GetLedger(grpc::ServerContext* context, const v1::GetLedgerRequest* request,
                           v1::Ledger* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(LedgerStatus status, read_.status());
            const BlockHeader& tip = status.tip.header;
            IMECE_TRY(const AuthoritySet set, read_.authority_set(tip.epoch));
            response->set_chain_id(to_hex(tip.height == 0 ? hash_of(tip) : tip.chain));
            status.tip.transactions.clear();
            fill(status.tip, *response->mutable_tip());
            fill(set, *response->mutable_authorities());
            response->set_pending_transactions(status.pending);
            for (const Emergency& one : status.emergencies) fill(one, *response->add_emergencies());
            return {};
        });
    }

    grpc::Status ListBlocks(grpc::ServerContext* context, const v1::ListBlocksRequest* request,
                            v1::ListBlocksResponse* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            const std::size_t size =
                request->page_size() == 0 ? kPageDefault : request->page_size();
            IMECE_TRY(const auto blocks, read_.blocks(request->before(), size));
            for (const Block& block : blocks) fill(block, *response->add_blocks());
            return {};
        });
    }

    grpc::Status GetBlock(grpc::ServerContext* context, const v1::GetBlockRequest* request,
                          v1::Block* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const Block block, read_.block(request->height()));
            fill(block, *response);
            return {};
        });
    }

    grpc::Status ProveBlock(grpc::ServerContext* context, const v1::ProveBlockRequest* request,
                            v1::BlockProof* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            std::uint64_t newer = request->newer();
            if (newer == 0) {
                IMECE_TRY(const LedgerStatus status, read_.status());
                newer = status.tip.header.height;
            }
            IMECE_TRY(const HistoryProof proof, read_.prove_history(request->height(), newer));
            fill(proof.older, *response->mutable_older());
            fill(proof.newer, *response->mutable_newer());
            for (const crypto::Digest& hash : proof.path) response->add_path(bytes_of(hash));
            return {};
        });
    }

    grpc::Status GetTransaction(grpc::ServerContext* context,
                                const v1::GetTransactionRequest* request,
                                v1::Transaction* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const auto id, parse_id<TransactionId>(request->transaction_id()));
            IMECE_TRY(const TransactionPlace place, read_.transaction(id));
            response->set_transaction_id(to_text(id));
            switch (place.state) {
                case TransactionState::kPending: response->set_state(v1::PENDING); break;
                case TransactionState::kFinal: response->set_state(v1::FINAL); break;
                case TransactionState::kRefused: response->set_state(v1::REFUSED); break;
            }
            response->set_height(place.height);
            response->set_index(place.index);
            response->set_refused_reason(place.reason);
            response->set_encoded(place.bytes);
            return {};
        });
    }

    grpc::Status ProveTransaction(grpc::ServerContext* context,
                                  const v1::ProveTransactionRequest* request,
                                  v1::TransactionProof* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const auto id, parse_id<TransactionId>(request->transaction_id()));
            IMECE_TRY(const TransactionProof proof, read_.prove_transaction(id));
            fill(proof, *response);
            return {};
        });
    }

    grpc::Status ProveReceipt(grpc::ServerContext* context, const v1::ProveReceiptRequest* request,
                              v1::ReceiptProof* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const auto message, parse_id<MessageId>(request->message_id()));
            IMECE_TRY(const auto device, parse_id<DeviceId>(request->device_id()));
            IMECE_TRY(const ReceiptProof proof, read_.prove_receipt({message, device}));
            response->set_index(proof.index);
            for (const crypto::Digest& hash : proof.path) response->add_path(bytes_of(hash));
            fill(proof.anchor, *response->mutable_anchor());
            return {};
        });
    }

    grpc::Status ProveEntry(grpc::ServerContext* context, const v1::ProveEntryRequest* request,
                            v1::EntryProof* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const EntryProof proof, read_.prove_entry(request->name()));
            response->set_there(proof.value.has_value());
            if (proof.value) response->set_value(*proof.value);
            for (const crypto::Digest& hash : proof.proof.beside)
                response->add_beside(bytes_of(hash));
            if (proof.proof.leaf) {
                response->set_leaf_key(bytes_of(proof.proof.leaf->key));
                response->set_leaf_value(bytes_of(proof.proof.leaf->value));
            }
            fill(proof.block, *response->mutable_block());
            return {};
        });
    }

private:
    const ReadLedger& read_;
    runtime::Door& door_;
};

class Emergencies final : public v1::EmergencyService::Service {
public:
    Emergencies(const ReadLedger& read, const SubmitTransaction& submit, const Clock& clock,
                Random& random, runtime::Door& door)
        : read_(read), submit_(submit), clock_(clock), random_(random), door_(door) {}

    grpc::Status DeclareEmergency(grpc::ServerContext* context,
                                  const v1::DeclareEmergencyRequest* request,
                                  v1::Emergency* response) override {
        return door_.unary(*context, *request, [&](const Call& call) -> Status {
            EmergencyDeclared body;
            IMECE_TRY(body.emergency.bytes, id_or_fresh(request->emergency_id()));
            body.level = Level(int(request->level()) - 1);
            body.area = request->area().empty() ? "*" : request->area();
            body.cause = request->cause();
            body.expires_at = clock_.now() + std::chrono::seconds(request->duration_s());
            // The declaration's transaction has the emergency's id: a repeated call is one transaction.
            const TransactionId transaction{body.emergency.bytes};
            IMECE_TRY(body, declare_once(transaction, body, "user:" + call.principal.subject));
            runtime::log(runtime::LogLevel::kWarn, "emergency_declared",
                         {{"emergency", to_text(body.emergency)},
                          {"level", v1::Level_Name(request->level())},
                          {"area", body.area},
                          {"by", call.principal.subject}});
            response->set_emergency_id(to_text(body.emergency));
            response->set_level(to_wire(body.level));
            response->set_area(body.area);
            *response->mutable_expires_at() = runtime::to_proto(body.expires_at);
            response->set_transaction_id(to_text(transaction));
            return {};
        });
    }

    grpc::Status EndEmergency(grpc::ServerContext* context, const v1::EndEmergencyRequest* request,
                              v1::EndEmergencyResponse* response) override {
        return door_.unary(*context, *request, [&](const Call& call) -> Status {
            IMECE_TRY(const auto emergency, parse_id<EmergencyId>(request->emergency_id()));
            const TransactionId transaction{make_uuid_v7(clock_.now(), random_)};
            IMECE_CHECK(submit_(transaction, EmergencyEnded{emergency, request->cause()},
                                "user:" + call.principal.subject));
            runtime::log(runtime::LogLevel::kWarn, "emergency_ended",
                         {{"emergency", to_text(emergency)}, {"by", call.principal.subject}});
            response->set_transaction_id(to_text(transaction));
            return {};
        });
    }

    grpc::Status ListEmergencies(grpc::ServerContext* context,
                                 const v1::ListEmergenciesRequest* request,
                                 v1::ListEmergenciesResponse* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const LedgerStatus status, read_.status());
            response->set_level(to_wire(highest(status.emergencies)));
            for (const Emergency& one : status.emergencies) fill(one, *response->add_emergencies());
            return {};
        });
    }

private:
    Result<std::array<std::uint8_t, 16>> id_or_fresh(const std::string& text) {
        if (text.empty()) return make_uuid_v7(clock_.now(), random_);
        return parse_uuid(text);
    }
    /// What was declared under this id, now or by an earlier call.
    Result<EmergencyDeclared> declare_once(const TransactionId& transaction,
                                           const EmergencyDeclared& body,
                                           const std::string& actor) {
        if (const auto known = read_.transaction(transaction)) {
            const auto there = decode_transaction(known->bytes);
            if (there && std::holds_alternative<EmergencyDeclared>(there->body))
                return std::get<EmergencyDeclared>(there->body);
            return fail(ErrorCode::kAlreadyExists, "ID_TAKEN",
                        "'emergency_id' names something else already");
        }
        IMECE_CHECK(submit_(transaction, body, actor));
        return body;
    }

    const ReadLedger& read_;
    const SubmitTransaction& submit_;
    const Clock& clock_;
    Random& random_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_ledger_service(const ReadLedger& read, runtime::Door& door) {
    return std::make_shared<Ledger>(read, door);
}

std::shared_ptr<grpc::Service> make_emergency_service(const ReadLedger& read,
                                                      const SubmitTransaction& submit,
                                                      const Clock& clock, Random& random,
                                                      runtime::Door& door) {
    return std::make_shared<Emergencies>(read, submit, clock, random, door);
}

}  // namespace imece::ledger
