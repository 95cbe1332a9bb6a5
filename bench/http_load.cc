#include "bench/http_load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"

namespace imece::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kWaitMs = 5'000;

std::unexpected<Error> malformed(std::string_view head) {
    return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED",
                "not a 200 with a length: " + std::string(head.substr(0, 300)));
}

/// Where the body of a head that ends at `end` ends; none: the head is not what we ask for.
std::optional<std::size_t> whole_size(std::string_view text, std::size_t end) {
    constexpr std::string_view kName = "\r\ncontent-length: ";
    const std::string_view head = text.substr(0, end);
    const auto same = [](char a, char b) { return std::tolower(a) == b; };
    const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
    std::size_t size = 0;
    if (!head.starts_with("HTTP/1.1 200 ") || found == head.end()) return std::nullopt;
    std::from_chars(&*found + kName.size(), head.data() + head.size(), size);
    return end + 4 + size;
}

class Client {
public:
    explicit Client(const std::string& request) : request_(request) {}
    ~Client() {
        if (socket_ >= 0) ::close(socket_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Status open(int port, int poll) {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(std::uint16_t(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::epoll_ctl(poll, EPOLL_CTL_ADD, socket_, &event) != 0)
            return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "nobody listens");
        return send();
    }
    /// A request is short: it fits the socket's buffer, which is empty between requests.
    Status send() {
        if (::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) ==
            ssize_t(request_.size()))
            return {};
        return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "the connection broke");
    }
    /// Reads what there is; the body's bytes once the answer is whole.
    Result<std::optional<std::string_view>> receive() {
        const ssize_t got =
            ::recv(socket_, buffer_.data() + size_, buffer_.size() - size_, MSG_DONTWAIT);
        if (got <= 0)
            return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "the connection broke");
        size_ += std::size_t(got);
        const std::string_view text(buffer_.data(), size_);
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string_view::npos && size_ < buffer_.size()) return std::nullopt;
        const auto whole = whole_size(text, end);
        if (!whole || *whole > buffer_.size()) return malformed(text);
        if (size_ < *whole) return std::nullopt;
        size_ = 0;
        return text.substr(end + 4, *whole - end - 4);
    }

private:
    const std::string& request_;
    int socket_ = -1;
    std::vector<char> buffer_ = std::vector<char>(64 * 1024);
    std::size_t size_ = 0;
};

}  // namespace

Result<HttpLoadResult> load_http(const HttpLoad& load) {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    const auto close_poll = std::unique_ptr<const int, void (*)(const int*)>(
        &poll, [](const int* file) { ::close(*file); });
    std::vector<std::unique_ptr<Client>> clients;
    const auto began = Steady::now();
    for (std::size_t i = 0; i < load.connections; ++i) {
        clients.push_back(std::make_unique<Client>(load.request));
        IMECE_CHECK(clients.back()->open(std::stoi(load.port), poll));
    }
    HttpLoadResult result;
    std::vector<epoll_event> events(load.connections);
    while (Steady::now() < began + load.time) {
        const int ready = ::epoll_wait(poll, events.data(), int(events.size()), kWaitMs);
        if (ready <= 0)
            return fail(ErrorCode::kDeadlineExceeded, "DEADLINE_PASSED", "no answer for seconds");
        for (int i = 0; i < ready; ++i) {
            Client& client = *static_cast<Client*>(events[std::size_t(i)].data.ptr);
            IMECE_TRY(const auto body, client.receive());
            if (!body) continue;
            if (result.answers++ == 0) result.body = *body;
            IMECE_CHECK(client.send());
        }
    }
    result.seconds = std::chrono::duration<double>(Steady::now() - began).count();
    return result;
}

}  // namespace imece::bench
