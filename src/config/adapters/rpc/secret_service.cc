#include "base/result.h"
#include "config/adapters/rpc/config_service.h"
#include "config/adapters/rpc/convert.h"
#include "imece/config/v1/config.grpc.pb.h"

namespace imece::config {
namespace {

class Service final : public v1::SecretService::Service {
public:
    Service(ConfigStore& store, const KeepSecrets& secrets, runtime::Door& door)
        : store_(store), secrets_(secrets), door_(door) {}

    grpc::Status ListSecrets(grpc::ServerContext* context, const v1::ListSecretsRequest* request,
                             v1::ListSecretsResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto secrets, store_.secrets());
            for (const Secret& secret : secrets) fill(secret, *response->add_secrets());
            return {};
        });
    }

    grpc::Status SetSecret(grpc::ServerContext* context, const v1::SetSecretRequest* request,
                           v1::Secret* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const Secret made,
                      secrets_.set(caller_of(call), request->name(), request->value(),
                                   request->expected_revision()));
            fill(made, *response);
            return {};
        });
    }

    grpc::Status DeleteSecret(grpc::ServerContext* context, const v1::DeleteSecretRequest* request,
                              v1::DeleteSecretResponse*) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) {
            return secrets_.erase(caller_of(call), request->name(), request->expected_revision());
        });
    }

    grpc::Status RotateSealingKey(grpc::ServerContext* context,
                                  const v1::RotateSealingKeyRequest* request,
                                  v1::RotateSealingKeyResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const std::size_t count, secrets_.rotate_key(caller_of(call)));
            response->set_secrets(std::uint32_t(count));
            return {};
        });
    }

    grpc::Status GetSecret(grpc::ServerContext* context, const v1::GetSecretRequest* request,
                           v1::GetSecretResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto opened, secrets_.open(request->name()));
            response->set_value(opened.value);
            response->set_revision(opened.revision);
            return {};
        });
    }

private:
    ConfigStore& store_;
    const KeepSecrets& secrets_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_secret_service(ConfigStore& store, const KeepSecrets& secrets,
                                                   runtime::Door& door) {
    return std::make_shared<Service>(store, secrets, door);
}

}  // namespace imece::config
