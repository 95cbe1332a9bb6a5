// WatchTrust: keys and revocations, streamed to every process of the site.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "identity/app/ports.h"
#include "imece/trust/v1/trust.grpc.pb.h"

namespace imece::runtime {
class Door;
}

namespace imece::identity {

/// The keys that verify what this site signs.
struct PublicKeys {
    std::string token_key_id;
    Bytes token_point;  ///< 65 bytes: 4, x, y.
    std::string credential_key_id;
    crypto::PublicKey credential_key{};
};

/// Keeps who is revoked in memory, so that a revocation is on its way to every watcher when device_revoked() returns,
/// whatever the store does then. A watcher that is slow gets the newest bundle, not each.
class TrustFeed final : public TrustNews, public imece::trust::v1::TrustService::CallbackService {
public:
    /// `revoked` is what the store holds at start.
    TrustFeed(const Clock& clock, runtime::Door& door, std::string issuer, const PublicKeys& keys,
              const Revocations& revoked);

    void device_revoked(const DeviceId& device, TimePoint until) override;
    void session_revoked(const SessionId& session, TimePoint until) override;
    /// Ends all streams and takes no more: the server is about to stop.
    void drain();

    grpc::ServerWriteReactor<imece::trust::v1::TrustBundle>* WatchTrust(
        grpc::CallbackServerContext* context,
        const imece::trust::v1::WatchTrustRequest* request) override;

private:
    class Watcher;
    using Bundle = std::shared_ptr<const imece::trust::v1::TrustBundle>;
    /// The present state, without what has run out. Holding `mutex_`.
    Bundle make_bundle();
    void offer_to_all();

    const Clock& clock_;
    runtime::Door& door_;
    imece::trust::v1::TrustBundle fixed_;  ///< Issuer and keys.

    std::mutex mutex_;
    std::uint64_t version_ = 0;
    std::map<DeviceId, TimePoint> devices_;
    std::map<SessionId, TimePoint> sessions_;
    std::set<Watcher*> watchers_;
    bool draining_ = false;
};

}  // namespace imece::identity
