#include "security/adapters/rpc/audit_service.h"

#include "base/result.h"
#include "imece/security/v1/security.grpc.pb.h"
#include "runtime/rpc/door.h"

namespace imece::security {
namespace {

constexpr std::size_t kRecordsDefault = 100;

std::string bytes_of(ByteView bytes) {
    return std::string(text_of(bytes));
}

void fill(const LoggedRecord& record, v1::LoggedAuditRecord& wire) {
    wire.set_index(record.index);
    wire.set_record(bytes_of(record.record));
    // What somebody changed need not be a record any more; its bytes are given all the same.
    if (!wire.mutable_read()->ParseFromString(wire.record())) wire.clear_read();
    wire.set_leaf_hash(bytes_of(record.leaf));
}

void fill(const std::vector<crypto::Digest>& path,
          google::protobuf::RepeatedPtrField<std::string>& wire) {
    for (const crypto::Digest& hash : path) *wire.Add() = bytes_of(hash);
}

class Service final : public v1::AuditService::Service {
public:
    Service(const ReadAudit& read, const SignCheckpoint& sign, runtime::Door& door)
        : read_(read), sign_(sign), door_(door) {}

    grpc::Status ListAuditRecords(grpc::ServerContext* context,
                                  const v1::ListAuditRecordsRequest* request,
                                  v1::ListAuditRecordsResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(
                const auto listed,
                read_.list(request->from_index(),
                           request->page_size() == 0 ? kRecordsDefault : request->page_size()));
            for (const LoggedRecord& record : listed.records)
                fill(record, *response->add_records());
            response->set_tree_size(listed.size);
            return {};
        });
    }

    grpc::Status GetAuditCheckpoint(grpc::ServerContext* context,
                                    const v1::GetAuditCheckpointRequest* request,
                                    v1::AuditCheckpoint* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto made, sign_());
            response->set_note(made.note);
            response->set_verifier_key(made.verifier_key);
            response->set_tree_size(made.checkpoint.size);
            response->set_root_hash(bytes_of(made.checkpoint.root));
            return {};
        });
    }

    grpc::Status ProveAuditRecord(grpc::ServerContext* context,
                                  const v1::ProveAuditRecordRequest* request,
                                  v1::AuditRecordProof* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto proof, read_.prove(request->index(), request->tree_size()));
            fill(proof.record, *response->mutable_record());
            response->set_tree_size(proof.size);
            fill(proof.path, *response->mutable_path());
            return {};
        });
    }

    grpc::Status ProveAuditConsistency(grpc::ServerContext* context,
                                       const v1::ProveAuditConsistencyRequest* request,
                                       v1::AuditConsistencyProof* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto proof,
                      read_.prove_consistency(request->older_size(), request->tree_size()));
            response->set_older_size(proof.older);
            response->set_tree_size(proof.size);
            fill(proof.path, *response->mutable_path());
            return {};
        });
    }

private:
    const ReadAudit& read_;
    const SignCheckpoint& sign_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_audit_service(const ReadAudit& read, const SignCheckpoint& sign,
                                                  runtime::Door& door) {
    return std::make_shared<Service>(read, sign, door);
}

}  // namespace imece::security
