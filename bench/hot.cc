#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <functional>
#include <memory>

#include "base/result.h"
#include "bench/areas.h"
#include "crypto/crypto.h"
#include "gateway/api/json_codec.h"
#include "gateway/edge/rate_limit.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "imece/trust/v1/trust.pb.h"
#include "messaging/domain/class_scheduler.h"
#include "messaging/domain/mesh.h"
#include "runtime/auth/trust_store.h"
#include "runtime/observe/machine_metrics.h"
#include "runtime/observe/tracer.h"

namespace imece::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kRounds = 9;
constexpr auto kRound = 15ms;
constexpr std::size_t kEnvelopeBytes = 320;
constexpr std::size_t kCallers = 1'000;
constexpr std::size_t kMeshNodes = 1'000;
constexpr std::size_t kMeshUplinks = 50;
constexpr double kReach = 0.06;  ///< Of the unit square's side: about eleven neighbours a node.

constexpr Goal kAsFast{.bound = 1, .of = Goal::Of::kRatio};
constexpr Goal kRoutes{.bound = 0.1};
constexpr Goal kCachedToken{.bound = 5};
constexpr Goal kRateCheck{.bound = 1};
constexpr Goal kPick{.bound = 1};
constexpr Goal kScrape{.bound = 2'000};

/// Makes the compiler believe that somebody looks at `value`.
template <class T>
void use(const T& value) {
    asm volatile("" : : "r"(&value) : "memory");
}

/// Microseconds a call of `call`, over one round.
double microseconds(const std::function<void()>& call) {
    std::size_t calls = 0;
    const auto began = Steady::now();
    auto now = began;
    for (; now < began + kRound; now = Steady::now())
        for (int i = 0; i < 16; ++i, ++calls) call();
    return std::chrono::duration<double, std::micro>(now - began).count() / double(calls);
}

/// Ours, beside a peer's way to the same result where there is one; in turns.
void measure(Report& report, std::string name, const std::optional<Goal>& goal,
             const std::function<void()>& ours, std::string who = {},
             const std::function<void()>& theirs = {}) {
    std::vector<double> our_rounds;
    std::vector<double> their_rounds;
    for (int round = 0; round < kRounds; ++round) {
        our_rounds.push_back(microseconds(ours));
        if (theirs) their_rounds.push_back(microseconds(theirs));
    }
    Figure figure{.name = std::move(name),
                  .unit = Unit::kMicroseconds,
                  .ours = median(our_rounds),
                  .rounds = our_rounds,
                  .goal = goal};
    if (theirs)
        figure.beside =
            Beside{std::move(who), median(their_rounds), median_ratio(their_rounds, our_rounds)};
    report.add(std::move(figure));
}

void verify_envelope(Report& report) {
    SeededRandom random(1);
    crypto::Seed seed{};
    random.fill(seed);
    const crypto::SigningKey key(seed);
    Bytes bytes(kEnvelopeBytes);
    random.fill(bytes);
    const auto signature = key.sign(crypto::kEnvelopeDomain, bytes);

    Bytes framed;
    for (const char c : crypto::kEnvelopeDomain) framed.push_back(std::uint8_t(c));
    framed.push_back(0);
    framed.insert(framed.end(), bytes.begin(), bytes.end());
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> public_key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.public_key().data(),
                                    key.public_key().size()),
        EVP_PKEY_free);
    measure(
        report, "hot.verify_envelope", kAsFast,
        [&] { use(crypto::verify(key.public_key(), crypto::kEnvelopeDomain, bytes, signature)); },
        "OpenSSL",
        [&] {
            const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                             EVP_MD_CTX_free);
            EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get());
            use(EVP_DigestVerify(context.get(), signature.data(), signature.size(), framed.data(),
                                 framed.size()));
        });
}

Status verify_token(Report& report) {
    const SystemClock clock;
    const auto key = runtime::TokenKey::generate();
    imece::trust::v1::TrustBundle bundle;
    bundle.set_issuer("site");
    auto& known = *bundle.add_keys();
    known.set_key_id(key.key_id());
    known.set_use(imece::trust::v1::ACCESS_TOKEN);
    known.set_public_key(std::string(text_of(key.public_point())));
    runtime::TrustStore trust(clock);
    trust.set(bundle);
    const std::string token = key.sign({.issuer = "site",
                                        .subject = "0123456789abcdef0123456789abcdef",
                                        .kind = "device",
                                        .session_id = "01890a5d-ac96-774b-bcce-b302099a8057",
                                        .issued_at = clock.now(),
                                        .expires_at = clock.now() + 1h});
    IMECE_CHECK(trust.verify_token(token));
    IMECE_TRY(const auto verifier, runtime::TokenVerifier::from_public_point(key.public_point()));
    measure(report, "hot.token_new", std::nullopt, [&] { use(verifier.verify(token)); });
    measure(report, "hot.token_seen", kCachedToken, [&] { use(trust.verify_token(token)); });
    return {};
}

