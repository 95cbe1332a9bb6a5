#include "runtime/bus/subscription.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "imece/bus/v1/bus.grpc.pb.h"
#include "runtime/executor.h"
#include "runtime/module.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"

namespace imece::runtime {
namespace {

Result<Event> from_proto_event(imece::bus::v1::Event& event) {
    auto id = parse_id<EventId>(event.id());
    if (!id) return std::unexpected(std::move(id).error());
    return Event{*id,
                 std::move(*event.mutable_type()),
                 std::move(*event.mutable_subject()),
                 from_proto(event.time()),
                 std::move(*event.mutable_trace_parent()),
                 std::move(*event.mutable_actor()),
                 std::move(*event.mutable_data()),
                 event.position()};
}

}  // namespace

struct Subscription::State {
    State(Process& process, Options o)
        : server(process.server),
          options(std::move(o)),
          backoff(process.random),
          tracer(process.tracer),
          gauge(process.metrics.gauge("imece_events_applied_position",
                                      "Position of the last event that was applied.",
                                      {{"source", options.source}, {"by", options.as}},
                                      [this] { return double(applied.load()); })) {}
    Server& server;
    Options options;
    Backoff backoff;
    Tracer* const tracer;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_ptr<grpc::ClientContext> context;
    std::atomic<std::uint64_t> applied{0};
    std::atomic<bool> connected{false};
    std::shared_ptr<void> gauge;
    std::jthread thread;

    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const Status ended = follow(stop);
            connected = false;
            if (stop.stop_requested()) return;
            log(LogLevel::kWarn, "subscription_lost",
                {{"source", options.source},
                 {"by", options.as},
                 {"reason", ended.error().reason},
                 {"message", ended.error().message}});
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, backoff.next(), [] { return false; });
        }
    }

    Status apply(imece::bus::v1::Events& wire) {
        std::vector<Event> events;
        for (imece::bus::v1::Event& one : *wire.mutable_events()) {
            auto event = from_proto_event(one);
            if (!event) return std::unexpected(std::move(event).error());
            events.push_back(*std::move(event));
        }
        std::vector<Span> spans = spans_of(events);
        const Status done = options.apply(events, wire.through());
        finish(std::move(spans), done);
        if (!done) return done;
        applied = wire.through();
        backoff.succeeded();
        return {};
    }

    /// Each is of a trace of its own, linked to what caused the event: events may be applied days later, and many times.
    /// Events that are applied together have spans of the same length.
    std::vector<Span> spans_of(const std::vector<Event>& events) const {
        std::vector<Span> spans;
        if (tracer == nullptr) return spans;
        for (const Event& event : events) {
            const auto cause = parse_trace(event.trace_parent);
            if (!cause || !cause->sampled) continue;
            Span span{.context = tracer->root(),
                      .name = "apply " + event.type,
                      .kind = Span::Kind::kConsumer,
                      .began = wall_now()};
            span.links = {*cause};
            span.attributes = {{"imece.source", options.source},
                               {"imece.by", options.as},
                               {"imece.event.id", to_text(event.id)},
                               {"imece.event.position", std::to_string(event.position)}};
            spans.push_back(std::move(span));
        }
        return spans;
    }
    void finish(std::vector<Span> spans, const Status& done) const {
        for (Span& span : spans) {
            span.ended = wall_now();
            if (!done) span.error = done.error().reason;
            tracer->finish(std::move(span));
        }
    }

    /// Reads until the stream or apply() fails; never returns OK.
    Status follow(const std::stop_token& stop) {
        auto position = options.position();
        if (!position) return std::unexpected(std::move(position).error());
        applied = *position;
        {
            const std::scoped_lock lock(mutex);
            if (stop.stop_requested())
                return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "stopped");
            context = std::make_unique<grpc::ClientContext>();
        }
        server.sign_as_service(*context, options.source, options.as);
        imece::bus::v1::SubscribeRequest request;
        request.set_source(options.source);
        request.set_after_position(*position);
        request.mutable_types()->Assign(options.types.begin(), options.types.end());
        request.set_background(options.background);
        auto stub = imece::bus::v1::BusService::NewStub(server.channel(options.source));
        auto reader = stub->Subscribe(context.get(), request);
        reader->WaitForInitialMetadata();
        connected = true;
        // Not before: threads that gRPC starts on the way inherit the niceness of this one.
        if (options.background) run_in_background();

        Status failed;
        imece::bus::v1::Events wire;
        while (failed && reader->Read(&wire)) failed = apply(wire);
        // A stream that ended by itself keeps its status: a cancel could take the place of the reason.
        if (!failed) context->TryCancel();
        const grpc::Status ended = reader->Finish();
        if (!failed) return failed;
        Error error = from_grpc(ended);
        if (error.reason == "POSITION_TRIMMED" && options.reset) {
            if (auto reset = options.reset(); !reset) return reset;
        }
        return std::unexpected(std::move(error));
    }
};

Subscription::Subscription(Process& process, Options options)
    : state_(std::make_unique<State>(process, std::move(options))) {}

Subscription::~Subscription() {
    stop();
}

void Subscription::start() {
    state_->thread =
        std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

void Subscription::stop() {
    if (!state_->thread.joinable()) return;
    state_->thread.request_stop();
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->context) state_->context->TryCancel();
    }
    state_->thread.join();
}

std::uint64_t Subscription::applied() const {
    return state_->applied.load();
}

bool Subscription::connected() const {
    return state_->connected.load();
}

Subscription::Apply one_by_one(std::function<Status(const Event&)> apply) {
    return [apply = std::move(apply)](std::span<const Event> events, std::uint64_t) -> Status {
        for (const Event& event : events)
            if (auto done = apply(event); !done) return done;
        return {};
    };
}

}  // namespace imece::runtime
