// The open connections of devices: Connect and StreamMessages.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "messaging/adapters/rpc/message_service.h"
#include "runtime/rpc/door.h"

namespace imece::messaging {

/// gRPC owns what these return until its OnDone.
grpc::ServerBidiReactor<imece::messaging::v1::ClientFrame, imece::messaging::v1::ServerFrame>*
open_connection(const MessageServiceDeps& deps, const Result<runtime::Call>& call);
grpc::ServerWriteReactor<imece::messaging::v1::Delivery>* open_stream(
    const MessageServiceDeps& deps, const Result<runtime::Call>& call, std::uint32_t credit);

}  // namespace imece::messaging
