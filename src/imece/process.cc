#include "imece/process.h"

#include <grpcpp/impl/service_type.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/result.h"
#include "runtime/auth/trust_store.h"
#include "runtime/backup/backup.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/files/certificate.h"
#include "runtime/join/membership.h"
#include "runtime/modules.h"
#include "runtime/observe/log.h"
#include "runtime/observe/machine_metrics.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/process_service.h"
#include "runtime/rpc/site_service.h"
#include "runtime/settings/settings.h"

namespace imece {
namespace {

using namespace std::chrono_literals;
using runtime::log;
using runtime::LogLevel;

/// How long calls in flight may go on after the signal; the whole stop stays under 5 s.
constexpr auto kGrace = 3s;
/// For the spans that are left then.
constexpr auto kTracesGrace = 1s;

/// Blocks the stop signals in this thread and all it starts, so that wait() alone receives them.
class StopSignals {
public:
    StopSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    int wait() const {
        int signal = 0;
        sigwait(&set_, &signal);
        return signal;
    }

private:
    sigset_t set_{};
};

LogLevel log_level_of(const std::string& word) {
    return word == "debug"   ? LogLevel::kDebug
           : word == "warn"  ? LogLevel::kWarn
           : word == "error" ? LogLevel::kError
                             : LogLevel::kInfo;
}

/// What the site's settings say of the process itself.
std::shared_ptr<void> follow_limits(runtime::Settings& settings, runtime::Door& door) {
    return settings.on_change([&door](const runtime::Settings& now) {
        door.limit_calls(
            std::uint32_t(now.number("rpc.calls_in_flight_max", runtime::Door::kCallsInFlightMax)));
        runtime::set_usual_log_level(log_level_of(now.choice("process.log_level", "info")));
    });
}

/// Both null where no trace is followed.
struct Traces {
    std::unique_ptr<runtime::Tracer> tracer;
    std::unique_ptr<runtime::OtlpExporter> exporter;

