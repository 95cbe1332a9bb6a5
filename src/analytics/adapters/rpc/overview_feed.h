// WatchOverview: the overview as it changes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "imece/analytics/v1/analytics.grpc.pb.h"

namespace imece::analytics {

/// One thread serves all watchers, while there are any: it looks once a second, and who asked for the same window gets the
/// same message. A watcher that is slow gets the newest, not each.
class OverviewFeed {
public:
    using Message = std::shared_ptr<const imece::analytics::v1::Overview>;
    struct Deps {
        std::function<Result<Message>(Duration window)> overview;
        std::function<std::string()> state;  ///< Two that are equal: nothing has changed.
        /// Wall time between looks, and after how many a watcher is told even so.
        std::chrono::milliseconds every{1000};
        int looks_until_told = 15;
    };
    explicit OverviewFeed(Deps deps);
    ~OverviewFeed();

    /// gRPC owns what it returns.
    grpc::ServerWriteReactor<imece::analytics::v1::Overview>* open(Duration window);
    static grpc::ServerWriteReactor<imece::analytics::v1::Overview>* refuse(const Error& error);
    /// Ends all streams and takes no more: the server is about to stop.
    void drain();

private:
    class Watcher;
    void run(const std::stop_token& stop);
    void tell(const std::string& state);

    Deps deps_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::set<Watcher*> watchers_;
    bool draining_ = false;
    std::jthread thread_;
};

}  // namespace imece::analytics
