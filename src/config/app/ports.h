// What the config service's use cases need from the world.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "config/domain/change.h"

namespace imece::config {

/// A setting that is set.
struct Setting {
    std::string key;
    std::string value;
    std::uint64_t revision = 0;  ///< That set it.
    TimePoint changed_at;
    std::string actor;
    friend bool operator==(const Setting&, const Setting&) = default;
};
struct Snapshot {
    std::uint64_t revision = 0;
    std::vector<Setting> settings;  ///< By key.
};
/// A secret without its value.
struct Secret {
    std::string name;
    std::uint64_t revision = 0;  ///< That set its value.
    TimePoint changed_at;
    std::string actor;
    friend bool operator==(const Secret&, const Secret&) = default;
};
struct SealedSecret {
    Bytes sealed;
    std::uint64_t revision = 0;
};

/// Who wants a change, and which; what it becomes is the store's to say.
struct Wanted {
    EventId id;
    std::string subject;
    std::uint64_t expected_revision = 0;  ///< That the subject has; 0: it is not there.
    TimePoint at;
    std::string actor;
    std::string trace_parent;
};

/// Where settings, secrets and their changes rest. Adapters: SQLite. Of etcd's shape, so that it can stand behind this
/// port: one revision for all, compare-and-set by a key's revision, changes from a revision on, compaction.
///
/// Every method may be called from any thread, and fails with kUnavailable STORE_DOWN when the store cannot be reached,
/// kDataLoss DATA_MALFORMED when it is damaged. A change takes effect as a whole, with the next revision, and is durable
/// when it is answered. All adapters pass tests/config_store_contract.h.
class ConfigStore {
public:
    virtual ~ConfigStore() = default;

    /// All settings as they are at one revision.
    virtual Result<Snapshot> read() = 0;
    /// Nothing for a key that is not set.
    virtual Result<std::optional<Setting>> find(const std::string& key) = 0;
    /// Errors: kAborted REVISION_STALE.
    virtual Result<Setting> set(const Wanted& wanted, const std::string& value) = 0;
    /// A key that is not set and is expected so stays as it is, without a revision. Errors: kAborted REVISION_STALE.
    virtual Status reset(const Wanted& wanted) = 0;

    /// At most `max` changes of settings after a revision, in order. Errors: kOutOfRange REVISION_GONE.
    virtual Result<std::vector<Change>> changes_after(std::uint64_t revision, std::size_t max) = 0;
    /// Of one key, the newest first, below `before` (0: from the newest on), as far as they are kept.
    virtual Result<std::vector<Change>> history(const std::string& key, std::uint64_t before,
                                                std::size_t max) = 0;

    /// By name.
    virtual Result<std::vector<Secret>> secrets() = 0;
    /// Errors: kAborted REVISION_STALE; kFailedPrecondition SECRETS_TOO_MANY.
    virtual Result<Secret> put_secret(const Wanted& wanted, const Bytes& sealed) = 0;
    /// As reset().
    virtual Status delete_secret(const Wanted& wanted) = 0;
    /// Errors: kNotFound SECRET_UNKNOWN.
    virtual Result<SealedSecret> find_secret(const std::string& name) = 0;
    /// Replaces every secret's sealed bytes by what `reseal` makes of them, all or none, as one change; revisions of the
    /// secrets stay. `reseal` must not block. Says how many there were.
    using Reseal = std::function<Result<Bytes>(const std::string& name, const Bytes& sealed)>;
    virtual Result<std::size_t> reseal_secrets(const Wanted& wanted, const Reseal& reseal) = 0;
};

/// Which keys there are, and what they may be set to.
class KeyTable {
public:
    virtual ~KeyTable() = default;
    /// Errors: kNotFound SETTING_UNKNOWN.
    virtual Status check_key(const std::string& key) const = 0;
    /// The value in its one spelling. Errors: SETTING_UNKNOWN; kInvalidArgument SETTING_INVALID, naming the bounds.
    virtual Result<std::string> check_value(const std::string& key,
                                            const std::string& value) const = 0;
};

/// Seals secrets with a key of this machine. Thread-safe. Errors of all methods: kFailedPrecondition SEALING_KEY_LOCKED.
class Sealer {
public:
    virtual ~Sealer() = default;
    /// For `name` only: put in another's place it does not open.
    virtual Result<Bytes> seal(const std::string& name, std::string_view value) = 0;
    /// Errors: kDataLoss DATA_MALFORMED.
    virtual Result<std::string> open(const std::string& name, const Bytes& sealed) const = 0;
    /// From then on a new key seals; what older ones sealed still opens. Durable. Errors: kUnavailable STORE_DOWN.
    virtual Status add_key() = 0;
    /// Forgets all keys but the newest. Errors: kUnavailable STORE_DOWN.
    virtual Status drop_old_keys() = 0;
    virtual bool has_old_keys() const = 0;
};

}  // namespace imece::config
