// The way into every rpc: who calls, may they, is the request within its limits, is there room.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "imece/type/v1/types.pb.h"
#include "runtime/observe/log.h"
#include "runtime/observe/trace.h"

namespace imece::runtime {

class Metrics;
class Server;
class Tracer;
class TrustStore;

/// Who calls, verified.
struct Principal {
    enum class Kind { kAnonymous, kUser, kDevice, kService };
    Kind kind = Kind::kAnonymous;
    std::string subject;  ///< User id, device id (as text) or service name.
    std::set<imece::type::v1::Role> roles;
    bool carrier = false;  ///< A device that may carry for others.
    std::string session_id;

    bool has(imece::type::v1::Role role) const { return roles.contains(role); }
};

/// What a handler knows of its call.
struct Call {
    Principal principal;
    SteadyPoint
        deadline;  ///< Of the steady clock; at most a minute away where the caller set none.
    TraceContext trace;
};

struct MethodInfo;

/// Shared by all rpc adapters of a process. Thread-safe.
class Door {
public:
    static constexpr std::uint32_t kCallsInFlightMax = 256;
    struct Deps {
        Random& random;
        Metrics& metrics;
        const Server& server;
        TrustStore& trust;
        Tracer* tracer = nullptr;  ///< Null: no trace is followed.
        std::uint32_t calls_in_flight_max = kCallsInFlightMax;
    };
    explicit Door(Deps deps);
    ~Door();

    /// Authenticates, authorises and validates by the rules in the proto options, counts, traces and
    /// logs; then runs `handler(const Call&) -> Status`. The method is found by the request's type.
    ///
    /// `priority` is the class in whose budget the call runs: the lower the class, the earlier a
    /// full process refuses it, with OVERLOADED.
    template <class Handler>
    grpc::Status unary(grpc::ServerContext& context, const google::protobuf::Message& request,
                       const Handler& handler,
                       imece::type::v1::Priority priority = imece::type::v1::OPERATIONAL) {
        Visit visit(*this, context, request, priority);
        return visit.leave(visit.call() ? handler(*visit.call())
                                        : Status(std::unexpected(visit.call().error())));
    }

    /// How many unary calls are answered at a time from now on.
    void limit_calls(std::uint32_t in_flight_max);

    /// For streams: the same checks without metrics of duration. `method` is the full name,
    /// "imece.bus.v1.BusService.Subscribe"; `request` may be null.
    Result<Call> open_stream(grpc::CallbackServerContext& context, std::string_view method,
                             const google::protobuf::Message* request);

private:
    class Visit {
    public:
        Visit(Door& door, grpc::ServerContext& context, const google::protobuf::Message& request,
              imece::type::v1::Priority priority);
        ~Visit();
        const Result<Call>& call() const { return call_; }
        grpc::Status leave(const Status& status);

    private:
        Door& door_;
        grpc::ServerContext& context_;
        const MethodInfo& method_;
        SteadyPoint entered_;
        Result<Call> call_;
        bool in_gate_ = false;
        TraceScope trace_;
    };

    /// Whether the caller's trace is followed: a service of ours and the gateway say so, for others our share decides.
    bool follows(const grpc::ServerContextBase& context, const Call& call) const;
    void finish_span(const MethodInfo& method, const TraceContext& context,
                     std::chrono::steady_clock::duration took, const Status& status) const;
    Result<Call> check(const grpc::ServerContextBase& context, const MethodInfo& method,
                       const google::protobuf::Message* request);
    struct State;
    std::unique_ptr<State> state_;
};

/// Error → gRPC status with google.rpc.ErrorInfo {reason, domain "imece"} and RetryInfo for
/// kResourceExhausted; and back. A reason that we do not know comes back as PEER_ERROR.
grpc::Status to_grpc(const Error& error);
Error from_grpc(const grpc::Status& status);

/// What is wrong with `message` by its field rules; OK when nothing is.
/// Errors: kInvalidArgument FIELD_INVALID naming the field's path.
Status validate(const google::protobuf::Message& message);

}  // namespace imece::runtime
