#include "gateway/rpc/forwarder.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "base/error.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"

namespace imece::gateway {
namespace {

/// One call, from the client down here to the service up there. Each direction has one message in hand: the next is read when that is
/// written, so a slow reader slows its writer. Goes when both of its ends have ended.
class ForwardedCall {
public:
    ForwardedCall(grpc::GenericCallbackServerContext& context, grpc::GenericStub& service)
        : down_(*this, context), up_(*this) {
        up_.take_over(context);
        service.PrepareBidiStreamingCall(&up_.context, context.method(), {}, &up_);
        up_.AddMultipleHolds(
            2);  // One a direction: their operations begin in reactions of the other end.
        up_.StartCall();
        down_.StartRead(&down_.message);
    }
    grpc::ServerGenericBidiReactor* reactor() { return &down_; }

private:
    struct Down final : grpc::ServerGenericBidiReactor {
        Down(ForwardedCall& o, grpc::GenericCallbackServerContext& c) : of(o), context(c) {}
        void OnReadDone(bool ok) override { of.write_up(ok); }
        void OnWriteDone(bool ok) override {
            ok ? of.up_.StartRead(&of.up_.message) : of.hang_up();
        }
        void OnCancel() override { of.up_.context.TryCancel(); }
        void OnDone() override { of.one_ended(); }
        ForwardedCall& of;
        grpc::GenericCallbackServerContext& context;
        grpc::ByteBuffer message;  ///< From the client.
    };
    struct Up final : grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
        explicit Up(ForwardedCall& o) : of(o) {}
        /// What the client said of its call, without what is between gRPC and it.
        void take_over(const grpc::GenericCallbackServerContext& from) {
            context.set_deadline(from.deadline());
            for (const auto& [name, value] : from.client_metadata()) {
                const std::string key(name.data(), name.size());
                if (key != "user-agent" && key != runtime::kTraceVoucher)
                    context.AddMetadata(key, {value.data(), value.size()});
            }
        }
        void OnReadInitialMetadataDone(bool ok) override {
            if (!ok) return of.service_ended();
            for (const auto& [name, value] : context.GetServerInitialMetadata())
                of.down_.context.AddInitialMetadata({name.data(), name.size()},
                                                    {value.data(), value.size()});
            of.down_.StartSendInitialMetadata();
            StartRead(&message);
        }
        void OnReadDone(bool ok) override {
            ok ? of.down_.StartWrite(&message) : of.service_ended();
        }
        void OnWriteDone(bool ok) override { of.wrote_up(ok); }
        void OnWritesDoneDone(bool /*ok*/) override { of.wrote_up(false); }
        void OnDone(const grpc::Status& status) override {
            // gRPC itself gives no reasons: what says that nobody is there is ours to name.
            const bool bare = !status.ok() && status.error_details().empty();
            of.down_.Finish(bare ? runtime::to_grpc(runtime::from_grpc(status)) : status);
            of.one_ended();
        }
        ForwardedCall& of;
        grpc::ClientContext context;
        grpc::ByteBuffer message;  ///< From the service.
    };

    void write_up(bool ok) {
        const std::lock_guard lock(mutex_);
        if (ended_ || wrote_last_) return;
        writing_ = true;
        ok ? up_.StartWrite(&down_.message) : up_.StartWritesDone();
    }
    void wrote_up(bool more) {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        if (more && !ended_) return down_.StartRead(&down_.message);
        wrote_last_ = true;
        up_.RemoveHold();
    }
    /// Nothing more comes from the service but its status.
    void service_ended() {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        if (!writing_ && !wrote_last_) {
            wrote_last_ = true;
            up_.RemoveHold();
        }
        up_.RemoveHold();
    }
    /// The client takes no more.
    void hang_up() {
        up_.context.TryCancel();
        service_ended();
    }
    void one_ended() {
        if (ends_.fetch_sub(1) == 1) delete this;
    }

    std::mutex mutex_;
    bool writing_ = false;
    bool wrote_last_ = false;
    bool ended_ = false;
    std::atomic<int> ends_{2};
    Down down_;
    Up up_;
};

class Refusal final : public grpc::ServerGenericBidiReactor {
public:
    explicit Refusal(const grpc::Status& status) { Finish(status); }
    void OnDone() override { delete this; }
};

class Forwarder final : public grpc::CallbackGenericService {
public:
    explicit Forwarder(ChannelTo channel) : channel_(std::move(channel)) {}

    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override {
        const auto [first, last] = context->client_metadata().equal_range("authorization");
        for (auto one = first; one != last; ++one)
            if (one != first || !one->second.starts_with("Bearer "))
                return new Refusal(runtime::to_grpc({ErrorCode::kUnauthenticated, "TOKEN_INVALID",
                                                     "send 'Bearer <access token>'"}));
        const auto of = context->client_metadata().find(kOfModule);
        const bool named = of != context->client_metadata().end();
        grpc::GenericStub* const service =
            stub(service_of(context->method()),
                 named ? std::string_view(of->second.data(), of->second.size()) : "");
        if (service == nullptr)
            return new Refusal(
                {grpc::StatusCode::UNIMPLEMENTED, "there is no " + context->method() + " here"});
        return (new ForwardedCall(*context, *service))->reactor();
    }

private:
    /// "/imece.messaging.v1.MessageService/SubmitMessage" → "imece.messaging.v1.MessageService".
    static std::string_view service_of(std::string_view method) {
        if (!method.starts_with('/')) return {};
        method.remove_prefix(1);
        return method.substr(0, method.find('/'));
    }

    /// Null where there is none.
    grpc::GenericStub* stub(std::string_view service, std::string_view of) {
        const std::lock_guard lock(mutex_);
        auto channel = channel_(service, of);
        if (!channel) return nullptr;  // Not kept: whoever calls chooses the names.
        auto& made = stubs_[channel.get()];
        if (!made) made = std::make_unique<grpc::GenericStub>(std::move(channel));
        return made.get();
    }

    ChannelTo channel_;
    std::mutex mutex_;
    std::map<const grpc::Channel*, std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace

std::unique_ptr<grpc::CallbackGenericService> make_forwarder(ChannelTo channel) {
    return std::make_unique<Forwarder>(std::move(channel));
}

}  // namespace imece::gateway
