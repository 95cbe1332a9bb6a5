#include "config/module.h"

#include "base/result.h"
#include "config/adapters/bus/change_event.h"
#include "config/adapters/rpc/config_service.h"
#include "config/adapters/rpc/convert.h"
#include "config/adapters/rpc/watch.h"
#include "config/adapters/store_sqlite/sqlite_store.h"
#include "config/adapters/vault/key_file_sealer.h"
#include "runtime/config/table.h"
#include "runtime/files/private_file.h"
#include "runtime/module.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/server.h"

namespace imece::config {
namespace {

constexpr const char* kName = "config";

class ConfigModule final : public runtime::Module {
public:
    ConfigModule(runtime::Process& process, runtime::Door& door, std::unique_ptr<SqliteStore> store,
                 std::unique_ptr<KeyFileSealer> sealer)
        : store_(std::move(store)),
          sealer_(std::move(sealer)),
          change_({*store_, keys_, {process.clock, process.random}}),
          secrets_({*store_, *sealer_, {process.clock, process.random}}),
          watches_(*store_, process.outboxes),
          config_service_(make_config_service({*store_, keys_, change_, watches_, door})),
          secret_service_(make_secret_service(*store_, secrets_, door)) {
        process.outboxes.add(kName, *store_);
        process.server.add(kName, *config_service_);
        process.server.add(kName, *secret_service_);
    }

    Status end_rotation() { return secrets_.end_rotation(); }
    Status start() override { return {}; }
    void drain() override { watches_.drain(); }
    void stop() override {}

private:
    std::unique_ptr<SqliteStore> store_;
    std::unique_ptr<KeyFileSealer> sealer_;
    ContractKeys keys_;
    ChangeSetting change_;
    KeepSecrets secrets_;
    Watches watches_;
    std::shared_ptr<grpc::Service> config_service_;
    std::shared_ptr<grpc::Service> secret_service_;
};

/// The first line of the file. Empty without a file.
Result<std::string> read_passphrase(const std::string& file) {
    if (file.empty()) return std::string();
    const auto text = runtime::read_private_file(file);
    if (!text || !*text || (*text)->substr(0, (*text)->find('\n')).empty())
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "cannot read a passphrase from the first line of " + file);
    return (*text)->substr(0, (*text)->find('\n'));
}

void say_state(KeyFile state, const std::filesystem::path& file) {
    if (state == KeyFile::kSealed) return;
    runtime::log(runtime::LogLevel::kWarn,
                 state == KeyFile::kOpen ? "sealing_key_unsealed" : "sealing_key_locked",
                 {{"file", file.string()}, {"remedy", "config.passphrase_file"}});
}

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    table.number("history_max", history_max, 1, 10'000,
                 "Changes kept of one setting or secret; the oldest are dropped.");
    table.text("passphrase_file", passphrase_file,
               "A file whose first line seals the key that the secrets are sealed with.");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(const std::string passphrase, read_passphrase(config.passphrase_file));
    IMECE_TRY(auto sealer, open_key_file(directory / "sealing.key", passphrase, process.random));
    say_state(sealer->state(), directory / "sealing.key");
    IMECE_TRY(auto store,
              SqliteStore::open({.path = directory / "config.db",
                                 .history_max = config.history_max,
                                 .limits = {},
                                 .event_of = event_of,
                                 .on_change = [&process] { process.outboxes.committed(kName); }}));
    auto module =
        std::make_unique<ConfigModule>(process, door, std::move(store), std::move(sealer));
    IMECE_CHECK(module->end_rotation());
    return module;
}

}  // namespace imece::config
