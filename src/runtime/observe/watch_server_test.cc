#include "runtime/observe/watch_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "runtime/observe/metrics.h"

namespace imece::runtime {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A port that was free a moment ago.
std::uint16_t free_port() {
    const int holder = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    ::bind(holder, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(holder, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(holder);
    return ntohs(address.sin_port);
}

std::string ask(std::uint16_t port, const std::string& head) {
    const int to = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(::connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const std::string text = head + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(to, text.data(), text.size(), 0), ssize_t(text.size()));
    std::string answer;
    char part[4096];
    for (ssize_t got = 0; (got = ::recv(to, part, sizeof part, 0)) > 0;)
        answer.append(part, std::size_t(got));
    ::close(to);
    return answer;
}

TEST(WatchServer, tells_how_the_process_is) {
    Metrics metrics;
    metrics.counter("imece_things_total", "Things.").add(3);
    std::atomic<bool> ready{false};
    const std::uint16_t port = free_port();
    const WatchConfig config{.listen = "127.0.0.1:" + std::to_string(port)};
    const auto server = WatchServer::start(config, metrics, [&ready]() -> Status {
        if (ready.load()) return {};
        return fail(ErrorCode::kUnavailable, "KEYS_UNAVAILABLE", "not yet");
    });
    ASSERT_TRUE(server);

    EXPECT_THAT(ask(port, "GET /healthz"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(ask(port, "GET /metrics"), HasSubstr("imece_things_total 3"));
    EXPECT_THAT(ask(port, "GET /readyz"),
                testing::AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("KEYS_UNAVAILABLE")));
    ready = true;
    EXPECT_THAT(ask(port, "GET /readyz"), StartsWith("HTTP/1.1 200"));
    for (const char* other : {"GET /", "GET /metrics/more", "GET /../etc/passwd"})
        EXPECT_THAT(ask(port, other), StartsWith("HTTP/1.1 4")) << other;
    EXPECT_THAT(ask(port, "POST /metrics"), StartsWith("HTTP/1.1 4"));

    const auto second = WatchServer::start(config, metrics, [] { return Status(); });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, "LISTEN_FAILED");
}

TEST(WatchServer, is_there_only_where_it_is_wanted) {
    Metrics metrics;
    const auto none = WatchServer::start({}, metrics, [] { return Status(); });
    ASSERT_TRUE(none);
    EXPECT_EQ(*none, nullptr);
}

}  // namespace
}  // namespace imece::runtime
