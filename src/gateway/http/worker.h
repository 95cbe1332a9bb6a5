// One I/O thread with its connections. Internal to http/.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "gateway/edge/edge.h"
#include "gateway/http/config.h"
#include "gateway/http/server.h"

namespace imece::gateway {

namespace asio = boost::asio;

/// What all connections of a server share.
struct Shared {
    HttpConfig config;
    HttpServer::Deps deps;
    std::unique_ptr<asio::ssl::context> tls{};  ///< Null: plain.
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> sockets{0};
    std::atomic<std::size_t> buffered_bytes{0};
    std::atomic<bool> draining{false};
};

/// A connection as its worker sees it. All calls come on the worker's thread.
class Connection {
public:
    virtual ~Connection() = default;
    virtual void drain() = 0;  ///< Ends soon, in good manners.
    virtual void abort() = 0;  ///< Ends now.
};

class Worker {
    std::unordered_set<Connection*> connections_;
    std::mutex mutex_;
    std::condition_variable gone_;
    std::atomic<std::size_t> accepted_{0};
    std::int64_t date_second_ = -1;
    std::string date_;

public:
    explicit Worker(Shared& shared_state) : shared(shared_state) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run();
    /// Counts a connection from before it reaches this thread until it has gone.
    void expect() { ++accepted_; }
    void forget();
    void add(Connection& connection) { connections_.insert(&connection); }
    void remove(Connection& connection) { connections_.erase(&connection); }
    void drain_all();
    void abort_all();
    /// From another thread: waits until no connection is left.
    bool wait_until_empty(SteadyPoint until);

    /// The Date header's value, made once a second.
    const std::string& date();

    Shared& shared;
    asio::io_context context{1};  ///< After what its last connections touch when they go with it.
    std::thread thread;
};

/// Serves `socket` until it closes. On the worker's thread, or before it runs.
void start_session(Worker& worker, asio::ip::tcp::socket socket);

}  // namespace imece::gateway
