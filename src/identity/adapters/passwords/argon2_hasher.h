// Password hashes by Argon2id (RFC 9106), few at a time.
#pragma once

#include <condition_variable>
#include <mutex>

#include "identity/app/ports.h"

namespace imece::identity {

/// 19 MiB, 2 passes, 1 lane: about 0.1 s of a core. Who finds no free turn waits, until too many do.
class Argon2Hasher final : public PasswordHasher {
public:
    struct Options {
        std::uint32_t memory_kib = 19 * 1024;
        std::uint32_t passes = 2;
        std::uint32_t at_a_time = 2;
        std::uint32_t waiting_max = 32;
    };
    Argon2Hasher(Random& random, const Options& options);

    Result<std::string> hash(std::string_view password, SteadyPoint deadline) override;
    Result<bool> verify(std::string_view password, const std::optional<std::string>& hash,
                        SteadyPoint deadline) override;

private:
    class Turn;
    Random& random_;
    const Options options_;
    const std::string nobodys_hash_;  ///< Of these costs; no password has it.
    std::mutex mutex_;
    std::condition_variable turn_free_;
    std::uint32_t running_ = 0;
    std::uint32_t waiting_ = 0;
};

}  // namespace imece::identity
