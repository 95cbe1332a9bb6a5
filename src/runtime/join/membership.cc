#include "runtime/join/membership.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "imece/join/v1/join.grpc.pb.h"
#include "runtime/files/certificate.h"
#include "runtime/files/private_file.h"
#include "runtime/join/certificate_request.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/peers.h"
#include "runtime/rpc/server.h"

namespace imece::runtime {
namespace {

namespace pb = imece::join::v1;
using std::chrono::seconds;

constexpr seconds kAnswerMax{10};
/// Between two certificates, however short they are.
constexpr seconds kPauseMin{3};

std::unexpected<Error> forged() {
    return fail(ErrorCode::kPermissionDenied, "JOIN_REFUSED",
                "the answer was not made with this service's join secret");
}

}  // namespace

struct Membership::State {
    State(Options o, Server& s, Random& r)
        : options(std::move(o)), files(MemberFiles::in(options.directory)), server(s), backoff(r) {}

    Options options;
    MemberFiles files;
    Server& server;
    Backoff backoff;
    std::shared_ptr<void> gauge;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_ptr<grpc::ClientContext> context;
    std::jthread thread;

    /// The key that lies there, or a new one.
    Result<std::string> key() const {
        IMECE_TRY(auto there, read_private_file(files.key));
        if (there && certificate_request(*there)) return *std::move(there);
        std::string made = make_private_key();
        IMECE_CHECK(write_private_file(files.key, made));
        return made;
    }

    /// When to ask again: at half of the time that what lies there had left when it came, at once where nothing good does.
    std::chrono::nanoseconds left(const std::string& key_pem) const {
        const auto validity = certificate_validity(files.certificate);
        const auto pem = read_private_file(files.certificate);
        if (!validity || !pem || !*pem || !is_for_key(**pem, key_pem)) return {};
        std::error_code failed;
        const auto came = std::chrono::file_clock::to_sys(
            std::filesystem::last_write_time(files.certificate, failed));
        if (failed) return {};
        const std::chrono::sys_time<std::chrono::nanoseconds> end(validity->end.time_since_epoch());
        return came + (end - came) / 2 - std::chrono::system_clock::now();
    }

    Status join(const std::stop_token& stop, const std::string& key_pem) {
        pb::JoinRequest request;
        request.set_service(options.service);
        IMECE_TRY(*request.mutable_csr_pem(), certificate_request(key_pem));
        request.set_mac(std::string(
            text_of(options.secret.mac_of_request(request.service(), request.csr_pem()))));
        {
            const std::scoped_lock lock(mutex);
            if (stop.stop_requested())
                return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "stopped");
            context = std::make_unique<grpc::ClientContext>();
        }
        context->set_deadline(std::chrono::system_clock::now() + kAnswerMax);
        pb::JoinResponse response;
        const grpc::Status answered = pb::JoinService::NewStub(server.unnamed_channel("security"))
                                          ->Join(context.get(), request, &response);
        if (!answered.ok()) return std::unexpected(from_grpc(answered));
        const crypto::Digest mac = options.secret.mac_of_answer(
            request.csr_pem(), response.certificate_pem(), response.root_pem());
        if (!equal_in_constant_time(mac, view_of(response.mac()))) return forged();
        IMECE_CHECK(write_private_file(files.root, response.root_pem()));
        return write_private_file(files.certificate, response.certificate_pem());
    }

    void run(const std::stop_token& stop, const std::string& key_pem) {
        while (!stop.stop_requested()) {
            auto wait = left(key_pem);
            if (wait <= seconds(0)) {
                const Status joined = join(stop, key_pem);
                if (stop.stop_requested()) return;
                if (joined) {
                    backoff.succeeded();
                    log(LogLevel::kInfo, "certificate_received", {{"service", options.service}});
                    wait = std::max<std::chrono::nanoseconds>(left(key_pem), kPauseMin);
                } else {
                    log(LogLevel::kWarn, "certificate_not_received",
                        {{"service", options.service},
                         {"reason", joined.error().reason},
                         {"cause", joined.error().message}});
                    wait = backoff.next();
                }
            }
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, wait, [] { return false; });
        }
    }
};

Membership::Membership(Options options, Server& server, Random& random, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(options), server, random)) {
    state_->gauge = metrics.gauge(
        "imece_certificate_end_seconds", "End of a certificate, since 1970.", {{"use", "member"}},
        [files = state_->files] {
            const auto validity = certificate_validity(files.certificate);
            return validity
                       ? std::chrono::duration<double>(validity->end.time_since_epoch()).count()
                       : 0.0;
        });
}

Membership::~Membership() {
    stop();
}

Status Membership::start() {
    IMECE_CHECK(make_private_directory(state_->options.directory));
    IMECE_TRY(std::string key, state_->key());
    state_->thread = std::jthread([state = state_.get(), key = std::move(key)](
                                      const std::stop_token& stop) { state->run(stop, key); });
    return {};
}

void Membership::stop() {
    if (!state_->thread.joinable()) return;
    state_->thread.request_stop();
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->context) state_->context->TryCancel();
    }
    state_->thread.join();
}

}  // namespace imece::runtime
