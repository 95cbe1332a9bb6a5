// What the listening side may be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace imece::gateway {

struct HttpConfig {
    std::string listen = "127.0.0.1:8080";  ///< address:port; port 0 picks a free one.
    std::string tls_certificate;            ///< PEM file, the chain; empty: plain HTTP.
    std::string tls_key;                    ///< PEM file.
    std::size_t threads = 2;
    std::size_t connections_max = 10'000;
    std::size_t header_bytes_max = 16 * 1024;
    std::size_t frame_bytes_max = 1 << 20;       ///< Of a WebSocket message.
    std::size_t buffered_bytes_max = 64u << 20;  ///< Of all bodies that are being read or served.
    std::chrono::milliseconds header_timeout{10'000};  ///< For a whole head, and for TLS.
    std::chrono::milliseconds idle_timeout{
        75'000};  ///< Between requests; pings a WebSocket at half.
    std::chrono::milliseconds transfer_timeout{30'000};  ///< For a body in, or an answer out.
    std::chrono::milliseconds heartbeat{15'000};  ///< Between comments on a quiet event stream.
};

}  // namespace imece::gateway
