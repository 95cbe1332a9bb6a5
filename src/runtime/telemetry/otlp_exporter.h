// Traces to an OpenTelemetry collector, by OTLP over gRPC.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "runtime/config/table.h"

namespace imece::runtime {

class Tracer;

/// The `[telemetry]` table.
struct TelemetryConfig {
    std::string endpoint;      ///< "http://127.0.0.1:4317"; empty: no trace is followed.
    std::string ca;            ///< PEM file: who signed the collector's certificate.
    std::string headers_file;  ///< "name: value" lines for each call, not readable by others.
    double share = 0.01;       ///< Of the traces that begin here.
    std::uint64_t queue_max = 8192;
    void describe(ConfigTable& table);
};

/// One thread that takes the tracer's spans and sends them, up to 512 a call. When the collector does not answer it waits, longer
/// each time, with the batch in hand; meanwhile the tracer's queue fills and drops. Nobody else ever waits for it.
class OtlpExporter {
public:
    using Attributes = std::vector<std::pair<std::string, std::string>>;
    /// `resource` says whose spans they are. `tracer` and `random` outlive the exporter. The collector need not be there yet.
    /// Errors: kInvalidArgument CONFIG_INVALID for files that cannot be used.
    static Result<std::unique_ptr<OtlpExporter>> start(const TelemetryConfig& config,
                                                       const Attributes& resource, Tracer& tracer,
                                                       Random& random);
    ~OtlpExporter();  ///< Stops at once.
    /// Sends what is there, for at most `bound`; the rest is dropped. Later spans are dropped too.
    void stop(std::chrono::milliseconds bound);

private:
    OtlpExporter();
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
