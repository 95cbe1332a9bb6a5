// MessageService on gRPC: unary calls on its threads, streams by reactors.
#pragma once

#include <memory>

#include "messaging/app/dispatcher.h"
#include "messaging/app/inspect_message.h"
#include "messaging/app/record_receipts.h"
#include "messaging/app/submit_messages.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
class Executor;
class Tracer;
}  // namespace imece::runtime

namespace imece::messaging {

struct MessageServiceDeps {
    runtime::Door& door;
    runtime::Executor& executor;  ///< For the frames of streams, whose handling blocks.
    SubmitMessages& submit;
    const RecordReceipts& record;
    const InspectMessage& inspect;
    MessageStore& store;
    Dispatcher& dispatcher;
    const TrustPort& trust;
    const Clock& clock;
    runtime::Tracer* tracer = nullptr;  ///< Null: no trace is followed.
};
/// Outlives the server.
std::shared_ptr<grpc::Service> make_message_service(const MessageServiceDeps& deps);

}  // namespace imece::messaging
