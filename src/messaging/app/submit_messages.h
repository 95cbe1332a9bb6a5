// Taking messages in.
#pragma once

#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "messaging/app/directory.h"
#include "messaging/app/dispatcher.h"
#include "messaging/app/ports.h"

namespace imece::messaging {

/// A credential as its issuer signed it, and what it says. The views are into the caller's request.
struct SignedCredential {
    std::string_view bytes;
    std::string_view signature;
    DeviceFact says;  ///< Without owner and revocation.
    TimePoint not_before;
    std::string issuer_key_id;
};
/// A signed envelope as it came, and what it says. The views are into the caller's request, which outlives the call.
struct Submission {
    Envelope envelope;
    std::string_view envelope_bytes;
    std::string_view signature;
    std::optional<SignedCredential> credential;
    std::string signed_envelope;  ///< All of it, as it will be handed on.
    std::string trace_parent;
};
struct Accepted {
    MessageId id;
    bool was_there = false;
    TimePoint accepted_at;
    TimePoint expires_at;
};

/// Verifies, admits, deduplicates and stores submissions; durable when it returns.
///
/// Order:  a known id is answered first, without a signature check (duplicates come in storms); then
///         credential, signature, admission, class right, destination, room in the queue, room for the sender.
/// Errors: per submission CREDENTIAL_INVALID, CREDENTIAL_UNKNOWN, SENDER_REVOKED, SIGNATURE_INVALID,
///         those of admit(), CLASS_NOT_ALLOWED, DESTINATION_UNKNOWN, QUEUE_FULL, SENDER_QUEUE_FULL, ID_TAKEN, STORE_DOWN.
/// Cost:   36 µs a signature; one commit for all of a call, shared with concurrent calls.
class SubmitMessages {
public:
    struct Deps {
        MessageStore& store;
        const Directory& directory;
        const TrustPort& trust;
        Dispatcher& dispatcher;
        const Clock& clock;
        JourneyPort* journeys = nullptr;  ///< Null: nobody follows.
    };
    struct Config {
        Limits limits;
        bool site_is_exercise = false;
        QueueLimits queue;
    };
    SubmitMessages(Deps deps, Config config) : deps_(deps), config_(config) {}

    /// From the next submission on. What is in the queue stays there. Any thread.
    void limit(const Limits& limits, const QueueLimits& queue);
    /// Up to so many pending copies in all the class is taken now.
    std::uint64_t room(Priority priority) const { return config().queue.room(priority); }

    std::vector<Result<Accepted>> operator()(std::vector<Submission> submissions);

private:
    Result<std::optional<Accepted>> known(const Submission& submission,
                                          const crypto::Digest& digest) const;
    Config config() const;
    Result<NewMessage> examine(Submission& submission, const crypto::Digest& digest, TimePoint now,
                               const Config& config);
    /// `latest`: when a credential must have begun.
    Result<DeviceFact> sender_of(const Submission& submission, TimePoint latest);
    Status verify_credential(const SignedCredential& credential);

    Deps deps_;
    mutable std::shared_mutex config_mutex_;
    Config config_;
    /// Digests of credentials whose signature holds, while trust stays as it is; cleared when full.
    std::shared_mutex verified_mutex_;
    std::unordered_set<std::string> verified_;
    std::uint64_t verified_version_ = 0;
};

}  // namespace imece::messaging
