// The services behind the edge, as it sees them.
#pragma once

#include <google/protobuf/message.h>

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/api/problem.h"

namespace imece::gateway {

struct Operation;

/// What travels with a call beside its message.
struct CallHead {
    std::string authorization;  ///< "Bearer …", verified; or empty.
    std::string trace_parent;
    std::optional<std::chrono::milliseconds> timeout;  ///< Streams have none.
};

using Answer = std::expected<std::unique_ptr<google::protobuf::Message>, Failure>;

/// One open stream. One read and one write may be in flight at a time; each callback comes once, from any
/// thread, and may start the next. The object lives until finish() has answered.
class UpstreamStream {
public:
    virtual ~UpstreamStream() = default;
    /// Null when there is no further message.
    virtual void read(
        std::move_only_function<void(std::unique_ptr<google::protobuf::Message>)> done) = 0;
    /// False when the stream is over. `message` is free when write returns.
    virtual void write(const google::protobuf::Message& message,
                       std::move_only_function<void(bool)> done) = 0;
    /// What the stream came to. Once; after it, nothing may be begun, but a write may still be in flight.
    virtual void finish(std::move_only_function<void(std::expected<void, Failure>)> done) = 0;
    /// Makes everything in flight answer soon. From any thread, at any time.
    virtual void cancel() = 0;
};

/// Thread-safe; never blocks the caller on a service.
class Upstream {
public:
    virtual ~Upstream() = default;
    /// `done` is called once, from any thread.
    virtual void call(const Operation& operation, const CallHead& head,
                      const google::protobuf::Message& request,
                      std::move_only_function<void(Answer)> done) = 0;
    /// With `request`, which is then all that is sent, or without one for a stream both ways.
    virtual std::shared_ptr<UpstreamStream> open(const Operation& operation, const CallHead& head,
                                                 const google::protobuf::Message* request) = 0;
    /// Cancels everything in flight, and returns once each callback has been called.
    virtual void cancel_all() = 0;
};

}  // namespace imece::gateway
