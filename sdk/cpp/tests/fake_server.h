// A backend of a few lines for tests of connections: the same script over both transports.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace imece::sdk {

/// One connected device, as the script sees it. Calls block.
class Peer {
public:
    virtual ~Peer() = default;
    virtual bool read(imece::messaging::v1::ClientFrame& frame) = 0;  ///< False: it has gone.
    virtual bool write(const imece::messaging::v1::ServerFrame& frame) = 0;
    virtual std::string authorization() const = 0;
    virtual std::size_t last_frame_bytes() const = 0;

    /// Reads the hello and welcomes.
    imece::messaging::v1::Hello welcome() {
        imece::messaging::v1::ClientFrame hello;
        read(hello);
        imece::messaging::v1::ServerFrame frame;
        frame.mutable_welcome()->set_device_id("00112233445566778899aabbccddeeff");
        write(frame);
        return hello.hello();
    }
};

/// Runs in a thread of the server for each connection, one after the other; the connection ends
/// with what it returns.
using Script = std::function<Status(Peer&)>;

class FakeServer {
public:
    virtual ~FakeServer() = default;
    virtual int port() const = 0;
};

std::unique_ptr<FakeServer> make_fake_websocket_server(Script script);
std::unique_ptr<FakeServer> make_fake_grpc_server(Script script);

}  // namespace imece::sdk
