// What a service is to the process that runs it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace imece::runtime {

class Metrics;
class Server;
class Outboxes;
class Snapshots;
class Tracer;

/// Which site this process belongs to; the same for all its modules.
struct SiteInfo {
    std::string name;
    bool exercise = false;
    std::string version;
};

/// What a process lends its modules. All of it outlives them.
struct Process {
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Server& server;      ///< Register gRPC services in make(); open channels from start() on.
    Outboxes& outboxes;  ///< Register the service's event log in make().
    SiteInfo site;
    std::filesystem::path data_dir;  ///< A module keeps its files in data_dir / its name.
    Tracer* tracer = nullptr;        ///< Null: no trace is followed.
    Snapshots* snapshots = nullptr;  ///< Null: no backup is made.
};

/// One service, made by its `Result<std::unique_ptr<Module>> make(Process&, const Config&)`: stores
/// are open and rpcs registered when make returns.
class Module {
public:
    virtual ~Module() = default;
    /// The process's server listens; background work begins here.
    virtual Status start() = 0;
    /// The process is about to stop its server: end long streams by themselves. Rpcs still come in.
    virtual void drain() {}
    /// Ends background work. No rpc is in flight any more. Called once, also after a failed start.
    virtual void stop() = 0;
};

}  // namespace imece::runtime
