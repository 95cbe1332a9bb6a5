#include "runtime/auth/trust_store.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <thread>
#include <unordered_map>

#include "base/result.h"
#include "imece/trust/v1/trust.grpc.pb.h"
#include "runtime/files/private_file.h"
#include "runtime/net/backoff.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/server.h"

namespace imece::runtime {
namespace {

using DigestText = std::string;

/// One generation of what is known; replaced as a whole, read without a lock being held.
struct Known {
    std::string issuer;
    std::map<std::string, TokenVerifier, std::less<>> token_keys;
    std::map<std::string, crypto::PublicKey, std::less<>> credential_keys;
    std::set<DeviceId> revoked_devices;
    std::set<std::string> revoked_subjects;
    std::set<std::string> revoked_sessions;
};

/// Verified tokens by their SHA-256. Cleared when full: a token verifies again in microseconds, so
/// an order of eviction would cost more than it saves.
constexpr std::size_t kCachedTokensMax = 20'000;

}  // namespace

struct TrustStore::State {
    State(const Clock& c, TrustOptions o) : clock(c), options(std::move(o)) {}
    const Clock& clock;
    TrustOptions options;
    std::atomic<bool> connected{false};
    mutable std::shared_mutex mutex;
    std::shared_ptr<const Known> known;
    std::atomic<std::uint64_t> version{0};

    std::shared_mutex cache_mutex;
    std::unordered_map<DigestText, TokenClaims> cache;

    std::mutex follow_mutex;
    std::condition_variable_any wake;
    std::unique_ptr<grpc::ClientContext> context;
    std::jthread follower;

    std::shared_ptr<const Known> now_known() const {
        const std::shared_lock lock(mutex);
        return known;
    }
};

TrustStore::TrustStore(const Clock& clock, TrustOptions options)
    : state_(std::make_unique<State>(clock, std::move(options))) {
    if (state_->options.file.empty()) return;
    const auto bytes = read_private_file(state_->options.file);
    imece::trust::v1::TrustBundle last;
    if (bytes && *bytes && last.ParseFromString(**bytes)) set(last);
}

TrustStore::~TrustStore() {
    stop();
}

void TrustStore::set(const imece::trust::v1::TrustBundle& bundle) {
    auto known = std::make_shared<Known>();
    known->issuer = bundle.issuer();
    for (const auto& key : bundle.keys()) {
        if (key.use() == imece::trust::v1::ACCESS_TOKEN) {
            if (auto verifier = TokenVerifier::from_public_point(view_of(key.public_key())))
                known->token_keys.emplace(key.key_id(), *std::move(verifier));
        } else if (key.use() == imece::trust::v1::CREDENTIAL) {
            if (const auto credential_key = crypto::public_key_from(view_of(key.public_key())))
                known->credential_keys.emplace(key.key_id(), *credential_key);
        }
    }
    for (const std::string& bytes : bundle.revoked_device_ids()) {
        if (bytes.size() != 16) continue;
        DeviceId id;
        std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
        known->revoked_devices.insert(id);
        known->revoked_subjects.insert(to_text(id));
    }
    for (const std::string& session : bundle.revoked_session_ids())
        known->revoked_sessions.insert(session);
    {
        const std::unique_lock lock(state_->mutex);
        state_->known = std::move(known);
    }
    state_->version.fetch_add(1);
    const std::unique_lock lock(state_->cache_mutex);
    state_->cache.clear();
}

void TrustStore::keep(const imece::trust::v1::TrustBundle& bundle) const {
    if (state_->options.file.empty()) return;
    const Status kept = write_private_file(state_->options.file, bundle.SerializeAsString());
    if (!kept) log(LogLevel::kWarn, "trust_not_kept", {{"cause", kept.error().message}});
}

void TrustStore::follow(Server& server, Random& random) {
    state_->follower = std::jthread([this, &server, &random](const std::stop_token& stop) {
        Backoff backoff(random);
        while (!stop.stop_requested()) {
            auto stub = imece::trust::v1::TrustService::NewStub(server.channel("identity"));
            {
                const std::scoped_lock lock(state_->follow_mutex);
                if (stop.stop_requested()) return;
                state_->context = std::make_unique<grpc::ClientContext>();
            }
            server.sign_as_service(*state_->context, "identity", "trust");
            auto reader = stub->WatchTrust(state_->context.get(), {});
            imece::trust::v1::TrustBundle bundle;
            while (reader->Read(&bundle)) {
                state_->connected = true;
                set(bundle);
                keep(bundle);
                backoff.succeeded();
            }
            const grpc::Status ended = reader->Finish();
            state_->connected = false;
            if (stop.stop_requested()) return;
            log(LogLevel::kWarn, "trust_stream_lost", {{"cause", ended.error_message()}});
            std::unique_lock lock(state_->follow_mutex);
            state_->wake.wait_for(lock, stop, backoff.next(), [] { return false; });
        }
    });
}

void TrustStore::stop() {
    if (!state_->follower.joinable()) return;
    state_->follower.request_stop();
    {
        const std::scoped_lock lock(state_->follow_mutex);
        if (state_->context) state_->context->TryCancel();
    }
    state_->follower.join();
}

Result<TokenClaims> TrustStore::verify_token(std::string_view token) {
    const auto known = state_->now_known();
    if (!known)
        return fail(ErrorCode::kUnavailable, "KEYS_UNAVAILABLE",
                    "the site's signing keys have not arrived yet");
    const crypto::Digest digest = crypto::sha256(view_of(token));
    const DigestText key(text_of(digest));
    std::optional<TokenClaims> claims;
    const std::uint64_t version = state_->version.load();
    {
        const std::shared_lock lock(state_->cache_mutex);
        if (const auto found = state_->cache.find(key); found != state_->cache.end())
            claims = found->second;
    }
    const bool seen = claims.has_value();
    if (!seen) {
        IMECE_TRY(const std::string key_id, key_id_of(token));
        const auto verifier = known->token_keys.find(key_id);
        if (verifier == known->token_keys.end())
            return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID",
                        "the token is signed by a key that this site does not have");
        IMECE_TRY(claims, verifier->second.verify(token));
        if (claims->issuer != known->issuer)
            return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID",
                        "the token comes from another site");
    }
    const Duration grace = state_->connected.load() ? Duration(0) : state_->options.grace;
    if (claims->expires_at + grace <= state_->clock.now())
        return fail(ErrorCode::kUnauthenticated, "TOKEN_EXPIRED", "the access token has expired");
    if (known->revoked_subjects.contains(claims->subject) ||
        known->revoked_sessions.contains(claims->session_id))
        return fail(ErrorCode::kUnauthenticated, "TOKEN_REVOKED", "the access token was revoked");
    if (!seen) {
        const std::unique_lock lock(state_->cache_mutex);
        if (state_->cache.size() >= kCachedTokensMax) state_->cache.clear();
        // What was verified against an older bundle must not outlive it here.
        if (state_->version.load() == version) state_->cache.emplace(key, *claims);
    }
    return *std::move(claims);
}

Result<crypto::PublicKey> TrustStore::credential_key(std::string_view key_id) const {
    const auto known = state_->now_known();
    if (known)
        if (const auto found = known->credential_keys.find(key_id);
            found != known->credential_keys.end())
            return found->second;
    return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID",
                "the credential is signed by a key that this site does not have");
}

bool TrustStore::is_revoked(const DeviceId& device) const {
    const auto known = state_->now_known();
    return known && known->revoked_devices.contains(device);
}

std::uint64_t TrustStore::version() const {
    return state_->version.load();
}

}  // namespace imece::runtime
