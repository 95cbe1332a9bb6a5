#include "runtime/telemetry/otlp_exporter.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/bytes.h"
#include "base/result.h"
#include "imece/otlp/v1/otlp.pb.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/observe/tracer.h"

namespace imece::runtime {
namespace {

namespace pb = imece::otlp::v1;
using namespace std::chrono_literals;
using Stub = grpc::TemplatedGenericStub<pb::ExportTraceRequest, pb::ExportTraceResponse>;
using Steady = std::chrono::steady_clock;

constexpr const char* kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::string_view kPlain = "http://";
constexpr std::string_view kTls = "https://";
constexpr std::size_t kBatch = 512;
constexpr auto kGather = 1s;
constexpr auto kCallTimeout = 10s;
constexpr auto kBackoffFirst = 500ms;
constexpr auto kBackoffMax = 30s;
constexpr int kError = 2;  ///< Of OTLP's status codes.

std::unexpected<Error> unusable(const std::string& file, const std::string& why) {
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID", file + " " + why);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<OtlpExporter::Attributes> read_headers(const std::string& file) {
    OtlpExporter::Attributes headers;
    if (file.empty()) return headers;
    struct stat facts{};
    std::ifstream lines(file);
    if (!lines || ::stat(file.c_str(), &facts) != 0) return unusable(file, "cannot be read");
    if ((facts.st_mode & 077) != 0) return unusable(file, "may be read by others: chmod 600 it");
    for (std::string line; std::getline(lines, line);) {
        if (trimmed(line).empty()) continue;
        const std::size_t colon = std::min(line.find(':'), line.size());
        std::string name(trimmed(std::string_view(line).substr(0, colon)));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        const bool good =
            !name.empty() &&
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
        if (!good || colon == line.size())
            return unusable(file, "has a line that is no 'name: value'");
        headers.emplace_back(std::move(name), trimmed(std::string_view(line).substr(colon + 1)));
    }
    return headers;
}

Result<std::shared_ptr<grpc::Channel>> dial(const TelemetryConfig& config) {
    if (config.endpoint.starts_with(kPlain))
        return grpc::CreateChannel(config.endpoint.substr(kPlain.size()),
                                   grpc::InsecureChannelCredentials());
    grpc::SslCredentialsOptions options;
    if (!config.ca.empty()) {
        std::ostringstream text;
        text << std::ifstream(config.ca).rdbuf();
        options.pem_root_certs = text.str();
        if (options.pem_root_certs.empty()) return unusable(config.ca, "cannot be read");
    }
    return grpc::CreateChannel(config.endpoint.substr(kTls.size()), grpc::SslCredentials(options));
}

void add(google::protobuf::RepeatedPtrField<pb::KeyValue>& to, std::string_view key,
         const std::string& value) {
    pb::KeyValue& made = *to.Add();
    made.set_key(std::string(key));
    made.mutable_value()->set_string_value(value);
}

template <std::size_t N>
std::string bytes_of(const std::array<std::uint8_t, N>& id) {
    return std::string(text_of(id));
}

std::uint64_t nanoseconds(WallPoint at) {
    return std::uint64_t(at.time_since_epoch().count());
}

void fill(const Span& span, pb::Span& out) {
    out.set_trace_id(bytes_of(span.context.trace_id));
    out.set_span_id(bytes_of(span.context.span_id));
    if (span.context.parent_id != TraceContext{}.parent_id)
        out.set_parent_span_id(bytes_of(span.context.parent_id));
    out.set_name(span.name);
    out.set_kind(int(span.kind));
    out.set_start_time_unix_nano(nanoseconds(span.began));
    out.set_end_time_unix_nano(nanoseconds(span.ended));
    for (const auto& [key, value] : span.attributes) add(*out.mutable_attributes(), key, value);
    for (const TraceContext& link : span.links) {
        pb::Link& made = *out.add_links();
        made.set_trace_id(bytes_of(link.trace_id));
        made.set_span_id(bytes_of(link.span_id));
    }
    if (span.error.empty()) return;
    add(*out.mutable_attributes(), "error.type", span.error);
    out.mutable_status()->set_code(kError);
}

/// OTLP says after which answers a client tries again.
bool is_worth_another_try(const grpc::Status& status) {
    switch (status.error_code()) {
        case grpc::StatusCode::CANCELLED:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
        case grpc::StatusCode::ABORTED:
        case grpc::StatusCode::OUT_OF_RANGE:
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DATA_LOSS: return true;
        default: return false;
    }
}

bool is_loopback(std::string_view endpoint) {
    return endpoint.starts_with("http://127.") || endpoint.starts_with("http://localhost:") ||
           endpoint.starts_with("http://[::1]:");
}

}  // namespace

void TelemetryConfig::describe(ConfigTable& table) {
    table.text("endpoint", endpoint,
               "Where traces go by OTLP over gRPC, http://127.0.0.1:4317 or https://host:port. "
               "Empty: nowhere.");
    table.text("ca", ca,
               "PEM file of who signed the collector's certificate; empty: the system's.");
    table.text("headers_file", headers_file,
               "Lines of 'name: value' that go with each call; for the collector's token.");
    table.decimal("share", share, 0, 1, "Share of the traces that is followed.");
    table.number("queue_max", queue_max, 100, 1'000'000,
                 "Spans that wait for the collector; those beyond are dropped and counted.");
    table.require(endpoint.empty() || endpoint.starts_with(kPlain) || endpoint.starts_with(kTls),
                  "endpoint begins with http:// or https://");
    table.require(!endpoint.starts_with(kPlain) || is_loopback(endpoint),
                  "off loopback traces go by https only");
}

struct OtlpExporter::State {
    State(Tracer& t, Random& random) : tracer(t), backoff(random, kBackoffFirst, kBackoffMax) {}

