// HTTP/1.1 calls over a bounded number of kept connections.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "sdk/cpp/api.h"
#include "sdk/cpp/endpoint.h"

namespace imece::sdk {

/// What AsyncApi promises of its calls, for texts. Thread-safe.
class HttpClient : public std::enable_shared_from_this<HttpClient> {
public:
    using Done = std::function<void(Result<std::string>, const CallInfo&)>;
    static std::shared_ptr<HttpClient> make(boost::asio::io_context& io, Endpoint endpoint,
                                            ApiOptions options);
    virtual ~HttpClient() = default;

    virtual void call(HttpCall call, Done done) = 0;
    /// Closes every connection; no callback begins later.
    virtual void stop() = 0;
};

}  // namespace imece::sdk
