#include "config/adapters/vault/key_file_sealer.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "base/codec.h"
#include "base/result.h"
#include "crypto/crypto.h"
#include "crypto/secret_box.h"
#include "runtime/files/private_file.h"

namespace imece::config {
namespace {

using crypto::BoxKey;

constexpr std::uint8_t kVersion = 1;
/// What the boxes are for: one of a secret opens nowhere else.
constexpr std::string_view kKeysPurpose = "imece.config.keys.v1";
constexpr std::string_view kSecretPurpose = "imece.config.secret.v1 ";
constexpr std::size_t kIdSize = 8;
constexpr std::uint32_t kKeysMax = 16;

using KeyId = std::array<std::uint8_t, kIdSize>;

KeyId id_of(const BoxKey& key) {
    const crypto::Digest digest = crypto::sha256(key.bytes());
    KeyId id{};
    std::ranges::copy_n(digest.begin(), kIdSize, id.begin());
    return id;
}

BoxKey fresh_key(Random& random) {
    std::array<std::uint8_t, BoxKey::kSize> bytes{};
    random.fill(bytes);
    return BoxKey(bytes);
}

std::unexpected<Error> malformed(const std::filesystem::path& file) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", file.string() + " is no key file of ours");
}

std::string encoded(const std::vector<BoxKey>& keys) {
    Encoder out(kVersion);
    out.number(std::uint32_t(keys.size()));
    for (const BoxKey& key : keys) out.fixed(key.bytes());
    return out.take();
}

std::optional<std::vector<BoxKey>> decoded(std::string_view bytes) {
    Decoder in(bytes);
    const auto count = in.number<std::uint32_t>();
    if (in.version() != kVersion || count == 0 || count > kKeysMax) return std::nullopt;
    std::vector<BoxKey> keys;
    for (std::uint32_t i = 0; i < count; ++i) keys.emplace_back(in.fixed<BoxKey::kSize>());
    if (!in.ok()) return std::nullopt;
    return keys;
}

/// The file: whether a passphrase seals the keys, the salt of that, the keys.
struct Sheet {
    bool sealed = false;
    crypto::BoxSalt salt{};
    std::string keys;
};

std::optional<Sheet> read_sheet(std::string_view bytes) {
    Decoder in(bytes);
    Sheet sheet;
    sheet.sealed = in.number<std::uint8_t>() != 0;
    sheet.salt = in.fixed<sizeof(crypto::BoxSalt)>();
    sheet.keys = in.text();
    if (in.version() != kVersion || !in.ok()) return std::nullopt;
    return sheet;
}

class Vault final : public KeyFileSealer {
public:
    Vault(std::filesystem::path file, std::string passphrase, Random& random)
        : file_(std::move(file)), passphrase_(std::move(passphrase)), random_(random) {}

    Status load() {
        IMECE_TRY(const auto bytes, runtime::read_private_file(file_));
        if (!bytes) return replace({fresh_key(random_)});
        const auto sheet = read_sheet(*bytes);
        if (!sheet) return malformed(file_);
        std::string plain = sheet->keys;
        if (sheet->sealed) {
            state_ = KeyFile::kLocked;
            if (passphrase_.empty()) return {};
            IMECE_TRY(const BoxKey key, crypto::box_key_of(passphrase_, sheet->salt));
            const auto opened = crypto::open_box(key, kKeysPurpose, view_of(sheet->keys));
            if (!opened) return {};
            plain = text_of(*opened);
        }
        const auto keys = decoded(plain);
        if (!keys) return malformed(file_);
        // A passphrase that has come since seals the file from now on.
        if (!sheet->sealed && !passphrase_.empty()) return replace(*keys);
        keys_ = *keys;
        state_ = sheet->sealed ? KeyFile::kSealed : KeyFile::kOpen;
        return {};
    }

    KeyFile state() const override { return state_; }

    Result<Bytes> seal(const std::string& name, std::string_view value) override {
        const std::shared_lock lock(mutex_);
        IMECE_CHECK(unlocked());
        const BoxKey& key = keys_.back();
        const KeyId id = id_of(key);
        Bytes out(id.begin(), id.end());
        const Bytes box = crypto::lock_box(key, purpose_of(name), view_of(value), random_);
        out.insert(out.end(), box.begin(), box.end());
        return out;
    }

    Result<std::string> open(const std::string& name, const Bytes& sealed) const override {
        const std::shared_lock lock(mutex_);
        IMECE_CHECK(unlocked());
        if (sealed.size() > kIdSize)
            for (const BoxKey& key : keys_) {
                if (!std::ranges::equal(id_of(key), ByteView(sealed).first(kIdSize))) continue;
                const auto opened =
                    crypto::open_box(key, purpose_of(name), ByteView(sealed).subspan(kIdSize));
                if (opened) return std::string(text_of(*opened));
            }
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                    "the secret '" + name + "' was sealed with another key, or was changed");
    }

    Status add_key() override {
        const std::unique_lock lock(mutex_);
        IMECE_CHECK(unlocked());
        std::vector<BoxKey> keys = keys_;
        if (keys.size() == kKeysMax)
            return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                        "earlier rotations have not ended: restart");
        keys.push_back(fresh_key(random_));
        return replace(std::move(keys));
    }

    Status drop_old_keys() override {
        const std::unique_lock lock(mutex_);
        IMECE_CHECK(unlocked());
        return replace({keys_.back()});
    }

    bool has_old_keys() const override {
        const std::shared_lock lock(mutex_);
        return keys_.size() > 1;
    }

private:
    static std::string purpose_of(const std::string& name) {
        return std::string(kSecretPurpose) + name;
    }

    Status unlocked() const {
        if (!keys_.empty()) return {};
        return fail(ErrorCode::kFailedPrecondition, "SEALING_KEY_LOCKED",
                    "the sealing key needs its passphrase: set config.passphrase_file and restart");
    }

    /// What is in the file holds: the keys in memory follow it.
    Status replace(std::vector<BoxKey> keys) {
        Sheet sheet{.sealed = !passphrase_.empty(), .keys = encoded(keys)};
        if (sheet.sealed) {
            random_.fill(sheet.salt);
            IMECE_TRY(const BoxKey key, crypto::box_key_of(passphrase_, sheet.salt));
            sheet.keys = std::string(
                text_of(crypto::lock_box(key, kKeysPurpose, view_of(sheet.keys), random_)));
        }
        Encoder out(kVersion);
        out.number(std::uint8_t(sheet.sealed)).fixed(sheet.salt).text(sheet.keys);
        IMECE_CHECK(runtime::write_private_file(file_, out.take()));
        keys_ = std::move(keys);
        state_ = sheet.sealed ? KeyFile::kSealed : KeyFile::kOpen;
        return {};
    }

    const std::filesystem::path file_;
    const std::string passphrase_;
    Random& random_;
    KeyFile state_ = KeyFile::kOpen;
    mutable std::shared_mutex mutex_;
    std::vector<BoxKey> keys_;  ///< The newest last; empty while locked.
};

}  // namespace

Result<std::unique_ptr<KeyFileSealer>> open_key_file(const std::filesystem::path& file,
                                                     const std::string& passphrase,
                                                     Random& random) {
    auto vault = std::make_unique<Vault>(file, passphrase, random);
    IMECE_CHECK(vault->load());
    return std::unique_ptr<KeyFileSealer>(std::move(vault));
}

}  // namespace imece::config
