#include "runtime/observe/watch_server.h"

#include <CivetServer.h>

#include "runtime/observe/metrics.h"

namespace imece::runtime {
namespace {

/// Few ask, and seldom.
constexpr const char* kThreads = "2";
constexpr const char* kTimeoutMs = "5000";

bool is_loopback(std::string_view listen) {
    return listen.starts_with("127.") || listen.starts_with("[::1]:");
}

struct Answer {
    int status = 200;
    const char* type = "application/json";
    std::string body;
};

class Page final : public CivetHandler {
public:
    explicit Page(std::function<Answer()> answer) : answer_(std::move(answer)) {}
    bool handleGet(CivetServer* /*server*/, mg_connection* connection) override {
        const Answer answer = answer_();
        mg_printf(connection,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: "
                  "nosniff\r\n\r\n",
                  answer.status, mg_get_response_code_text(connection, answer.status), answer.type,
                  answer.body.size());
        mg_write(connection, answer.body.data(), answer.body.size());
        return true;
    }

private:
    std::function<Answer()> answer_;
};

class Civet final : public WatchServer {
public:
    Civet(const WatchConfig& config, Metrics& metrics, std::function<Status()> ready)
        : metrics_([&metrics] {
              return Answer{.type = "text/plain; version=0.0.4", .body = metrics.scrape()};
          }),
          alive_([] { return Answer{.body = R"({"status":"ok"})"}; }),
          ready_([ready = std::move(ready)] {
              const Status status = ready();
              if (status) return Answer{.body = R"({"status":"ready"})"};
              return Answer{503, "application/json",
                            R"({"status":"not ready","reason":")" +
                                std::string(status.error().reason) + "\"}"};
          }),
          server_(std::vector<std::string>{"listening_ports", config.listen, "num_threads",
                                           kThreads, "request_timeout_ms", kTimeoutMs}) {
        server_.addHandler("/metrics$", metrics_);
        server_.addHandler("/healthz$", alive_);
        server_.addHandler("/readyz$", ready_);
    }

private:
    Page metrics_, alive_, ready_;
    CivetServer server_;
};

}  // namespace

void WatchConfig::describe(ConfigTable& table) {
    table.text("listen", listen,
               "address:port of /metrics, /healthz and /readyz, for a process without a gateway. "
               "Empty: nowhere.");
    table.flag("public", is_public, "They may be on an address that others reach, in plain HTTP.");
    table.require(listen.empty() || is_public || is_loopback(listen),
                  "off loopback it is plain HTTP for anybody: set public to mean that");
}

Result<std::unique_ptr<WatchServer>> WatchServer::start(const WatchConfig& config, Metrics& metrics,
                                                        std::function<Status()> ready) {
    if (config.listen.empty()) return nullptr;
    try {
        return std::make_unique<Civet>(config, metrics, std::move(ready));
    } catch (const CivetException&) {
        return fail(ErrorCode::kUnavailable, "LISTEN_FAILED",
                    "cannot listen on " + config.listen + " for HTTP: is it in use?");
    }
}

}  // namespace imece::runtime
