#include "messaging/adapters/rpc/message_service.h"

#include <grpcpp/grpcpp.h>

#include <charconv>

#include "base/result.h"
#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "messaging/adapters/rpc/convert.h"
#include "messaging/adapters/rpc/intake.h"
#include "messaging/adapters/rpc/streams.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;
namespace type = imece::type::v1;
using runtime::Call;
using runtime::Principal;
using runtime::to_proto;

constexpr int kPageDefault = 100;
constexpr std::string_view kConnect = "imece.messaging.v1.MessageService.Connect";
constexpr std::string_view kStream = "imece.messaging.v1.MessageService.StreamMessages";

Viewer viewer_of(const Call& call) {
    Viewer viewer;
    viewer.sees_all = call.principal.has(type::DISPATCHER) || call.principal.has(type::OPERATOR);
    if (call.principal.kind == Principal::Kind::kDevice)
        if (const auto device = parse_id<DeviceId>(call.principal.subject)) viewer.device = *device;
    return viewer;
}

/// Opaque to callers: the sequence before which the next page begins.
std::string page_token(std::uint64_t before) {
    return to_base64url(view_of(std::to_string(before)));
}
Result<std::uint64_t> parse_page_token(const std::string& token) {
    std::uint64_t before = 0;
    if (token.empty()) return before;
    const auto bytes = parse_base64url(token);
    if (bytes) {
        const std::string_view text = text_of(*bytes);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
        if (error == std::errc{} && end == text.data() + text.size() && before > 0) return before;
    }
    return fail(ErrorCode::kInvalidArgument, "PAGE_TOKEN_INVALID", "not a page token of this list");
}

/// The class that the envelope claims: it only chooses the budget in which the call is answered.
type::Priority claimed_class(const pb::SubmitMessageRequest& request) {
    type::Envelope envelope;
    if (!envelope.ParseFromString(request.message().envelope())) return type::MAINTENANCE;
    return envelope.priority();
}

using Base = pb::MessageService::WithCallbackMethod_Connect<
    pb::MessageService::WithCallbackMethod_StreamMessages<pb::MessageService::Service>>;

class MessageService final : public Base {
public:
    explicit MessageService(const MessageServiceDeps& deps) : deps_(deps) {}

    grpc::Status SubmitMessage(grpc::ServerContext* context,
                               const pb::SubmitMessageRequest* request,
                               pb::SubmitMessageResponse* response) override {
        return deps_.door.unary(
            *context, *request,
            [&](const Call& call) -> Status {
                IMECE_TRY(Submission submission, to_submission(request->message()));
                submission.trace_parent = call.trace.header();
                std::vector<Submission> one;
                one.push_back(std::move(submission));
                IMECE_TRY(const Accepted accepted, deps_.submit(std::move(one)).front());
                response->set_message_id(to_text(accepted.id));
                response->set_was_there(accepted.was_there);
                *response->mutable_accepted_at() = to_proto(accepted.accepted_at);
                *response->mutable_expires_at() = to_proto(accepted.expires_at);
                return {};
            },
            claimed_class(*request));
    }

    grpc::Status GetMessage(grpc::ServerContext* context, const pb::GetMessageRequest* request,
                            pb::Message* response) override {
        return deps_.door.unary(*context, *request, [&](const Call& call) -> Status {
            IMECE_TRY(const MessageId id, parse_id<MessageId>(request->message_id()));
            IMECE_TRY(const Inspection found, deps_.inspect(viewer_of(call), id));
            fill(*response, found.record, found.views);
            return {};
        });
    }

    grpc::Status ExplainMessage(grpc::ServerContext* context,
                                const pb::ExplainMessageRequest* request,
                                pb::Explanation* response) override {
        return deps_.door.unary(*context, *request, [&](const Call& call) -> Status {
            IMECE_TRY(const MessageId id, parse_id<MessageId>(request->message_id()));
            IMECE_TRY(const Inspection found, deps_.inspect(viewer_of(call), id));
            fill(*response->mutable_message(), found.record, found.views);
            response->set_topology_version(deps_.dispatcher.mesh_version());
            for (std::size_t i = 0; i < found.views.size(); ++i)
                fill(*response->add_copies(), found.record.copies[i], found.views[i]);
            return {};
        });
    }

    grpc::Status ListMessages(grpc::ServerContext* context, const pb::ListMessagesRequest* request,
                              pb::ListMessagesResponse* response) override {
        return deps_.door.unary(*context, *request, [&](const Call&) -> Status {
            IMECE_TRY(const std::uint64_t before, parse_page_token(request->page_token()));
            const auto size =
                std::size_t(request->page_size() == 0 ? kPageDefault : request->page_size());
            IMECE_TRY(const std::vector<Record> records, deps_.store.list(before, size));
            for (const Record& record : records) {
                std::vector<CopyView> views;
                for (const Record::Copy& copy : record.copies)
                    views.push_back(deps_.dispatcher.view({record.envelope.id, copy.device}));
                fill(*response->add_messages(), record, views);
            }
            if (records.size() == size && records.back().sequence > 1)
                response->set_next_page_token(page_token(records.back().sequence));
            return {};
        });
    }

    grpc::Status AckMessages(grpc::ServerContext* context, const pb::AckMessagesRequest* request,
                             pb::AckMessagesResponse* response) override {
        return deps_.door.unary(*context, *request, [&](const Call& call) -> Status {
            IMECE_TRY(const DeviceId device, parse_id<DeviceId>(call.principal.subject));
            record_all(deps_.record, device, request->receipts(), *response->mutable_results());
            return {};
        });
    }

    grpc::Status GetQueues(grpc::ServerContext* context, const pb::GetQueuesRequest* request,
                           pb::Queues* response) override {
        return deps_.door.unary(*context, *request, [&](const Call&) -> Status {
            const QueueStatus status = deps_.dispatcher.status();
            for (std::size_t i = 0; i < kPriorities; ++i) {
                const QueueStatus::Class& from = status.classes[i];
                pb::ClassQueue& queue = *response->add_classes();
                queue.set_priority(type::Priority(priority_of_rank(i)));
                queue.set_waiting(from.depth.waiting);
                queue.set_in_flight(from.depth.in_flight);
                if (from.oldest_accepted_at != TimePoint{})
                    *queue.mutable_oldest_accepted_at() = to_proto(from.oldest_accepted_at);
                queue.set_accepted_total(from.accepted);
                queue.set_delivered_total(from.delivered);
                queue.set_expired_total(from.expired);
                queue.set_room(deps_.submit.room(priority_of_rank(i)));
            }
            response->set_links(std::uint32_t(status.links));
            response->set_topology_version(status.mesh_version);
            return {};
        });
    }

    grpc::ServerWriteReactor<pb::Delivery>* StreamMessages(
        grpc::CallbackServerContext* context, const pb::StreamMessagesRequest* request) override {
        return open_stream(deps_, deps_.door.open_stream(*context, kStream, request),
                           request->credit());
    }

    grpc::ServerBidiReactor<pb::ClientFrame, pb::ServerFrame>* Connect(
        grpc::CallbackServerContext* context) override {
        return open_connection(deps_, deps_.door.open_stream(*context, kConnect, nullptr));
    }

private:
    const MessageServiceDeps deps_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_message_service(const MessageServiceDeps& deps) {
    return std::make_shared<MessageService>(deps);
}

}  // namespace imece::messaging