    Tracer& tracer;
    Backoff backoff;
    Attributes headers;
    pb::ResourceSpans head;  ///< Without spans.
    std::unique_ptr<Stub> stub;

    std::mutex mutex;
    std::condition_variable changed;
    Steady::time_point ends = Steady::time_point::max();  ///< After it nothing is sent any more.
    grpc::ClientContext* call = nullptr;                  ///< That is in flight.
    bool done = false;
    bool failing = false;  ///< So that the log has one line an outage; the thread's own.
    std::thread thread;

    void run() {
        for (;;) {
            const std::vector<Span> spans = tracer.take(kBatch, kGather);
            if (spans.empty()) break;
            send(spans);
        }
        const std::scoped_lock lock(mutex);
        done = true;
        changed.notify_all();
    }

    void send(const std::vector<Span>& spans) {
        pb::ExportTraceRequest request;
        pb::ResourceSpans& all = *request.add_resource_spans();
        all = head;
        for (const Span& span : spans) fill(span, *all.mutable_scope_spans(0)->add_spans());
        for (;;) {
            pb::ExportTraceResponse response;
            const grpc::Status status = call_once(request, response);
            tell(status);
            if (status.ok()) {
                const auto refused = std::size_t(std::clamp<std::int64_t>(
                    response.partial_success().rejected_spans(), 0, std::int64_t(spans.size())));
                tracer.count_exported(spans.size() - refused);
                return tracer.count_dropped(refused);
            }
            if (!is_worth_another_try(status) || !wait()) return tracer.count_dropped(spans.size());
        }
    }

    grpc::Status call_once(const pb::ExportTraceRequest& request,
                           pb::ExportTraceResponse& response) {
        grpc::ClientContext context;
        for (const auto& [name, value] : headers) context.AddMetadata(name, value);
        {
            const std::scoped_lock lock(mutex);
            const auto left = std::min<Steady::duration>(kCallTimeout, ends - Steady::now());
            if (left <= Steady::duration(0))
                return {grpc::StatusCode::DEADLINE_EXCEEDED, "the process ends"};
            context.set_deadline(
                std::chrono::system_clock::now() +
                std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
            call = &context;
        }
        std::promise<grpc::Status> answer;
        stub->UnaryCall(&context, kExport, {}, &request, &response,
                        [&answer](grpc::Status status) { answer.set_value(std::move(status)); });
        grpc::Status status = answer.get_future().get();
        const std::scoped_lock lock(mutex);
        call = nullptr;
        return status;
    }

    /// Before the next try. False: there is no time for one.
    bool wait() {
        std::unique_lock lock(mutex);
        // Once the process ends, a batch gets one try: a loop would only burn the time that is left.
        const bool stopped = changed.wait_for(lock, backoff.next(),
                                              [this] { return ends != Steady::time_point::max(); });
        return !stopped;
    }

    void tell(const grpc::Status& status) {
        if (status.ok()) {
            backoff.succeeded();
            if (failing) log(LogLevel::kInfo, "traces_exported_again");
        } else if (!failing) {
            log(LogLevel::kWarn, "traces_not_exported",
                {{"code", int(status.error_code())}, {"message", status.error_message()}});
        }
        failing = !status.ok();
    }

    void stop(std::chrono::milliseconds bound) {
        if (!thread.joinable()) return;
        {
            const std::scoped_lock lock(mutex);
            ends = Steady::now() + bound;
        }
        tracer.close();
        changed.notify_all();
        {
            std::unique_lock lock(mutex);
            if (!changed.wait_for(lock, bound, [this] { return done; }) && call != nullptr)
                call->TryCancel();
        }
        thread.join();
    }
};

OtlpExporter::OtlpExporter() = default;

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::start(const TelemetryConfig& config,
                                                          const Attributes& resource,
                                                          Tracer& tracer, Random& random) {
    auto state = std::make_unique<State>(tracer, random);
    IMECE_TRY(state->headers, read_headers(config.headers_file));
    IMECE_TRY(const auto channel, dial(config));
    state->stub = std::make_unique<Stub>(channel);
    for (const auto& [key, value] : resource)
        add(*state->head.mutable_resource()->mutable_attributes(), key, value);
    state->head.add_scope_spans()->mutable_scope()->set_name("imece");
    std::unique_ptr<OtlpExporter> made(new OtlpExporter);
    made->state_ = std::move(state);
    made->state_->thread = std::thread([running = made->state_.get()] { running->run(); });
    return made;
}

OtlpExporter::~OtlpExporter() {
    stop(std::chrono::milliseconds(0));
}

void OtlpExporter::stop(std::chrono::milliseconds bound) {
    state_->stop(bound);
}

}  // namespace imece::runtime
