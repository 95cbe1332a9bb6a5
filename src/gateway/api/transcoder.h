// REST to rpc: what the google.api.http annotations of the contracts say.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gateway/api/router.h"

namespace imece::gateway {

/// One route. Lives as long as its transcoder.
struct Operation {
    std::string http_method;  ///< "POST".
    std::string path;         ///< The template, "/v1/messages/{message_id}:explain".
    std::string rpc;          ///< "/imece.messaging.v1.MessageService/ExplainMessage".
    std::string service;      ///< The module that answers: "messaging".
    const google::protobuf::MethodDescriptor* method = nullptr;
    const google::protobuf::FieldDescriptor* body_field =
        nullptr;  ///< Null with whole_body or no body.
    bool whole_body = false;
    bool server_stream = false;
    bool anyone = false;  ///< No token is needed.
    int success_status = 200;
    const google::protobuf::Message* request = nullptr;  ///< Prototypes.
    const google::protobuf::Message* response = nullptr;

    bool takes_body() const { return whole_body || body_field != nullptr; }
};

/// Immutable, thread-safe.
class Transcoder {
public:
    /// Takes every annotated method of `services`, and methods of two streams as operations of their
    /// own (find_rpc). `factory` outlives the transcoder.
    /// Errors: kInvalidArgument CONFIG_INVALID naming the method whose annotation or types it cannot
    /// serve: a fault of the build, found at start.
    static Result<Transcoder> make(
        const std::vector<const google::protobuf::ServiceDescriptor*>& services,
        google::protobuf::MessageFactory& factory);

    /// The routes, in the order of the contracts.
    const std::vector<std::unique_ptr<Operation>>& operations() const { return operations_; }
    /// A method that is no route of its own, by "package.Service.Method"; null when there is none.
    const Operation* find_rpc(std::string_view full_name) const;

    struct Match {
        const Operation* operation = nullptr;
        std::vector<Router::Binding> bindings;
    };
    /// Errors: as Router::find.
    Result<Match> route(std::string_view http_method, std::string_view path) const;
    std::string allowed(std::string_view path) const { return router_.allowed(path); }

    /// A fresh request with the path's and the query's fields set.
    /// Errors: kInvalidArgument QUERY_INVALID, HTTP_MALFORMED.
    Result<std::unique_ptr<google::protobuf::Message>> bind(const Match& match,
                                                            std::string_view query) const;
    /// Reads the body into `request`; what the path says stands. An empty body sets nothing.
    /// Errors: as read_json; BODY_MISMATCH for a body where the route takes none.
    Status bind_body(const Operation& operation, std::string_view body,
                     google::protobuf::Message& request) const;

private:
    Status add(const google::protobuf::MethodDescriptor& method,
               google::protobuf::MessageFactory& factory);

    std::vector<std::unique_ptr<Operation>> operations_;
    std::vector<std::unique_ptr<Operation>> others_;
    Router router_;
};

/// The field that a path such as "neighbour.node_id" or "neighbour.nodeId" names; null when there is none or it
/// leads through a repeated field.
const google::protobuf::FieldDescriptor* find_field(const google::protobuf::Descriptor& type,
                                                    std::string_view path);

}  // namespace imece::gateway
