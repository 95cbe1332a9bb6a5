#include <fmt/format.h>

#include <fstream>

#include "base/result.h"
#include "bench/areas.h"
#include "bench/envoy.h"
#include "bench/http_load.h"
#include "bench/site.h"
#include "sdk/cpp/api.h"

namespace imece::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = 7;
constexpr std::size_t kConnections = 16;
constexpr auto kRound = 2s;
constexpr auto kWarmUp = 300ms;
constexpr auto kKnownWithin = 20s;
constexpr Goal kFasterThanEnvoy{.bound = 1.2, .of = Goal::Of::kRatio};

/// The limits stay on, and are never met.
std::vector<std::string> unmet_limits() {
    std::vector<std::string> options;
    for (const char* key : {"principal_rate", "principal_burst", "address_rate", "address_burst"}) {
        options.emplace_back("--set");
        options.push_back(std::string("gateway.") + key + "=1000000");
    }
    return options;
}

/// The services in one process, with or without a gateway of their own, and a message to read.
struct Reading {
    std::string request;
    std::string issuer;
    std::string jwks;
};

/// Makes a device whose message waits in the queue; the request by which it asks for it.
Result<Reading> prepare(Site& services, const std::string& gateway_url) {
    IMECE_CHECK(services.make_operator(gateway_url));
    IMECE_TRY(const auto devices, services.enrol(2));
    const sdk::Device& to = devices[1].device;
    SystemRandom random;
    const TimePoint now = SystemClock().now();
    const MessageId id{make_uuid_v7(now, random)};
    const sdk::Draft draft{.destination = sdk::to(to.id()),
                           .recipient_key = to.key().seal_key(),
                           .body = "We are fine, and wait at the school."};
    IMECE_TRY(const auto message, devices[0].device.compose(draft, id, now, random));
    sdk::Api api(services.endpoint());
    api.set_token(devices[0].token);
    // News of the recipient takes a moment to reach messaging.
    const auto until = std::chrono::steady_clock::now() + kKnownWithin;
    auto taken = api.submit(message);
    while (!taken && taken.error().reason == "DESTINATION_UNKNOWN" &&
           std::chrono::steady_clock::now() < until)
        taken = api.submit(message);
    if (!taken) return std::unexpected(taken.error());
    IMECE_TRY(const auto site, api.site());
    IMECE_TRY(std::string jwks, api.call({.target = "/v1/jwks"}));
    return Reading{fmt::format("GET /v1/messages/{} HTTP/1.1\r\nhost: site\r\n"
                               "authorization: Bearer {}\r\naccept: application/json\r\n\r\n",
                               to_text(id), devices[0].token),
                   site.name(), std::move(jwks)};
}

/// One way in: where it listens, and which processes its answers cost.
struct Entrance {
    std::string port;
    std::string request;
    const Process* edge = nullptr;
    const Process* services = nullptr;  ///< Null: the same process.
    std::vector<double> rates = {};
    std::vector<double> cpu_us = {};       ///< A request, of all processes.
    std::vector<double> edge_cpu_us = {};  ///< Of the edge's own.

    Status play() {
        const double edge_before = edge->cpu_seconds();
        const double services_before = services ? services->cpu_seconds() : 0;
        IMECE_TRY(
            const auto result,
            load_http(
                {.port = port, .request = request, .connections = kConnections, .time = kRound}));
        const double each = 1e6 / double(result.answers);
        const double of_edge = (edge->cpu_seconds() - edge_before) * each;
        const double of_services =
            services ? (services->cpu_seconds() - services_before) * each : 0;
        rates.push_back(result.rate());
        edge_cpu_us.push_back(of_edge);
        cpu_us.push_back(of_edge + of_services);
        return {};
    }
};

Figure figure(const std::string& name, Unit unit, const std::vector<double>& rounds) {
    return {.name = name, .unit = unit, .ours = median(rounds), .rounds = rounds};
}

Beside envoy_beside(const std::vector<double>& theirs, double ratio) {
    return {"Envoy", median(theirs), ratio};
}

