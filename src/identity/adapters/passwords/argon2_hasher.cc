#include "identity/adapters/passwords/argon2_hasher.h"

#include <argon2.h>

#include <array>

namespace imece::identity {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::uint32_t kLanes = 1;

/// Argon2's text form: what it was computed with, then salt and hash in base64, here all zero. That
/// some password hashes to zero is as likely as guessing a key.
std::string zero_hash(const Argon2Hasher::Options& options) {
    return "$argon2id$v=19$m=" + std::to_string(options.memory_kib) +
           ",t=" + std::to_string(options.passes) + ",p=" + std::to_string(kLanes) + "$" +
           std::string(22, 'A') + "$" + std::string(43, 'A');
}

std::unexpected<Error> not_computed(int code) {
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fail(ErrorCode::kResourceExhausted, "LOGIN_BUSY", "no memory for another sign-in");
    return fail(
        ErrorCode::kDataLoss, "DATA_MALFORMED",
        std::string("a stored password hash cannot be read: ") + argon2_error_message(code));
}

}  // namespace

/// One of the few computations that run at a time.
class Argon2Hasher::Turn {
public:
    Turn(Argon2Hasher& hasher, SteadyPoint deadline) : hasher_(hasher) {
        std::unique_lock lock(hasher.mutex_);
        const auto is_free = [&] { return hasher.running_ < hasher.options_.at_a_time; };
        if (!is_free()) {
            if (hasher.waiting_ >= hasher.options_.waiting_max) return;
            ++hasher.waiting_;
            const bool came = hasher.turn_free_.wait_until(lock, deadline, is_free);
            --hasher.waiting_;
            if (!came) return;
        }
        ++hasher.running_;
        came_ = true;
    }
    ~Turn() {
        if (!came_) return;
        {
            const std::scoped_lock lock(hasher_.mutex_);
            --hasher_.running_;
        }
        hasher_.turn_free_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    Status status() const {
        if (came_) return {};
        return fail(ErrorCode::kResourceExhausted, "LOGIN_BUSY",
                    "too many sign-ins at this moment; try again shortly");
    }

private:
    Argon2Hasher& hasher_;
    bool came_ = false;
};

Argon2Hasher::Argon2Hasher(Random& random, const Options& options)
    : random_(random), options_(options), nobodys_hash_(zero_hash(options)) {}

Result<std::string> Argon2Hasher::hash(std::string_view password, SteadyPoint deadline) {
    const Turn turn(*this, deadline);
    if (const Status came = turn.status(); !came) return std::unexpected(came.error());
    std::array<std::uint8_t, kSaltBytes> salt{};
    random_.fill(salt);
    std::string encoded(nobodys_hash_.size() + 1, '\0');
    const int code = argon2id_hash_encoded(options_.passes, options_.memory_kib, kLanes,
                                           password.data(), password.size(), salt.data(),
                                           salt.size(), kHashBytes, encoded.data(), encoded.size());
    if (code != ARGON2_OK) return not_computed(code);
    encoded.resize(nobodys_hash_.size());
    return encoded;
}

Result<bool> Argon2Hasher::verify(std::string_view password, const std::optional<std::string>& hash,
                                  SteadyPoint deadline) {
    const Turn turn(*this, deadline);
    if (const Status came = turn.status(); !came) return std::unexpected(came.error());
    const std::string& expected = hash ? *hash : nobodys_hash_;
    // Compares in constant time.
    const int code = argon2id_verify(expected.c_str(), password.data(), password.size());
    if (code == ARGON2_OK) return hash.has_value();
    if (code == ARGON2_VERIFY_MISMATCH) return false;
    return not_computed(code);
}

}  // namespace imece::identity
