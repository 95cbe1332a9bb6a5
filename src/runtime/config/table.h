// One table of the configuration, described once: for loading, printing and checking alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imece::runtime {

/// A config struct says what it holds by `void describe(ConfigTable&)`, one call a key, in the
/// order in which `imece config print` shows them. Ranges are inclusive.
class ConfigTable {
public:
    virtual ~ConfigTable() = default;
    virtual void text(std::string_view key, std::string& value, std::string_view help) = 0;
    /// A text of which `secret` says that it is never printed.
    virtual void secret(std::string_view key, std::string& value, std::string_view help) = 0;
    virtual void choice(std::string_view key, std::string& value,
                        std::vector<std::string_view> allowed, std::string_view help) = 0;
    virtual void flag(std::string_view key, bool& value, std::string_view help) = 0;
    virtual void number(std::string_view key, std::uint64_t& value, std::uint64_t least,
                        std::uint64_t most, std::string_view help) = 0;
    virtual void decimal(std::string_view key, double& value, double least, double most,
                         std::string_view help) = 0;
    /// Written "250ms", "90s", "15m", "72h", "7d".
    virtual void duration(std::string_view key, std::chrono::milliseconds& value,
                          std::chrono::milliseconds least, std::chrono::milliseconds most,
                          std::string_view help) = 0;
    /// A rule that spans keys: "tls_key is needed with tls_certificate".
    virtual void require(bool holds, std::string_view problem) = 0;
};

}  // namespace imece::runtime
