// One request, over and over, on kept connections.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"

namespace imece::bench {

struct HttpLoad {
    std::string port;     ///< Of 127.0.0.1.
    std::string request;  ///< Head and body as they travel.
    std::size_t connections = 16;
    std::chrono::milliseconds time{2'000};
};
struct HttpLoadResult {
    std::size_t answers = 0;
    double seconds = 0;
    std::string body;  ///< Of the first answer.

    double rate() const { return double(answers) / seconds; }
};

/// Each connection sends the request again as soon as its answer is whole. One thread, no pipelining.
/// Errors: kUnavailable PEER_UNREACHABLE; kUnknown ANSWER_MALFORMED for an answer that is not a 200
/// with a content-length.
Result<HttpLoadResult> load_http(const HttpLoad& load);

}  // namespace imece::bench
