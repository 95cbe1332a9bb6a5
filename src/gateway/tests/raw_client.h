// A client that sends exactly the bytes that it is told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace imece::gateway {

/// Blocking; a read that brings nothing for ten seconds ends the connection as seen from here.
class RawClient {
public:
    explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        IMECE_ASSERT(
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    ~RawClient() { ::close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void half_close() { ::shutdown(socket_, SHUT_WR); }

    /// More bytes into the buffer; false when the connection has ended.
    bool more() {
        char bytes[16384];
        const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }
    /// Everything up to and with `mark`, or what came until the end.
    std::string until(std::string_view mark) {
        std::size_t at;
        while ((at = buffer_.find(mark)) == std::string::npos)
            if (!more()) return std::exchange(buffer_, {});
        return take(at + mark.size());
    }
    std::string exactly(std::size_t size) {
        while (buffer_.size() < size)
            if (!more()) break;
        return take(std::min(size, buffer_.size()));
    }
    std::string rest() {
        while (more()) {
        }
        return std::exchange(buffer_, {});
    }
    bool at_end() { return buffer_.empty() && !more(); }

    struct Response {
        int status = 0;
        std::string head;
        std::string body;
        /// The header's value; empty when it is not there.
        std::string header(const std::string& name) const {
            const auto at = head.find("\r\n" + name + ": ");
            if (at == std::string::npos) return {};
            const auto from = at + name.size() + 4;
            return head.substr(from, head.find("\r\n", from) - from);
        }
    };
    /// One response with a Content-Length. `head_only` for the answer to HEAD.
    Response response(bool head_only = false) {
        Response got;
        got.head = until("\r\n\r\n");
        if (got.head.size() > 12) got.status = std::atoi(got.head.c_str() + 9);
        const std::string length = got.header("content-length");
        if (!head_only && !length.empty()) got.body = exactly(std::stoul(length));
        return got;
    }
    Response ask(std::string_view request) {
        send(request);
        return response();
    }

    /// One masked WebSocket frame of less than 64 KiB; `first` is the first byte (0x81: text, final).
    bool send_frame(std::string_view payload, std::uint8_t first = 0x81) {
        std::string frame(1, static_cast<char>(first));
        if (payload.size() < 126) {
            frame += static_cast<char>(0x80 | payload.size());
        } else {
            frame += static_cast<char>(0x80 | 126);
            frame += static_cast<char>(payload.size() >> 8);
            frame += static_cast<char>(payload.size());
        }
        frame.append(4, '\0');  // A mask of zeros changes nothing.
        frame += payload;
        return send(frame);
    }
    struct Frame {
        int kind = -1;  ///< 1 text, 8 close, 9 ping; -1: the connection ended.
        std::string payload;
        int close_code() const {
            return payload.size() < 2 ? 0
                                      : std::uint8_t(payload[0]) << 8 | std::uint8_t(payload[1]);
        }
    };
    Frame frame() {
        const std::string head = exactly(2);
        if (head.size() < 2) return {};
        std::size_t size = std::uint8_t(head[1]) & 0x7F;
        if (size == 126) {
            const std::string longer = exactly(2);
            size = std::size_t(std::uint8_t(longer[0])) << 8 | std::uint8_t(longer[1]);
        }
        return {head[0] & 0x0F, exactly(size)};
    }

private:
    std::string take(std::size_t size) {
        std::string taken = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return taken;
    }
    int socket_;
    std::string buffer_;
};

}  // namespace imece::gateway
