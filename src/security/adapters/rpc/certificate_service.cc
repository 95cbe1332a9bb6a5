#include "security/adapters/rpc/certificate_service.h"

#include "base/result.h"
#include "imece/security/v1/security.grpc.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::security {
namespace {

constexpr std::size_t kPageDefault = 100;

Caller caller_of(const runtime::Call& call) {
    using Kind = runtime::Principal::Kind;
    const runtime::Principal& principal = call.principal;
    Caller out{.applicant = {}, .actor = {}, .trace_id = call.trace.trace_id_text()};
    if (principal.kind == Kind::kDevice) {
        if (const auto id = parse_id<DeviceId>(principal.subject)) out.applicant.device = *id;
        out.actor = "device:" + principal.subject;
    } else if (principal.kind == Kind::kService) {
        out.applicant.service = principal.subject;
        out.actor = "service:" + principal.subject;
    } else if (principal.kind == Kind::kUser) {
        out.applicant.is_operator = principal.has(imece::type::v1::OPERATOR);
        out.actor = "user:" + principal.subject;
    }
    return out;
}

void fill(const StoredCertificate& certificate, const std::string& site, v1::Certificate& wire) {
    wire.set_serial(serial_text(certificate.serial));
    wire.set_spiffe_id(spiffe_id(site, certificate.name));
    *wire.mutable_not_before() = runtime::to_proto(certificate.not_before);
    *wire.mutable_not_after() = runtime::to_proto(certificate.not_after);
    if (certificate.revoked_at)
        *wire.mutable_revoked_at() = runtime::to_proto(*certificate.revoked_at);
}

/// An empty token is the beginning; another one the serial of the last page's last certificate.
Result<Serial> parse_page_token(const std::string& token) {
    if (token.empty()) return Serial{};
    const auto serial = parse_serial(token);
    if (!serial)
        return fail(ErrorCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                    "'page_token' is not one that this list gave");
    return *serial;
}

class Service final : public v1::CertificateService::Service {
public:
    Service(const CertificateUseCases& use, runtime::Door& door) : use_(use), door_(door) {}

    grpc::Status IssueCertificate(grpc::ServerContext* context,
                                  const v1::IssueCertificateRequest* request,
                                  v1::IssuedCertificate* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            const Caller caller = caller_of(call);
            IMECE_TRY(const auto issued,
                      use_.issue(caller, request->csr_pem(), request->service()));
            fill(issued.certificate, use_.site, *response->mutable_certificate());
            response->set_pem(issued.pem);
            runtime::log(runtime::LogLevel::kInfo, "certificate_issued",
                         {{"spiffe_id", response->certificate().spiffe_id()},
                          {"serial", response->certificate().serial()},
                          {"to", caller.actor}});
            return {};
        });
    }

    grpc::Status ListCertificates(grpc::ServerContext* context,
                                  const v1::ListCertificatesRequest* request,
                                  v1::ListCertificatesResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const Serial after, parse_page_token(request->page_token()));
            const std::size_t size =
                request->page_size() == 0 ? kPageDefault : request->page_size();
            IMECE_TRY(auto certificates, use_.read.list(after, size + 1));
            const bool more = certificates.size() > size;
            if (more) certificates.pop_back();
            for (const auto& each : certificates)
                fill(each, use_.site, *response->add_certificates());
            if (more) response->set_next_page_token(serial_text(certificates.back().serial));
            return {};
        });
    }

    grpc::Status RevokeCertificate(grpc::ServerContext* context,
                                   const v1::RevokeCertificateRequest* request,
                                   v1::Certificate* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const Serial serial, parse_serial(request->serial()));
            IMECE_TRY(const auto revoked, use_.revoke(caller_of(call), serial));
            fill(revoked, use_.site, *response);
            return {};
        });
    }

    grpc::Status GetCaBundle(grpc::ServerContext* context, const v1::GetCaBundleRequest* request,
                             v1::CaBundle* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            response->set_pem(use_.read.bundle());
            return {};
        });
    }

    grpc::Status GetRevocationList(grpc::ServerContext* context,
                                   const v1::GetRevocationListRequest* request,
                                   v1::RevocationList* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const Bytes der, use_.read.revocation_list());
            response->set_der(std::string(text_of(der)));
            return {};
        });
    }

private:
    const CertificateUseCases& use_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_certificate_service(const CertificateUseCases& use,
                                                        runtime::Door& door) {
    return std::make_shared<Service>(use, door);
}

}  // namespace imece::security
