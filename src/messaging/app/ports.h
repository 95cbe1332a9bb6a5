// What messaging needs of the world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "messaging/domain/delivery_engine.h"
#include "messaging/domain/message.h"

namespace imece::messaging {

enum class CopyState : std::uint8_t { kPending = 1, kDelivered = 2, kExpired = 3, kRejected = 4 };

/// A message as it rests in the store, without its body.
struct Record {
    Envelope envelope;
    crypto::Digest digest{};     ///< SHA-256 of the envelope's signed bytes: same id, same content?
    std::uint64_t sequence = 0;  ///< Of acceptance, given by the store.
    TimePoint accepted_at;
    TimePoint expires_at;
    struct Copy {
        DeviceId device;
        CopyState state = CopyState::kPending;
        TimePoint ended_at;
        TimePoint reachable_at;  ///< When a path to the device was first known; zero: not yet.
    };
    std::vector<Copy> copies;
};

struct NewMessage {
    Record record;                ///< Its sequence is set by the store.
    std::string signed_envelope;  ///< The wire's SignedEnvelope, handed on as it came.
    std::string trace_parent;
};
enum class Put { kStored, kWasThere, kIdTaken };

enum class End { kDelivered, kRejected, kExpired };
struct Ending {
    CopyKey copy;
    End end = End::kDelivered;
    TimePoint at;
    std::string receipt;       ///< The wire's SignedReceipt; empty for an expiry.
    TimePoint reachable_at{};  ///< Of the copy; zero: what the store has.
};
/// What became of an ending. The first ending of a copy stands; later ones change nothing.
struct Ended {
    enum class Outcome { kRecorded, kWasThere, kUnknownMessage, kNotARecipient };
    Outcome outcome = Outcome::kRecorded;
    DeviceId sender;  ///< Of the message, where it is known; and its class.
    Priority priority = Priority::kMaintenance;
};

/// What identity's events say of a device, a user's devices, a desk's devices.
struct DeviceFact {
    DeviceId device;
    crypto::PublicKey key{};
    std::array<bool, kPriorities> classes{};  ///< By rank: which it may send in.
    TimePoint not_after;                      ///< Of its newest credential.
    UserId owner;                             ///< Empty: nobody's.
    bool revoked = false;
};
struct GroupFact {
    GroupId group;
    std::vector<DeviceId> devices;
};
struct Facts {
    std::vector<DeviceFact> devices;
    std::vector<GroupFact> groups;
    std::uint64_t position = 0;  ///< Of identity's events, up to which the facts go.
};

/// Where messages rest until delivered. Adapters: memory, rocks.
///
/// Every method may be called from any thread and fails with kUnavailable STORE_DOWN when the store
/// cannot be written or read; then nothing of the call has happened, or all of it after a restart. A write is
/// durable when it returns. All adapters pass tests/message_store_contract.h; a behaviour that the
/// contract does not name is not promised.
class MessageStore {
public:
    virtual ~MessageStore() = default;

    /// Stores each message and its message.accepted event in one commit, unless the id is known.
    /// `committed` runs once after the commit, before any later commit's, with the records stored
    /// now, sequences set; it must not call the store.
    virtual Result<std::vector<Put>> put(
        std::vector<NewMessage> messages,
        const std::function<void(const std::vector<Record>&)>& committed) = 0;
    /// Records how copies ended, each with its event, in one commit. When the last copy of a message
    /// has ended its body is deleted.
    virtual Result<std::vector<Ended>> end(const std::vector<Ending>& endings) = 0;
    /// Keeps since when copies could be delivered, in one commit. Nothing for one that has ended or is unknown, or that
    /// has such a time.
    virtual Status reached(std::span<const Reached> copies) = 0;
    /// kNotFound MESSAGE_UNKNOWN for an id that was never stored or has been purged.
    virtual Result<Record> find(const MessageId& id) = 0;
    /// The signed envelopes of `ids`, in their order; empty where the body is gone.
    virtual Result<std::vector<std::string>> envelopes(const std::vector<MessageId>& ids) = 0;
    /// Calls `visit` once for each message that has a pending copy, in any order.
    virtual Status each_pending(const std::function<void(const Record&)>& visit) = 0;
    /// At most `max` records accepted before `before` (0: the newest), the newest first.
    virtual Result<std::vector<Record>> list(std::uint64_t before, std::size_t max) = 0;
    /// Forgets at most `max` messages that expired before `before` and have no pending copy; says how many.
    virtual Result<std::size_t> purge(TimePoint before, std::size_t max) = 0;

    virtual Result<Facts> facts() = 0;
    /// Each with the position of the event that said so, in one commit.
    virtual Status put_device(const DeviceFact& device, std::uint64_t position) = 0;
    virtual Status put_group(const GroupFact& group, std::uint64_t position) = 0;
    virtual Status put_position(std::uint64_t position) = 0;
};

/// Who signs device credentials, and who was revoked. Thread-safe, answers from memory.
class TrustPort {
public:
    virtual ~TrustPort() = default;
    /// kPermissionDenied CREDENTIAL_INVALID for a key id that this site does not have.
    virtual Result<crypto::PublicKey> credential_key(std::string_view key_id) const = 0;
    virtual bool is_revoked(const DeviceId& device) const = 0;
    /// Changes with every change of the above.
    virtual std::uint64_t version() const = 0;
};

/// Follows messages on their way where their traces are followed. Any thread; nothing blocks, and nothing can fail.
class JourneyPort {
public:
    virtual ~JourneyPort() = default;
    /// Before the message is stored.
    virtual void begins(const NewMessage& message) = 0;
    /// What became of that. The other calls may overtake this one.
    virtual void stored(const MessageId& message, Put put) = 0;
    virtual void sent(const CopyKey& copy) = 0;
    virtual void ended(const CopyKey& copy, End end) = 0;
};

struct OutDelivery {
    CopyKey copy;
    std::string signed_envelope;
    std::vector<DeviceId> path;
    std::uint32_t attempt = 1;
};
/// News for a message's sender: a recipient answered, or the message's time is over.
struct StatusNews {
    MessageId message;
    End end = End::kDelivered;
    std::string receipt;  ///< Signed, as it came; empty without one.
};
/// A device's open connection. Methods do not block and may be called from any thread.
class DeliverySink {
public:
    virtual ~DeliverySink() = default;
    virtual void deliver(std::vector<OutDelivery> deliveries) = 0;
    /// How messages that this device sent fare. Best effort.
    virtual void status(std::vector<StatusNews> news) = 0;
    /// No more will come: another connection of the device took over, or the service stops.
    virtual void close(const Error& why) = 0;
};

}  // namespace imece::messaging