    static Result<Traces> start(const ProcessConfig& config, Random& random,
                                runtime::Metrics& metrics) {
        Traces made;
        const runtime::TelemetryConfig& telemetry = config.telemetry;
        if (telemetry.endpoint.empty()) return made;
        made.tracer = std::make_unique<runtime::Tracer>(
            runtime::Tracer::Options{telemetry.share, telemetry.queue_max}, random, metrics);
        IMECE_TRY(made.exporter, runtime::OtlpExporter::start(
                                     telemetry,
                                     {{"service.name", "imece"},
                                      {"service.version", kVersion},
                                      {"service.namespace", config.site.name},
                                      {"imece.exercise", config.site.exercise ? "true" : "false"}},
                                     *made.tracer, random));
        return made;
    }
};

/// An exercise begins in a data directory, and of several processes each has its own.
Status check_processes(const ProcessConfig& config) {
    if (config.rpc.peers.empty() || !config.site.exercise || config.site.began_ms != 0) return {};
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                "the processes of an exercise are told when it began: set [site] began_ms");
}

/// Where the process's certificate lies, unless somebody else keeps it.
runtime::RpcConfig with_member_dir(runtime::RpcConfig config, const DataDir& data) {
    if (config.member_dir.empty() && !config.join_secret_file.empty())
        config.member_dir = data.path() / "member";
    return config;
}

/// By the wall's time, so that they sort: "20261127T154500.123Z".
std::string backup_name() {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    std::string name = to_rfc3339(TimePoint(now.time_since_epoch()));
    std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
    return name;
}

/// Null where the process is alone, or somebody else keeps its certificate.
Result<std::unique_ptr<runtime::Membership>> make_membership(const runtime::RpcConfig& config,
                                                             const std::string& service,
                                                             runtime::Process& process) {
    if (config.join_secret_file.empty()) return nullptr;
    IMECE_TRY(const auto secret, runtime::JoinSecret::read(config.join_secret_file));
    return std::make_unique<runtime::Membership>(
        runtime::Membership::Options{
            .service = service, .secret = secret, .directory = config.member_dir},
        process.server, process.random, process.metrics);
}

/// What the site has: what runs here, and elsewhere.
std::vector<std::string> services_of(const runtime::Modules& modules,
                                     const runtime::Server& server) {
    std::vector<std::string> names = modules.made();
    for (std::string& name : server.services_of_peers())
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    return names;
}

Status run(const ServeOptions& options, const ProcessConfig& config, const AddModules& add_modules,
           const StopSignals& signals) {
    IMECE_CHECK(check_processes(config));
    IMECE_TRY(const DataDir data, DataDir::open(options.data, config.site));
    IMECE_TRY(const auto clock, data.clock(config.site));
    SystemRandom random;
    runtime::Metrics metrics;
    const auto machine = runtime::add_machine_metrics(metrics, data.path());
    const runtime::RpcConfig rpc = with_member_dir(config.rpc, data);
    runtime::Server server(rpc, config.site.name);
    runtime::Outboxes outboxes;
    runtime::Snapshots snapshots;
    const auto event_logs = outboxes.add_metrics(metrics);
    const auto certificate =
        runtime::add_certificate_metric(metrics, "rpc", config.rpc.tls_certificate);
    runtime::TrustStore trust(*clock, {.file = data.path() / "trust", .grace = rpc.token_grace});
    IMECE_TRY(const auto traces, Traces::start(config, random, metrics));
    runtime::Door door({.random = random,
                        .metrics = metrics,
                        .server = server,
                        .trust = trust,
                        .tracer = traces.tracer.get()});
    runtime::Settings settings(data.path() / "settings", *clock, metrics);
    const auto limits = follow_limits(settings, door);
    runtime::Process process{*clock,      random,
                             metrics,     server,
                             outboxes,    {config.site.name, config.site.exercise, kVersion},
                             data.path(), traces.tracer.get(),
                             &snapshots};
    runtime::Modules modules;
    add_modules(modules, {process, door, trust, settings});
    IMECE_CHECK(modules.make(options.target));
    IMECE_TRY(const auto membership, make_membership(rpc, modules.made().front(), process));
    const auto site = runtime::make_site_service(process, door, services_of(modules, server));
    const auto bus = runtime::make_bus_service(outboxes, door, server);
    const auto itself = runtime::make_process_service(door, [&] {
        return runtime::make_backup(data.path(), snapshots, modules.made(),
                                    data.path() / "backups" / backup_name());
    });
    server.add("site", *site);
    // A gateway alone has no events: it passes on who asks for those of others.
    if (!outboxes.names().empty()) server.add("bus", *bus);
    server.add("process", *itself);

    IMECE_TRY(const auto watch, runtime::WatchServer::start(
                                    config.watch, metrics, [&trust] { return knows_keys(trust); }));
    Status started = server.start();
    if (started && membership) started = membership->start();
    if (started) {
        trust.follow(server, random);
        settings.follow(process);
        started = modules.start();
    }
    if (started) {
        log(LogLevel::kInfo, "serving",
            {{"target", options.target},
             {"site", config.site.name},
             {"exercise", config.site.exercise},
             {"time_scale", config.site.time_scale},
             {"grpc_port", server.port()},
             {"version", kVersion}});
        options.serving();
        log(LogLevel::kInfo, "stopping", {{"signal", signals.wait()}});
    }
    modules.drain();
    settings.stop();
    trust.stop();
    if (membership) membership->stop();
    server.stop(kGrace);
    modules.stop();
    if (traces.exporter) traces.exporter->stop(kTracesGrace);
    return started;
}

}  // namespace

/// Whether callers can be told apart yet.
Status knows_keys(const runtime::TrustStore& trust) {
    if (trust.version() > 0) return {};
    return fail(ErrorCode::kUnavailable, "KEYS_UNAVAILABLE", "the signing keys have not arrived");
}

void load_process(runtime::ConfigLoader& loader, ProcessConfig& config) {
    loader.load("site", config.site);
    loader.load("rpc", config.rpc);
    loader.load("telemetry", config.telemetry);
    loader.load("watch", config.watch);
}

int serve_process(const ServeOptions& options, const std::vector<std::string>& problems,
                  const ProcessConfig& config, const AddModules& add_modules) {
    for (const std::string& problem : problems)
        std::fprintf(stderr, "imece: %s\n", problem.c_str());
    if (!problems.empty()) return 2;
    const StopSignals signals;
    const Status ended = run(options, config, add_modules, signals);
    if (ended) return 0;
    std::fprintf(stderr, "imece: %s\n", ended.error().message.c_str());
    return ended.error().reason == "CONFIG_INVALID" ? 2 : 1;
}

}  // namespace imece
