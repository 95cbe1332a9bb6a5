// The gateway as a module: REST, Server-Sent Events and WebSockets in, gRPC out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "gateway/edge/edge.h"
#include "gateway/http/config.h"
#include "runtime/config/table.h"
#include "runtime/module.h"

namespace imece::runtime {
class Settings;
class TrustStore;
}  // namespace imece::runtime

namespace imece::gateway {

/// The `[gateway]` table.
struct Config {
    HttpConfig http;
    EdgeLimits limits;
    std::chrono::milliseconds drain_grace{3'000};
    void describe(runtime::ConfigTable& table);
};

/// A gateway that listens from start() on.
class Gateway : public runtime::Module {
public:
    virtual int port() const = 0;  ///< 0 while not listening.
};

/// `ready` answers /readyz; without it the process is always ready. `trust` and `settings` outlive the
/// module; what settings say goes before `config`, at any time.
/// drain() closes the edge: it takes up to drain_grace while requests in flight finish.
/// Errors: kInvalidArgument CONFIG_INVALID.
Result<std::unique_ptr<Gateway>> make(runtime::Process& process, const Config& config,
                                      runtime::TrustStore& trust, runtime::Settings& settings,
                                      std::function<Status()> ready = {});

}  // namespace imece::gateway
