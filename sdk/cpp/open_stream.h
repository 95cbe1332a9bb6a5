// From an endpoint to a stream that is ready for HTTP: resolve, connect, TLS.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <string>
#include <utility>

#include "sdk/cpp/endpoint.h"

namespace imece::sdk {

using TcpSocket = boost::asio::ip::tcp::socket;
using TlsStream = boost::beast::ssl_stream<TcpSocket>;

/// A plain or TLS stream on `executor`.
template <class Stream>
Stream make_stream(const boost::asio::any_io_executor& executor, const Endpoint& endpoint) {
    if constexpr (std::is_same_v<Stream, TlsStream>)
        return Stream(executor, *endpoint.tls());
    else
        return Stream(executor);
}

template <class Done>
void secure(TcpSocket&, const Endpoint&, Done done) {
    done({});
}

template <class Done>
void secure(TlsStream& stream, const Endpoint& endpoint, Done done) {
    namespace ssl = boost::asio::ssl;
    if (SSL_set_tlsext_host_name(stream.native_handle(), endpoint.host().c_str()) != 1)
        return done(boost::asio::error::invalid_argument);
    stream.set_verify_callback(ssl::host_name_verification(endpoint.host()));
    stream.async_handshake(ssl::stream_base::client, std::move(done));
}

/// Calls `done(error_code)` on the stream's executor. Closing the socket and cancelling `resolver`
/// end it early. All arguments live until then.
template <class Stream, class Done>
void open_stream(Stream& stream, boost::asio::ip::tcp::resolver& resolver, const Endpoint& endpoint,
                 Done done) {
    using boost::system::error_code;
    resolver.async_resolve(
        endpoint.host(), endpoint.port(),
        [&stream, &endpoint, done = std::move(done)](error_code bad, const auto& found) mutable {
            if (bad) return done(bad);
            auto& socket = boost::beast::get_lowest_layer(stream);
            boost::asio::async_connect(socket, found,
                                       [&stream, &socket, &endpoint, done = std::move(done)](
                                           error_code why, const auto&) mutable {
                                           if (why) return done(why);
                                           // Frames are small and somebody waits for each.
                                           socket.set_option(boost::asio::ip::tcp::no_delay(true),
                                                             why);
                                           secure(stream, endpoint, std::move(done));
                                       });
        });
}

}  // namespace imece::sdk
