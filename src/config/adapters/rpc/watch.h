// WatchSettings: the changes of settings as streams.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <set>

#include "config/app/ports.h"
#include "imece/config/v1/config.pb.h"
#include "runtime/bus/outbox.h"
#include "runtime/executor.h"

namespace imece::config {

/// Streams are read for in batches; a slow reader holds at most one batch in memory. Thread-safe; outlives the server.
class Watches {
public:
    Watches(ConfigStore& store, runtime::Outboxes& outboxes)
        : store_(store), outboxes_(outboxes), executor_(1) {}

    /// gRPC owns what these return until its OnDone.
    grpc::ServerWriteReactor<v1::SettingChange>* open(const v1::WatchSettingsRequest& request);
    static grpc::ServerWriteReactor<v1::SettingChange>* refuse(const Error& error);
    /// Ends all streams and takes no more: the server is about to stop.
    void drain();

private:
    class Stream;
    ConfigStore& store_;
    runtime::Outboxes& outboxes_;
    std::mutex mutex_;
    std::set<Stream*> streams_;
    bool draining_ = false;
    runtime::Executor executor_;
};

}  // namespace imece::config
