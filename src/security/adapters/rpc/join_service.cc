#include "security/adapters/rpc/join_service.h"

#include "base/result.h"
#include "imece/join/v1/join.grpc.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/door.h"

namespace imece::security {
namespace {

namespace pb = imece::join::v1;

class Service final : public pb::JoinService::Service {
public:
    Service(const CertificateUseCases& use, const runtime::JoinSecret& master, runtime::Door& door)
        : use_(use), master_(master), door_(door) {}

    grpc::Status Join(grpc::ServerContext* context, const pb::JoinRequest* request,
                      pb::JoinResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            const std::string& name = request->service();
            const runtime::JoinSecret secret = master_.of(name);
            if (!equal_in_constant_time(secret.mac_of_request(name, request->csr_pem()),
                                        view_of(request->mac())))
                return fail(ErrorCode::kPermissionDenied, "JOIN_REFUSED",
                            "the request was not made with that service's join secret");
            const Caller caller{.applicant = {.device = {}, .service = name, .is_operator = false},
                                .actor = "service:" + name,
                                .trace_id = call.trace.trace_id_text()};
            IMECE_TRY(auto issued, use_.issue(caller, request->csr_pem(), name));
            response->set_certificate_pem(std::move(issued.pem));
            response->set_root_pem(use_.read.bundle());
            response->set_mac(std::string(text_of(secret.mac_of_answer(
                request->csr_pem(), response->certificate_pem(), response->root_pem()))));
            runtime::log(runtime::LogLevel::kInfo, "process_joined",
                         {{"service", name}, {"serial", serial_text(issued.certificate.serial)}});
            return {};
        });
    }

private:
    const CertificateUseCases& use_;
    runtime::JoinSecret master_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_join_service(const CertificateUseCases& use,
                                                 const runtime::JoinSecret& master,
                                                 runtime::Door& door) {
    return std::make_shared<Service>(use, master, door);
}

}  // namespace imece::security