void tell(Report& report, const Entrance& gateway, const Entrance& alone, const Entrance* envoy) {
    Figure rate = figure("rest.gateway.rate", Unit::kPerSecond, gateway.rates);
    Figure cpu = figure("rest.gateway.cpu_with_services", Unit::kMicroseconds, gateway.cpu_us);
    Figure edge = figure("rest.gateway.cpu", Unit::kMicroseconds, gateway.edge_cpu_us);
    rate.goal = kFasterThanEnvoy;
    if (envoy != nullptr) {
        rate.beside = envoy_beside(envoy->rates, median_ratio(gateway.rates, envoy->rates));
        cpu.beside = envoy_beside(envoy->cpu_us, median_ratio(envoy->cpu_us, gateway.cpu_us));
        edge.beside =
            envoy_beside(envoy->edge_cpu_us, median_ratio(envoy->edge_cpu_us, gateway.edge_cpu_us));
    }
    report.add(std::move(rate));
    report.add(std::move(cpu));
    report.add(std::move(edge));
    report.add(figure("rest.one_process.rate", Unit::kPerSecond, alone.rates));
    report.add(figure("rest.one_process.cpu", Unit::kMicroseconds, alone.cpu_us));
}

/// Two answers are the same read when they name the same message in as many fields.
Status warm_up(Entrance& entrance, std::string_view must_hold) {
    IMECE_TRY(const auto result, load_http({.port = entrance.port,
                                            .request = entrance.request,
                                            .connections = kConnections,
                                            .time = kWarmUp}));
    if (result.body.find(must_hold) != std::string::npos) return {};
    return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED", "another answer: " + result.body);
}

}  // namespace

Status rest(Report& report, const Peers& peers) {
    report.area(
        "rest",
        std::string("GET /v1/messages/{id} with a token and a rate limit, 16 connections, at "
                    "saturation: by our gateway before the services over TCP, ") +
            (peers.envoy.empty() ? "with no Envoy here to measure beside"
                                 : "in turns with Envoy before the same services") +
            "; and by one process that is all of it");
    const WorkDir dir;
    const auto secret = dir.path() / "secret";
    SystemRandom random;
    Bytes bytes(32);
    random.fill(bytes);
    std::ofstream(secret) << to_hex(bytes);
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
    const std::string secret_key = "rpc.secret_file=" + secret.string();

    Site services({"--target", "identity,discovery,messaging,security,ledger,analytics,config",
                   "--set", secret_key});
    IMECE_CHECK(services.launch());
    auto options = unmet_limits();
    options.insert(options.end(), {"--target", "gateway", "--set", secret_key, "--set",
                                   "rpc.services=127.0.0.1:" + services.grpc_port()});
    Site gateway(options);
    IMECE_CHECK(gateway.start());
    Site alone(unmet_limits());
    IMECE_CHECK(alone.start());
    IMECE_TRY(const Reading apart, prepare(services, "http://127.0.0.1:" + gateway.http_port()));
    IMECE_TRY(const Reading together, prepare(alone, {}));

    std::optional<Envoy> envoy;
    if (!peers.envoy.empty()) {
        IMECE_TRY(envoy, start_envoy({.program = peers.envoy,
                                      .dir = dir.path(),
                                      .grpc_port = services.grpc_port(),
                                      .issuer = apart.issuer,
                                      .jwks = apart.jwks}));
    }
    Entrance ours{gateway.http_port(), apart.request, &gateway.process(), &services.process()};
    Entrance whole{alone.http_port(), together.request, &alone.process(), nullptr};
    Entrance theirs;
    if (envoy) {
        theirs = {envoy->http_port, apart.request, &envoy->process, &services.process()};
        IMECE_CHECK(wait_until_ready(envoy->process, envoy->http_port, {},
                                     std::chrono::steady_clock::now()));
    }
    for (int round = -1; round < kRounds; ++round)
        for (Entrance* entrance : {&ours, &theirs, &whole}) {
            if (entrance->edge == nullptr) continue;
            IMECE_CHECK(round < 0 ? warm_up(*entrance, R"("bodyBytes")") : entrance->play());
        }
    tell(report, ours, whole, envoy ? &theirs : nullptr);
    return {};
}

}  // namespace imece::bench
