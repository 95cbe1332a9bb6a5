// The exporter against a collector that does what a test says.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

#include "imece/otlp/v1/otlp.pb.h"
#include "runtime/observe/tracer.h"
#include "runtime/telemetry/otlp_exporter.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace pb = imece::otlp::v1;

/// Answers each call with the next of `answers`, the last of them for ever; OK without any.
class Collector final : public grpc::CallbackGenericService {
public:
    Collector() {
        grpc::ServerBuilder builder;
        int port = 0;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
        builder.RegisterCallbackGenericService(this);
        server_ = builder.BuildAndStart();
        endpoint = "http://127.0.0.1:" + std::to_string(port);
    }
    ~Collector() override { server_->Shutdown(std::chrono::system_clock::now()); }

    /// The first `spans` spans of all calls that were answered with OK.
    std::vector<pb::Span> wait_for(std::size_t spans) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 10s, [&] { return taken_.size() >= spans; });
        return taken_;
    }
    int calls() {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }
    std::map<std::string, std::string> headers() {
        const std::scoped_lock lock(mutex_);
        return headers_;
    }
    pb::Resource resource() {
        const std::scoped_lock lock(mutex_);
        return resource_;
    }

    std::string endpoint;
    std::vector<grpc::Status> answers;  ///< Set before the first call.
    bool silent = false;                ///< Never answers.
    int refuses = 0;                    ///< Spans of each call, in an answer that is OK.

