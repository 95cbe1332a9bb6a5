// What proves that a process may join the site as a service: a secret for each service, all made from one that only security has.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "crypto/crypto.h"

namespace imece::runtime {

/// 32 bytes as 64 hex digits; a service's secret tells nothing of the master or of another service's.
class JoinSecret {
public:
    /// The master secret of `directory`/join.key, made at the first call. Errors: those of read_private_file(); kDataLoss DATA_MALFORMED.
    static Result<JoinSecret> open_master(const std::filesystem::path& directory, Random& random);
    /// Of a file that nobody else may read. Errors: kInvalidArgument CONFIG_INVALID naming the file.
    static Result<JoinSecret> read(const std::filesystem::path& file);

    /// From the master: the secret of one service.
    JoinSecret of(std::string_view service) const;
    std::string text() const;

    /// Over what the service asks, and over what it is answered: an answer fits one request only.
    crypto::Digest mac_of_request(std::string_view service, std::string_view csr_pem) const;
    crypto::Digest mac_of_answer(std::string_view csr_pem, std::string_view certificate_pem,
                                 std::string_view root_pem) const;

private:
    explicit JoinSecret(const crypto::Digest& key) : key_(key) {}
    static Result<JoinSecret> parse(std::string_view text, Error otherwise);
    crypto::Digest key_;
};

}  // namespace imece::runtime
