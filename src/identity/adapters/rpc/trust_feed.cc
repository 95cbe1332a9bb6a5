#include "identity/adapters/rpc/trust_feed.h"

#include <algorithm>

#include "runtime/rpc/door.h"
#include "runtime/rpc/newest_stream.h"
#include "runtime/rpc/refused.h"

namespace imece::identity {

namespace pb = imece::trust::v1;

namespace {

using Refused = runtime::Refused<grpc::ServerWriteReactor<pb::TrustBundle>>;

Error draining() {
    return {ErrorCode::kUnavailable, "SHUTTING_DOWN", "the process is draining"};
}

}  // namespace

/// One stream. gRPC owns its life until OnDone; until then the feed knows it.
class TrustFeed::Watcher final : public runtime::NewestStream<pb::TrustBundle> {
public:
    explicit Watcher(TrustFeed& feed) : feed_(feed) {}

    void OnDone() override {
        {
            const std::scoped_lock lock(feed_.mutex_);
            feed_.watchers_.erase(this);
        }
        delete this;
    }

private:
    TrustFeed& feed_;
};

namespace {

pb::TrustBundle fixed_part(std::string issuer, const PublicKeys& keys) {
    pb::TrustBundle bundle;
    bundle.set_issuer(std::move(issuer));
    auto& token = *bundle.add_keys();
    token.set_key_id(keys.token_key_id);
    token.set_use(pb::ACCESS_TOKEN);
    token.set_public_key(std::string(text_of(keys.token_point)));
    auto& credential = *bundle.add_keys();
    credential.set_key_id(keys.credential_key_id);
    credential.set_use(pb::CREDENTIAL);
    credential.set_public_key(std::string(text_of(keys.credential_key)));
    return bundle;
}

}  // namespace

TrustFeed::TrustFeed(const Clock& clock, runtime::Door& door, std::string issuer,
                     const PublicKeys& keys, const Revocations& revoked)
    : clock_(clock), door_(door), fixed_(fixed_part(std::move(issuer), keys)) {
    for (const auto& [device, until] : revoked.devices) devices_[device] = until;
    for (const auto& [session, until] : revoked.sessions) sessions_[session] = until;
}

void TrustFeed::device_revoked(const DeviceId& device, TimePoint until) {
    const std::scoped_lock lock(mutex_);
    TimePoint& known = devices_[device];
    known = std::max(known, until);
    offer_to_all();
}

void TrustFeed::session_revoked(const SessionId& session, TimePoint until) {
    const std::scoped_lock lock(mutex_);
    sessions_[session] = until;
    offer_to_all();
}

grpc::ServerWriteReactor<pb::TrustBundle>* TrustFeed::WatchTrust(
    grpc::CallbackServerContext* context, const pb::WatchTrustRequest* request) {
    const auto call =
        door_.open_stream(*context, "imece.trust.v1.TrustService.WatchTrust", request);
    if (!call) return new Refused(call.error());
    const std::scoped_lock lock(mutex_);
    if (draining_) return new Refused(draining());
    auto* watcher = new Watcher(*this);
    watchers_.insert(watcher);
    watcher->offer(make_bundle());
    return watcher;
}

void TrustFeed::drain() {
    const std::scoped_lock lock(mutex_);
    draining_ = true;
    for (Watcher* watcher : watchers_) watcher->end(runtime::to_grpc(draining()));
}

TrustFeed::Bundle TrustFeed::make_bundle() {
    const TimePoint now = clock_.now();
    std::erase_if(devices_, [&](const auto& entry) { return entry.second <= now; });
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second <= now; });
    auto bundle = std::make_shared<pb::TrustBundle>(fixed_);
    // Grows within a process and, by the time, from one start to the next.
    version_ = std::max(version_ + 1, std::uint64_t(to_unix_ms(now)));
    bundle->set_version(version_);
    for (const auto& [device, until] : devices_)
        bundle->add_revoked_device_ids(std::string(text_of(device.view())));
    for (const auto& [session, until] : sessions_) {
        // As the tokens' "sid" writes it.
        bundle->add_revoked_session_ids(to_text(session));
    }
    return bundle;
}

void TrustFeed::offer_to_all() {
    const Bundle bundle = make_bundle();
    for (Watcher* watcher : watchers_) watcher->offer(bundle);
}

}  // namespace imece::identity