private:
    class Call final : public grpc::ServerGenericBidiReactor {
    public:
        Call(Collector& collector, grpc::GenericCallbackServerContext& context)
            : collector_(collector), context_(context) {
            StartRead(&request_);
        }
        void OnReadDone(bool ok) override {
            if (!ok) return Finish(grpc::Status::CANCELLED);
            pb::ExportTraceRequest request;
            grpc::ProtoBufferReader reader(&request_);
            EXPECT_TRUE(request.ParseFromZeroCopyStream(&reader));
            EXPECT_EQ(context_.method(),
                      "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
            if (collector_.silent) return;  // Until the client gives up.
            const grpc::Status status = collector_.take(request, context_);
            if (!status.ok()) return Finish(status);
            pb::ExportTraceResponse response;
            response.mutable_partial_success()->set_rejected_spans(collector_.refuses);
            const std::string bytes = response.SerializeAsString();
            const grpc::Slice slice(bytes);
            response_ = grpc::ByteBuffer(&slice, 1);
            StartWriteAndFinish(&response_, {}, grpc::Status::OK);
        }
        void OnCancel() override {
            if (collector_.silent) Finish(grpc::Status::CANCELLED);
        }
        void OnDone() override { delete this; }

    private:
        Collector& collector_;
        grpc::GenericCallbackServerContext& context_;
        grpc::ByteBuffer request_;
        grpc::ByteBuffer response_;
    };

    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override {
        return new Call(*this, *context);
    }

    grpc::Status take(const pb::ExportTraceRequest& request,
                      const grpc::ServerContextBase& context) {
        const std::scoped_lock lock(mutex_);
        const std::size_t turn = std::size_t(calls_++);
        if (!answers.empty()) {
            const grpc::Status& status = answers[std::min(turn, answers.size() - 1)];
            if (!status.ok()) return status;
        }
        for (const auto& [name, value] : context.client_metadata())
            headers_.emplace(std::string(name.data(), name.size()),
                             std::string(value.data(), value.size()));
        for (const auto& resource : request.resource_spans()) {
            resource_ = resource.resource();
            for (const auto& scope : resource.scope_spans())
                taken_.insert(taken_.end(), scope.spans().begin(), scope.spans().end());
        }
        changed_.notify_all();
        return grpc::Status::OK;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<pb::Span> taken_;
    std::map<std::string, std::string> headers_;
    pb::Resource resource_;
    int calls_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

class Otlp : public testing::Test {
protected:
    std::unique_ptr<OtlpExporter> start(TelemetryConfig config) {
        if (config.endpoint.empty()) config.endpoint = collector_.endpoint;
        auto made =
            OtlpExporter::start(config, {{"service.name", "imece"}}, tracer_, system_random_);
        EXPECT_TRUE(made) << made.error().message;
        return made ? std::move(*made) : nullptr;
    }
    void finish(std::string name) {
        tracer_.finish({.context = tracer_.root(), .name = std::move(name)});
    }
    std::string reason_of(const TelemetryConfig& config) {
        const auto made = OtlpExporter::start(config, {}, tracer_, system_random_);
        return made ? "" : std::string(made.error().reason);
    }

    SystemRandom system_random_;
    Metrics metrics_;
    Tracer tracer_{{.share = 1, .queue_max = 1000}, system_random_, metrics_};
    Collector collector_;
    testkit::TempDir directory_;
};

TEST_F(Otlp, a_span_arrives_as_it_was) {
    const auto exporter = start({});
    const TraceContext parent = tracer_.root();
    const Span span{.context = tracer_.child(parent),
                    .name = "work",
                    .kind = Span::Kind::kServer,
                    .began = WallPoint(1'700'000'000'000'000'001ns),
                    .ended = WallPoint(1'700'000'000'500'000'002ns),
                    .attributes = {{"http.route", "SubmitMessage"}},
                    .links = {tracer_.root()},
                    .error = "STORE_DOWN"};
    tracer_.finish(span);
    exporter->stop(10s);
    const auto taken = collector_.wait_for(1);
    ASSERT_EQ(taken.size(), 1U);
    const pb::Span& got = taken.front();
    const auto text = [](const auto& id) { return std::string(id.begin(), id.end()); };
    EXPECT_EQ(got.trace_id(), text(parent.trace_id));
    EXPECT_EQ(got.span_id(), text(span.context.span_id));
    EXPECT_EQ(got.parent_span_id(), text(parent.span_id));
    EXPECT_EQ(got.name(), "work");
    EXPECT_EQ(got.kind(), 2);
    EXPECT_EQ(got.start_time_unix_nano(), 1'700'000'000'000'000'001U);
    EXPECT_EQ(got.end_time_unix_nano(), 1'700'000'000'500'000'002U);
    ASSERT_EQ(got.attributes_size(), 2);
    EXPECT_EQ(got.attributes(0).key(), "http.route");
    EXPECT_EQ(got.attributes(0).value().string_value(), "SubmitMessage");
    EXPECT_EQ(got.attributes(1).value().string_value(), "STORE_DOWN");
    ASSERT_EQ(got.links_size(), 1);
    EXPECT_EQ(got.links(0).trace_id(), text(span.links[0].trace_id));
    EXPECT_EQ(got.status().code(), 2);
    EXPECT_EQ(collector_.resource().attributes(0).value().string_value(), "imece");
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_exported_total 1"));
}

TEST_F(Otlp, headers_of_the_file_go_along) {
    const auto file = directory_.path() / "headers";
    std::ofstream(file) << "Authorization: Bearer  of: good news\n\nx-tenant:a\n";
    EXPECT_EQ(reason_of({.endpoint = "http://127.0.0.1:1", .headers_file = file}),
              "CONFIG_INVALID");
    ::chmod(file.c_str(), 0600);
    const auto exporter = start({.headers_file = file});
    finish("a");
    exporter->stop(10s);
    EXPECT_EQ(collector_.headers()["authorization"], "Bearer  of: good news");
    EXPECT_EQ(collector_.headers()["x-tenant"], "a");
}

TEST_F(Otlp, unusable_files_are_refused) {
    const auto file = directory_.path() / "headers";
    for (const char* text : {"no colon", ": nameless", "sp ace: x"}) {
        std::ofstream(file) << text;
        ::chmod(file.c_str(), 0600);
        EXPECT_EQ(reason_of({.endpoint = "http://127.0.0.1:1", .headers_file = file}),
                  "CONFIG_INVALID")
            << text;
    }
    EXPECT_EQ(reason_of({.endpoint = "http://127.0.0.1:1", .headers_file = "/nonexistent"}),
              "CONFIG_INVALID");
    EXPECT_EQ(reason_of({.endpoint = "https://localhost:1", .ca = "/nonexistent"}),
              "CONFIG_INVALID");
}

TEST_F(Otlp, tries_again_when_the_collector_is_busy) {
    collector_.answers = {{grpc::StatusCode::UNAVAILABLE, "soon"}, grpc::Status::OK};
    const auto exporter = start({});
    finish("a");
    EXPECT_EQ(collector_.wait_for(1).size(), 1U);
    EXPECT_EQ(collector_.calls(), 2);
}

TEST_F(Otlp, a_refusal_is_no_reason_to_try_again) {
    collector_.answers = {{grpc::StatusCode::UNAUTHENTICATED, "who are you"}, grpc::Status::OK};
    const auto exporter = start({});
    finish("a");
    exporter->stop(10s);
    EXPECT_EQ(collector_.calls(), 1);
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 1"));
}

TEST_F(Otlp, spans_that_the_collector_refuses_are_counted) {
    collector_.refuses = 1;
    const auto exporter = start({});
    finish("a");
    finish("b");
    exporter->stop(10s);
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 1"));
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_exported_total 1"));
}

TEST_F(Otlp, a_dead_collector_costs_drops_and_no_time) {
    const auto exporter = start({.endpoint = "http://127.0.0.1:1"});
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 5000; ++i) finish("a");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
    exporter->stop(1s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 5000"));
}

TEST_F(Otlp, a_silent_collector_holds_the_end_no_longer_than_allowed) {
    collector_.silent = true;
    const auto exporter = start({});
    finish("a");
    const auto began = std::chrono::steady_clock::now();
    exporter->stop(200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 1"));
}

}  // namespace
}  // namespace imece::runtime
