#include "identity/app/issuer.h"

namespace imece::identity {

Secret make_secret(Random& random) {
    std::array<std::uint8_t, 32> bytes{};
    random.fill(bytes);
    Secret secret{.text = to_base64url(bytes)};
    secret.hash = secret_hash(secret.text);
    return secret;
}

crypto::Digest secret_hash(std::string_view text) {
    return crypto::sha256(view_of(text));
}

std::string key_id_of(const crypto::PublicKey& key) {
    return to_hex(crypto::sha256(key)).substr(0, 16);
}

Issuer::Issuer(Deps deps, const Limits& limits)
    : deps_(deps),
      limits_(limits),
      credential_key_id_(key_id_of(deps.credential_key.public_key())) {}

IssuedSession Issuer::session(const Session& session, std::string refresh_text, EnumSet<Role> roles,
                              bool carrier, TimePoint now) const {
    return {.access_token =
                deps_.tokens.sign({.subject = session.subject,
                                   .session = session.id,
                                   .roles = roles,
                                   .carrier = carrier,
                                   .issued_at = std::chrono::floor<std::chrono::seconds>(now),
                                   .expires_at = session.access_until}),
            .access_expires_at = session.access_until,
            .refresh_token = std::move(refresh_text),
            .refresh_expires_at = session.expires_at,
            .subject = session.subject};
}

SignedCredential Issuer::credential(const Credential& credential) const {
    SignedCredential out{.bytes = deps_.wire.credential(credential)};
    out.signature = deps_.credential_key.sign(crypto::kCredentialDomain, view_of(out.bytes));
    return out;
}

NewEvent Issuer::event(std::string type, std::string subject, const CallContext& call,
                       std::string data) const {
    const TimePoint now = deps_.clock.now();
    return {.id = {make_uuid_v7(now, deps_.random)},
            .type = std::move(type),
            .subject = std::move(subject),
            .time = now,
            .trace_parent = call.trace_parent,
            .actor = actor_of(call.caller),
            .data = std::move(data)};
}

NewEvent Issuer::device_enrolled(const Device& device, const SignedCredential& credential,
                                 const CallContext& call) const {
    return event("device.enrolled.v1", to_text(device.id), call,
                 deps_.wire.device_enrolled(device, credential));
}

}  // namespace imece::identity
