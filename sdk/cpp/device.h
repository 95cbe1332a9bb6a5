// A device: its key, its credential, and what it signs, seals and opens with them.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/random.h"
#include "crypto/crypto.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/type/v1/types.pb.h"

namespace imece::sdk {

/// The most that a message holds before it is sealed.
inline constexpr std::size_t kPlainBodyMax = 16 * 1024 - crypto::kSealOverhead;
inline constexpr std::chrono::seconds kTtlMax = std::chrono::hours(72);

/// The lifetime of a message that names none: 72 h, 24 h, 12 h, 12 h, 6 h from the top class down.
std::chrono::seconds default_ttl(imece::type::v1::Priority priority);

/// `to(DeviceId{…})`: the destination as it travels.
imece::type::v1::Destination to(const DeviceId& device);
imece::type::v1::Destination to(const UserId& user);
imece::type::v1::Destination to(const GroupId& desk);

/// What a person or a program wants to send.
struct Draft {
    imece::type::v1::Destination destination;
    /// crypto::seal_key_of the device's public key (Api::device) or the desk's (Api::desks).
    crypto::SealKey recipient_key;
    imece::type::v1::Priority priority = imece::type::v1::COMMUNICATION;
    std::optional<std::chrono::seconds> ttl;  ///< 1 s to 72 h; absent: default_ttl(priority).
    imece::type::v1::ClearHeader clear;       ///< Readable by the backend and by carriers.
    std::string body;       ///< 1 to kPlainBodyMax bytes; sealed to the recipient.
    bool exercise = false;  ///< As GET /v1/site says.
    /// False: the envelope names its sender only, which is shorter by some 250 bytes and enough
    /// once the site has met the credential (else it answers CREDENTIAL_UNKNOWN).
    bool attach_credential = true;
};

/// A message as its recipient reads it.
struct Opened {
    MessageId id;
    DeviceId sender;
    /// True: the sender's signature was checked with a key that hashes to `sender`. False: no key
    /// was at hand.
    bool verified = false;
    TimePoint sent_at;
    TimePoint expires_at;
    imece::type::v1::Envelope header;  ///< All but the sealed body.
    std::string body;
};

/// What `open` may use beside the device's own key.
struct OpenWith {
    const crypto::SigningKey* desk_key = nullptr;   ///< For messages to a desk.
    const crypto::PublicKey* sender_key = nullptr;  ///< For envelopes without a credential.
};

/// Copyable. Const methods may be called from any thread at once.
class Device {
public:
    /// A new key from `random`; the same device for the same numbers.
    static Device create(Random& random);
    explicit Device(const crypto::Seed& seed);

    /// Reads what save() wrote.
    /// Errors: kNotFound DEVICE_FILE_MISSING; kFailedPrecondition DEVICE_FILE_EXPOSED for a file
    /// that others may read; kDataLoss DATA_MALFORMED.
    static Result<Device> load(const std::filesystem::path& file);
    /// Writes key and credential with mode 0600: whole, or not at all, and durable when it returns.
    /// Errors: kUnavailable STORE_DOWN.
    Status save(const std::filesystem::path& file) const;

    const DeviceId& id() const { return id_; }
    const crypto::SigningKey& key() const { return key_; }
    const crypto::PublicKey& public_key() const { return key_.public_key(); }

    /// Absent until the device was enrolled or signed in.
    const std::optional<imece::type::v1::SignedCredential>& credential() const {
        return credential_;
    }
    /// Errors: kPermissionDenied CREDENTIAL_INVALID unless it is for this device's key.
    Status set_credential(imece::type::v1::SignedCredential credential);

    /// Seals and signs. Safe to call again with the same `id` only with the same draft: the bytes
    /// differ by the seal, so keep the envelope and send it again instead.
    /// Errors: kInvalidArgument BODY_EMPTY, BODY_TOO_LARGE, TTL_OUT_OF_RANGE, DESTINATION_INVALID,
    /// KEY_INVALID; kPermissionDenied CREDENTIAL_INVALID when one is to be attached and there is
    /// none.
    /// Cost: 95 µs.
    Result<imece::type::v1::SignedEnvelope> compose(const Draft& draft, const MessageId& id,
                                                    TimePoint now, Random& random) const;
    /// Checks the sender's signature where the envelope's credential or `with.sender_key` gives the
    /// key (which must hash to the sender's id), and opens the seal: with the desk's key where the
    /// message is for a group, else with our own.
    /// Errors: kInvalidArgument ENVELOPE_MALFORMED, SEAL_BROKEN; kPermissionDenied
    /// SIGNATURE_INVALID, CREDENTIAL_INVALID. Cost: 80 µs.
    Result<Opened> open(const imece::type::v1::SignedEnvelope& message,
                        const OpenWith& with = {}) const;

    imece::type::v1::SignedReceipt receipt(const MessageId& message,
                                           imece::type::v1::ReceiptKind kind, TimePoint at) const;
    /// Signs `report` in our name: `node_id` is set to ours.
    imece::discovery::v1::SignedReport report(imece::discovery::v1::NodeReport report) const;
    /// The proof of possession for EnrolDevice.
    crypto::Signature enrol_proof(std::string_view enrolment_token) const;
    crypto::Signature sign_challenge(ByteView challenge) const;

private:
    crypto::SigningKey key_;
    DeviceId id_;
    std::optional<imece::type::v1::SignedCredential> credential_;
};

/// The header of an envelope, read without opening or checking it: for who carries it.
/// Errors: kInvalidArgument ENVELOPE_MALFORMED.
Result<imece::type::v1::Envelope> read_envelope(const imece::type::v1::SignedEnvelope& message);

}  // namespace imece::sdk
