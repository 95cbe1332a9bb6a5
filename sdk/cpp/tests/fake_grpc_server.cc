#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "sdk/cpp/tests/fake_server.h"

namespace imece::sdk {
namespace {

namespace messaging = imece::messaging::v1;
using Stream = grpc::ServerReaderWriter<messaging::ServerFrame, messaging::ClientFrame>;

class GrpcPeer final : public Peer {
public:
    GrpcPeer(grpc::ServerContext& context, Stream& stream) : stream_(stream) {
        const auto& metadata = context.client_metadata();
        if (const auto found = metadata.find("authorization"); found != metadata.end())
            authorization_.assign(found->second.data(), found->second.size());
    }
    bool read(messaging::ClientFrame& frame) override {
        const bool came = stream_.Read(&frame);
        bytes_ = frame.ByteSizeLong();
        return came;
    }
    bool write(const messaging::ServerFrame& frame) override { return stream_.Write(frame); }
    std::string authorization() const override { return authorization_; }
    std::size_t last_frame_bytes() const override { return bytes_; }

private:
    Stream& stream_;
    std::string authorization_;
    std::size_t bytes_ = 0;
};

class Service final : public messaging::MessageService::Service {
public:
    explicit Service(Script script) : script_(std::move(script)) {}
    grpc::Status Connect(grpc::ServerContext* context, Stream* stream) override {
        GrpcPeer peer(*context, *stream);
        const Status status = script_(peer);
        if (status) return grpc::Status::OK;
        google::rpc::ErrorInfo info;
        info.set_reason(std::string(status.error().reason));
        info.set_domain("imece");
        google::rpc::Status details;
        details.set_code(int(status.error().code));
        details.add_details()->PackFrom(info);
        return {grpc::StatusCode(status.error().code), status.error().message,
                details.SerializeAsString()};
    }

private:
    const Script script_;
};

class Server final : public FakeServer {
public:
    explicit Server(Script script) : service_(std::move(script)) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
        builder.RegisterService(&service_);
        server_ = builder.BuildAndStart();
    }
    ~Server() override { server_->Shutdown(std::chrono::system_clock::now()); }
    int port() const override { return port_; }

private:
    Service service_;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<FakeServer> make_fake_grpc_server(Script script) {
    return std::make_unique<Server>(std::move(script));
}

}  // namespace imece::sdk
