// Where configuration comes from: defaults < TOML file < environment < flags.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/config/table.h"

namespace imece::runtime {

struct ConfigSources {
    std::optional<std::filesystem::path> file;
    /// "IMECE_RPC_LISTEN=…" sets rpc.listen. Names after IMECE_ that are no key are left to others (IMECE_DATA).
    std::map<std::string, std::string> environment;
    /// {"rpc.listen", "127.0.0.1:7310"}, from `--set rpc.listen=…` and from flags of their own.
    std::vector<std::pair<std::string, std::string>> flags;
};

/// Fills config structs, and collects all that is wrong instead of stopping at the first.
class ConfigLoader {
public:
    explicit ConfigLoader(const ConfigSources& sources);

    /// Reads `[name]` into `config`, whose fields hold the defaults.
    template <class Config>
    void load(std::string_view name, Config& config) {
        with_table(name, [&](ConfigTable& table) { config.describe(table); });
    }
    /// Keys of `[name]` are somebody else's: they are no problem here.
    void leave(std::string_view name);
    /// After the last load(): everything that is wrong, with its place ("imece.toml:3: …"), including tables, keys
    /// and flags that nobody reads. Empty: all is well.
    std::vector<std::string> problems() const;
    /// What the loaded tables hold, as a TOML file with the help as comments and secrets left out.
    const std::string& printed() const { return printed_; }

private:
    struct Given {
        std::string value;
        std::string place;  ///< "imece.toml:3", "IMECE_RPC_LISTEN", "--set".
        bool used = false;
    };
    void read_file(const std::filesystem::path& file);
    void with_table(std::string_view name, const std::function<void(ConfigTable&)>& describe);

    std::map<std::string, Given> given_;
    std::map<std::string, std::string> environment_;
    std::vector<std::string> problems_;
    std::string printed_;
};

/// "250ms", "90s", "15m", "72h", "7d". Errors: kInvalidArgument CONFIG_INVALID.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace imece::runtime
