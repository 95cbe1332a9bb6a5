#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "sdk/cpp/connection_core.h"
#include "sdk/cpp/peer_error.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace messaging = imece::messaging::v1;

/// gRPC's threads only post to the strand. A hold keeps the call from being done while the strand
/// may still start a read or write; it goes with end().
class GrpcConnection final
    : public ConnectionCore,
      private grpc::ClientBidiReactor<messaging::ClientFrame, messaging::ServerFrame> {
public:
    GrpcConnection(asio::io_context& io, const std::shared_ptr<grpc::Channel>& channel,
                   const std::string& token, ConnectionOptions options, ConnectionHandlers handlers)
        : ConnectionCore(io, options, std::move(handlers)),
          stub_(messaging::MessageService::NewStub(channel)),
          io_stays_(io.get_executor()) {
        context_.AddMetadata("authorization", "Bearer " + token);
    }

    void start() {
        self_ = shared_from_this();
        stub_->async()->Connect(&context_, this);
        AddHold();
        asio::post(strand(), [this] {
            StartCall();
            starting();
            say_hello();
            StartRead(&in_);
        });
    }

private:
    void send(messaging::ClientFrame& frame) override {
        out_.Swap(&frame);
        StartWrite(&out_);
    }

    void end() override {
        if (!server_ended_) context_.TryCancel();
        RemoveHold();
    }

    void OnWriteDone(bool ok) override {
        if (!ok) return;  // The read fails as well, and OnDone says why.
        asio::post(strand(), [this] { sent(); });
    }

    void OnReadDone(bool ok) override {
        asio::post(strand(), [this, ok] {
            if (finished()) return;
            if (!ok) {
                // Why is known once nothing more can be started: OnDone says it.
                server_ended_ = true;
                return finish({});
            }
            // One frame is read at a time: a slow user slows the server by flow control.
            if (take(std::exchange(in_, {}))) StartRead(&in_);
        });
    }

    void OnDone(const grpc::Status& status) override {
        asio::post(strand(), [this, status] {
            const auto self = std::exchange(self_, nullptr);
            if (server_ended_) blame(error_of(status));
            ended();
            io_stays_.reset();
        });
    }

    const std::unique_ptr<messaging::MessageService::Stub> stub_;
    grpc::ClientContext context_;
    asio::executor_work_guard<asio::io_context::executor_type> io_stays_;
    messaging::ClientFrame out_;
    messaging::ServerFrame in_;
    bool server_ended_ = false;
    std::shared_ptr<ConnectionCore> self_;  ///< gRPC holds a bare pointer until OnDone.
};

}  // namespace

std::shared_ptr<Connection> connect_grpc(asio::io_context& io,
                                         const std::shared_ptr<grpc::Channel>& channel,
                                         std::string access_token, ConnectionOptions options,
                                         ConnectionHandlers handlers) {
    auto connection =
        std::make_shared<GrpcConnection>(io, channel, access_token, options, std::move(handlers));
    connection->start();
    return connection;
}

}  // namespace imece::sdk
