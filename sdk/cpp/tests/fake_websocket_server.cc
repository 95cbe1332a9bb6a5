#include <google/protobuf/util/json_util.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <mutex>
#include <thread>

#include "sdk/cpp/tests/fake_server.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace util = google::protobuf::util;
using asio::ip::tcp;
using boost::system::error_code;

class WebSocketPeer final : public Peer {
public:
    explicit WebSocketPeer(tcp::socket socket) : socket_(std::move(socket)) {}

    bool accept() {
        beast::flat_buffer buffer;
        beast::http::request<beast::http::string_body> request;
        error_code bad;
        beast::http::read(socket_.next_layer(), buffer, request, bad);
        if (bad || request.target() != "/v1/connect") return false;
        authorization_ = std::string(request[beast::http::field::authorization]);
        socket_.accept(request, bad);
        socket_.text(true);
        return !bad;
    }
    bool read(imece::messaging::v1::ClientFrame& frame) override {
        beast::flat_buffer buffer;
        error_code bad;
        bytes_ = socket_.read(buffer, bad);
        frame.Clear();
        return !bad &&
               util::JsonStringToMessage(beast::buffers_to_string(buffer.data()), &frame).ok();
    }
    bool write(const imece::messaging::v1::ServerFrame& frame) override {
        std::string text;
        error_code bad;
        if (!util::MessageToJsonString(frame, &text).ok()) return false;
        socket_.write(asio::buffer(text), bad);
        return !bad;
    }
    std::string authorization() const override { return authorization_; }
    std::size_t last_frame_bytes() const override { return bytes_; }

    void end(const Status& status) {
        error_code ignored;
        if (status) return socket_.close(websocket::close_code::normal, ignored);
        const std::string text(std::string(status.error().reason) + ": " + status.error().message);
        socket_.close({websocket::close_code(4000 + int(status.error().code)), text}, ignored);
    }

private:
    websocket::stream<tcp::socket, false> socket_;
    std::string authorization_;
    std::size_t bytes_ = 0;
};

class Server final : public FakeServer {
public:
    explicit Server(Script script)
        : script_(std::move(script)),
          acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port()),
          thread_([this] { serve(); }) {}
    ~Server() override {
        stopping_ = true;
        // A blocked accept ends when its socket is shut down.
        shutdown(acceptor_.native_handle(), SHUT_RDWR);
        const std::lock_guard lock(mutex_);
        if (at_work_ >= 0) shutdown(at_work_, SHUT_RDWR);
    }
    int port() const override { return port_; }

private:
    void serve() {
        while (!stopping_) {
            error_code bad;
            tcp::socket socket(io_);
            acceptor_.accept(socket, bad);
            if (bad) return;
            {
                const std::lock_guard lock(mutex_);
                at_work_ = socket.native_handle();
                if (stopping_) return;
            }
            WebSocketPeer peer(std::move(socket));
            if (peer.accept()) peer.end(script_(peer));
            const std::lock_guard lock(mutex_);
            at_work_ = -1;
        }
    }

    const Script script_;
    asio::io_context io_;
    tcp::acceptor acceptor_;
    const int port_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    int at_work_ = -1;
    std::jthread thread_;
};

}  // namespace

std::unique_ptr<FakeServer> make_fake_websocket_server(Script script) {
    return std::make_unique<Server>(std::move(script));
}

}  // namespace imece::sdk
