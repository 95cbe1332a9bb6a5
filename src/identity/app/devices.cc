#include "identity/app/devices.h"

#include "base/result.h"
#include "identity/app/listing.h"

namespace imece::identity {
namespace {

std::unexpected<Error> bad_proof() {
    return fail(ErrorCode::kUnauthenticated, "PROOF_INVALID",
                "the signature does not verify with the device's key");
}

Status trusted(const Device& device) {
    if (device.revoked_at)
        return fail(ErrorCode::kPermissionDenied, "DEVICE_REVOKED", "this device was revoked");
    return {};
}

void hide_personal(const Caller& caller, Device& device) {
    if (may_read_personal(caller, device)) return;
    device.label.clear();
    device.rights.owner = {};
}

}  // namespace

Result<CreateEnrolmentToken::Made> CreateEnrolmentToken::operator()(Wanted wanted) const {
    IMECE_TRY(const Duration ttl, enrolment_ttl(wanted.expires_in, deps_.issuer.limits()));
    if (!wanted.rights.owner.empty()) {
        if (const auto owner = deps_.store.find_user(wanted.rights.owner); !owner)
            return std::unexpected(owner.error());
    }
    if (wanted.rights.classes.empty())
        wanted.rights.classes = {Priority::kLifeCritical, Priority::kCommunication};
    if (wanted.rights.network_roles.empty()) wanted.rights.network_roles = {NetworkRole::kEndpoint};
    const TimePoint now = deps_.issuer.clock().now();
    Secret secret = make_secret(deps_.issuer.random());
    const EnrolmentToken token{.hash = secret.hash,
                               .quota = wanted.quota,
                               .used = 0,
                               .expires_at = now + ttl,
                               .rights = wanted.rights};
    IMECE_CHECK(deps_.store.add_enrolment_token(token, now));
    return Made{std::move(secret.text), token};
}

Result<EnrolDevice::Enrolled> EnrolDevice::operator()(const CallContext& call,
                                                      const Wanted& wanted) const {
    const crypto::Digest hash = secret_hash(wanted.token);
    IMECE_TRY(const EnrolmentToken token, deps_.store.find_enrolment_token(hash));
    Bytes proven(hash.begin(), hash.end());
    proven.insert(proven.end(), wanted.public_key.begin(), wanted.public_key.end());
    if (!crypto::verify(wanted.public_key, crypto::kEnrolDomain, proven, view_of(wanted.proof)))
        return bad_proof();

    const TimePoint now = deps_.issuer.clock().now();
    Device device{.id = crypto::device_id_of(wanted.public_key),
                  .public_key = wanted.public_key,
                  .label = wanted.label,
                  .rights = token.rights,
                  .enrolled_at = now,
                  .enrolled_with = hash};
    const Credential facts =
        credential_for(device, now, deps_.issuer.limits(), deps_.issuer.credential_key_id());
    device.credential_until = facts.not_after;
    // Signed before the transaction, so that no signature is made while others wait for the commit.
    // The store judges the enrolment; a credential that it refuses is never given out.
    SignedCredential credential = deps_.issuer.credential(facts);
    IMECE_TRY(
        Device stored,
        deps_.store.enrol(device, now, deps_.issuer.device_enrolled(device, credential, call)));
    return Enrolled{std::move(stored), std::move(credential)};
}

TimePoint Challenges::add(const DeviceId& device, const Challenge& challenge, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    return book_.add(device, challenge, now);
}

bool Challenges::take(const DeviceId& device, const Challenge& challenge, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    return book_.take(device, challenge, now);
}

Result<CreateChallenge::Made> CreateChallenge::operator()(const DeviceId& id) const {
    IMECE_TRY(const Device device, deps_.store.find_device(id));
    IMECE_CHECK(trusted(device));
    Made made;
    deps_.issuer.random().fill(made.challenge);
    made.expires_at = deps_.challenges.add(id, made.challenge, deps_.issuer.clock().now());
    return made;
}

Result<SignInDevice::SignedIn> SignInDevice::operator()(const CallContext& call, const DeviceId& id,
                                                        const Challenge& challenge,
                                                        const std::string& signature) const {
    IMECE_TRY(const Device device, deps_.store.find_device(id));
    IMECE_CHECK(trusted(device));
    const TimePoint now = deps_.issuer.clock().now();
    if (!deps_.challenges.take(id, challenge, now))
        return fail(ErrorCode::kUnauthenticated, "CHALLENGE_INVALID",
                    "the challenge is unknown, expired or was answered");
    if (!crypto::verify(device.public_key, crypto::kChallengeDomain, challenge, view_of(signature)))
        return bad_proof();

    const Credential facts =
        credential_for(device, now, deps_.issuer.limits(), deps_.issuer.credential_key_id());
    SignedCredential credential = deps_.issuer.credential(facts);
    Secret refresh_token = make_secret(deps_.issuer.random());
    const Session session =
        begin_session({make_uuid_v7(now, deps_.issuer.random())}, Subject::of(id),
                      refresh_token.hash, now, deps_.issuer.limits());
    IMECE_CHECK(deps_.store.sign_in_device(session, facts.not_after,
                                           deps_.issuer.device_enrolled(device, credential, call),
                                           deps_.issuer.limits()));
    const bool carrier = device.rights.network_roles.has(NetworkRole::kCarrier);
    return SignedIn{deps_.issuer.session(session, std::move(refresh_token.text), {}, carrier, now),
                    std::move(credential)};
}

Result<Device> GetDevice::operator()(const CallContext& call, const DeviceId& id) const {
    IMECE_TRY(Device device, store_.find_device(id));
    hide_personal(call.caller, device);
    return device;
}

Result<Listed<Device>> ListDevices::operator()(const CallContext& call, std::int32_t page_size,
                                               const std::string& page_token) const {
    IMECE_TRY(auto listed,
              list_page<Device>("devices", page_size, page_token,
                                [&](const Page& page) { return store_.list_devices(page); }));
    for (Device& device : listed.items) hide_personal(call.caller, device);
    return listed;
}

Result<Device> RevokeDevice::operator()(const CallContext& call, const DeviceId& id,
                                        const std::string& cause) const {
    if (!may_revoke(call.caller, id))
        return fail(ErrorCode::kPermissionDenied, "ROLE_MISSING",
                    "a device may revoke itself only");
    IMECE_TRY(Revoked revoked,
              deps_.store.revoke_device(
                  id, deps_.issuer.clock().now(),
                  deps_.issuer.event("device.revoked.v1", to_text(id), call,
                                     deps_.issuer.wire().device_revoked(id, cause))));
    if (revoked.newly) deps_.news.device_revoked(id, revoked.device.credential_until);
    return std::move(revoked.device);
}

}  // namespace imece::identity