void check_rate(Report& report) {
    SeededRandom random(1);
    gateway::RateLimit limit({.per_second = 1'000'000, .burst = 1'000'000}, 16'384, random);
    std::vector<std::string> callers;
    for (std::size_t i = 0; i < kCallers; ++i)
        callers.push_back("device:" + to_text(DeviceId{make_uuid_v7(SystemClock().now(), random)}));
    std::size_t next = 0;
    const auto now = Steady::now();
    measure(report, "hot.rate_check", kRateCheck,
            [&] { use(limit.take(callers[++next % kCallers], now)); });
}

/// A phone's frame with one message.
Status frame_json(Report& report) {
    namespace util = google::protobuf::util;
    SeededRandom random(1);
    const auto bytes = [&random](std::size_t size) {
        Bytes out(size);
        random.fill(out);
        return std::string(text_of(out));
    };
    imece::messaging::v1::ClientFrame frame;
    frame.mutable_submit()->set_request(7);
    auto& message = *frame.mutable_submit()->add_messages();
    message.set_envelope(bytes(kEnvelopeBytes));
    message.set_signature(bytes(64));
    message.mutable_credential()->set_credential(bytes(180));
    message.mutable_credential()->set_signature(bytes(64));
    std::string text;
    gateway::write_json(frame, gateway::Defaults::kOmit, text);
    imece::messaging::v1::ClientFrame read;
    IMECE_CHECK(gateway::read_json(text, read));
    if (read.SerializeAsString() != frame.SerializeAsString())
        return fail(ErrorCode::kInternal, "INTERNAL_ERROR", "a frame did not survive its JSON");

    measure(
        report, "hot.frame_from_json", kAsFast,
        [&] {
            imece::messaging::v1::ClientFrame out;
            use(gateway::read_json(text, out));
        },
        "protobuf",
        [&] {
            imece::messaging::v1::ClientFrame out;
            use(util::JsonStringToMessage(text, &out));
        });
    measure(
        report, "hot.frame_to_json", kAsFast,
        [&] {
            std::string out;
            gateway::write_json(frame, gateway::Defaults::kOmit, out);
            use(out);
        },
        "protobuf",
        [&] {
            std::string out;
            use(util::MessageToJsonString(frame, &out));
        });
    return {};
}

void pick_class(Report& report) {
    messaging::ClassScheduler scheduler;
    std::array<bool, messaging::kPriorities> waiting{};
    waiting.fill(true);
    measure(report, "hot.pick_class", kPick, [&] {
        if (const auto picked = scheduler.pick(waiting)) scheduler.sent(*picked, kEnvelopeBytes);
    });
}

/// Nodes strewn over a square, linked to whom they reach; routes from the uplinks to all.
void find_routes(Report& report) {
    SeededRandom random(1);
    struct Place {
        double x, y;
    };
    std::vector<Place> places;
    messaging::MeshChange change{.version = 1, .full = true};
    for (std::size_t i = 0; i < kMeshNodes; ++i) {
        places.push_back({random.unit(), random.unit()});
        change.nodes.push_back({DeviceId{make_uuid_v7(TimePoint(), random)}, true});
        for (std::size_t j = 0; j < i; ++j)
            if (std::hypot(places[i].x - places[j].x, places[i].y - places[j].y) < kReach)
                change.links.push_back(
                    {change.nodes[i].id, change.nodes[j].id, 0.5 + random.unit() / 2});
    }
    std::vector<DeviceId> uplinks;
    for (std::size_t i = 0; i < kMeshUplinks; ++i) uplinks.push_back(change.nodes[i].id);
    messaging::Mesh mesh;
    mesh.apply(change);
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round)
        rounds.push_back(microseconds([&] {
                             mesh.route_from(uplinks);
                             for (const auto& node : change.nodes) use(mesh.path_to(node.id));
                         }) /
                         1e6);
    report.add({.name = "hot.routes_in_1000_nodes",
                .ours = median(rounds),
                .rounds = rounds,
                .goal = kRoutes});
}

void scrape_machine(Report& report) {
    runtime::Metrics metrics;
    const auto machine = runtime::add_machine_metrics(metrics, ".");
    measure(report, "hot.scrape_machine", kScrape, [&] { use(metrics.scrape()); });
}

/// What a call pays for traces where none is followed, beside what it pays anyway: to read its own trace.
void pass_untraced(Report& report) {
    constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    SeededRandom random(1);
    runtime::Tracer* volatile none = nullptr;
    measure(
        report, "hot.untraced", std::nullopt,
        [&] {
            auto trace = runtime::continue_trace(kParent, random);
            runtime::Tracer* const tracer = none;
            trace.sampled = tracer != nullptr && tracer->choose();
            use(trace);
            if (trace.sampled) tracer->finish({.context = trace});
        },
        "without", [&] { use(runtime::continue_trace(kParent, random)); });
}

}  // namespace

Status hot(Report& report, const Peers&) {
    report.area("hot",
                "what runs for each message or call, one thread; token_seen, rate_check and "
                "pick_class against their budgets");
    verify_envelope(report);
    IMECE_CHECK(verify_token(report));
    check_rate(report);
    IMECE_CHECK(frame_json(report));
    pick_class(report);
    find_routes(report);
    scrape_machine(report);
    pass_untraced(report);
    return {};
}

}  // namespace imece::bench
