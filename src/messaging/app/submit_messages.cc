#include "messaging/app/submit_messages.h"

#include <mutex>

#include "base/result.h"

namespace imece::messaging {
namespace {

constexpr std::size_t kVerifiedMax = 100'000;

std::unexpected<Error> bad_credential(const char* why) {
    return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID", why);
}

Accepted accepted(const Record& record, bool was_there) {
    return {record.envelope.id, was_there, record.accepted_at, record.expires_at};
}

}  // namespace

void SubmitMessages::limit(const Limits& limits, const QueueLimits& queue) {
    const std::unique_lock lock(config_mutex_);
    config_.limits = limits;
    config_.queue = queue;
}

SubmitMessages::Config SubmitMessages::config() const {
    const std::shared_lock lock(config_mutex_);
    return config_;
}

std::vector<Result<Accepted>> SubmitMessages::operator()(std::vector<Submission> submissions) {
    const TimePoint now = deps_.clock.now();
    const Config limited = config();
    std::vector<Result<Accepted>> results;
    std::vector<NewMessage> fresh;
    std::vector<std::size_t> places;  // Of the fresh ones among the results.
    for (Submission& submission : submissions) {
        const crypto::Digest digest = crypto::sha256(view_of(submission.envelope_bytes));
        auto before = known(submission, digest);
        if (!before) {
            results.push_back(std::unexpected(std::move(before).error()));
        } else if (*before) {
            results.push_back(**before);
        } else if (auto message = examine(submission, digest, now, limited); !message) {
            results.push_back(std::unexpected(std::move(message).error()));
        } else {
            places.push_back(results.size());
            results.push_back(accepted(message->record, false));
            fresh.push_back(*std::move(message));
        }
    }
    if (fresh.empty()) return results;
    if (deps_.journeys != nullptr)
        for (const NewMessage& message : fresh) deps_.journeys->begins(message);

    deps_.dispatcher.note_paths(fresh);
    const auto puts = deps_.store.put(std::move(fresh), [this](const std::vector<Record>& stored) {
        deps_.dispatcher.queued(stored);
    });
    for (std::size_t i = 0; i < places.size(); ++i) {
        Result<Accepted>& result = results[places[i]];
        if (deps_.journeys != nullptr)
            deps_.journeys->stored(result->id, puts ? (*puts)[i] : Put::kIdTaken);
        if (!puts)
            result = std::unexpected(puts.error());
        else if ((*puts)[i] == Put::kWasThere)
            result->was_there = true;
        else if ((*puts)[i] == Put::kIdTaken)
            result = fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "another message has this id");
    }
    return results;
}

Result<std::optional<Accepted>> SubmitMessages::known(const Submission& submission,
                                                      const crypto::Digest& digest) const {
    const auto record = deps_.store.find(submission.envelope.id);
    if (!record) {
        if (record.error().code == ErrorCode::kNotFound) return std::nullopt;
        return std::unexpected(record.error());
    }
    if (record->digest != digest)
        return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "another message has this id");
    return accepted(*record, true);
}

Result<NewMessage> SubmitMessages::examine(Submission& submission, const crypto::Digest& digest,
                                           TimePoint now, const Config& config) {
    const Envelope& envelope = submission.envelope;
    IMECE_TRY(const DeviceFact sender, sender_of(submission, now + config.limits.clock_lead_max));
    if (!crypto::verify(sender.key, crypto::kEnvelopeDomain, view_of(submission.envelope_bytes),
                        view_of(submission.signature)))
        return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                    "the envelope is not signed by the device that it names");
    IMECE_CHECK(admit(envelope, now, config.site_is_exercise, config.limits));
    if (!sender.classes[rank(envelope.priority)])
        return fail(ErrorCode::kPermissionDenied, "CLASS_NOT_ALLOWED",
                    "the sender's credential does not grant this class");
    IMECE_TRY(const std::vector<DeviceId> recipients,
              deps_.directory.recipients(envelope.destination));
    if (deps_.dispatcher.pending() + recipients.size() > config.queue.room(envelope.priority))
        return fail(ErrorCode::kResourceExhausted, "QUEUE_FULL",
                    "the queue has no room for this class");
    if (deps_.dispatcher.pending_of(envelope.sender) + recipients.size() >
        config.queue.sender_room(envelope.priority))
        return fail(ErrorCode::kResourceExhausted, "SENDER_QUEUE_FULL",
                    "too much of what this device sent is still on its way");

    NewMessage message;
    message.record.envelope = envelope;
    message.record.digest = digest;
    message.record.accepted_at = now;
    message.record.expires_at = expiry_of(envelope, config.limits);
    for (const DeviceId& device : recipients) message.record.copies.push_back({.device = device});
    message.signed_envelope = std::move(submission.signed_envelope);
    message.trace_parent = std::move(submission.trace_parent);
    return message;
}

Result<DeviceFact> SubmitMessages::sender_of(const Submission& submission, TimePoint latest) {
    const DeviceId& device = submission.envelope.sender;
    DeviceFact sender;
    if (submission.credential) {
        const SignedCredential& credential = *submission.credential;
        sender = credential.says;
        if (sender.device != device || crypto::device_id_of(sender.key) != device)
            return bad_credential("the credential is another device's");
        if (credential.not_before > latest)
            return bad_credential("the credential is not valid yet");
        IMECE_CHECK(verify_credential(credential));
    } else {
        const auto fact = deps_.directory.device(device);
        if (!fact)
            return fail(ErrorCode::kFailedPrecondition, "CREDENTIAL_UNKNOWN",
                        "the sender's credential has not been met here: send it along");
        sender = *fact;
    }
    // A message may travel for hours: what counts is that it was sent while the credential held.
    if (sender.not_after <= submission.envelope.sent_at)
        return bad_credential("the credential had expired");
    const auto fact = deps_.directory.device(device);
    if (deps_.trust.is_revoked(device) || (fact && fact->revoked))
        return fail(ErrorCode::kPermissionDenied, "SENDER_REVOKED",
                    "the sending device was revoked");
    return sender;
}

Status SubmitMessages::verify_credential(const SignedCredential& credential) {
    const std::uint64_t version = deps_.trust.version();
    std::string key(text_of(
        crypto::sha256(view_of(std::string(credential.bytes).append(credential.signature)))));
    {
        const std::shared_lock lock(verified_mutex_);
        if (verified_version_ == version && verified_.contains(key)) return {};
    }
    IMECE_TRY(const crypto::PublicKey issuer, deps_.trust.credential_key(credential.issuer_key_id));
    if (!crypto::verify(issuer, crypto::kCredentialDomain, view_of(credential.bytes),
                        view_of(credential.signature)))
        return bad_credential("the credential is not signed by this site");
    const std::unique_lock lock(verified_mutex_);
    if (verified_version_ != version || verified_.size() >= kVerifiedMax) verified_.clear();
    verified_version_ = version;
    verified_.insert(std::move(key));
    return {};
}

}  // namespace imece::messaging
