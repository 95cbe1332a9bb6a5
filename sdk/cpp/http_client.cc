#include "sdk/cpp/http_client.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "sdk/cpp/open_stream.h"
#include "sdk/cpp/peer_error.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::uint32_t kHeadersMax = 64 * 1024;

struct Waiting {
    HttpCall call;
    HttpClient::Done done;
    SteadyPoint deadline;
};

Error unreachable(const Endpoint& endpoint, const error_code& why) {
    return {ErrorCode::kUnavailable, "PEER_UNREACHABLE",
            "no answer from " + endpoint.authority() + ": " + why.message()};
}

Error deadline_passed() {
    return {ErrorCode::kDeadlineExceeded, "DEADLINE_PASSED", "no answer in time"};
}

/// One socket: does one call at a time, again and again. Lives on its client's strand.
class Line : public std::enable_shared_from_this<Line> {
public:
    virtual ~Line() = default;
    virtual void run(const HttpCall& call, SteadyPoint deadline, HttpClient::Done finished) = 0;
    virtual void close() = 0;
};

template <class Stream>
class LineOver final : public Line {
public:
    LineOver(const asio::any_io_executor& executor, const Endpoint& endpoint,
             const ApiOptions& options)
        : executor_(executor),
          endpoint_(endpoint),
          options_(options),
          resolver_(executor),
          timer_(executor) {}

    void run(const HttpCall& call, SteadyPoint deadline, HttpClient::Done finished) override {
        finished_ = std::move(finished);
        safe_to_repeat_ = call.safe_to_repeat;
        timed_out_ = false;
        write_request(call);
        timer_.expires_at(deadline);
        timer_.async_wait([self = self(), run = ++runs_](error_code bad) {
            if (bad || run != self->runs_ || !self->finished_) return;
            self->timed_out_ = true;
            self->close();
        });
        reused_ = stream_.has_value();
        // A server may close a kept connection at any time: that it has is seen before it is used.
        if (reused_ && peer_has_closed()) {
            stream_.reset();
            reused_ = false;
        }
        reused_ ? exchange() : open();
    }

    void close() override {
        resolver_.cancel();
        if (!stream_) return;
        error_code ignored;
        beast::get_lowest_layer(*stream_).close(ignored);
    }

private:
    std::shared_ptr<LineOver> self() {
        return std::static_pointer_cast<LineOver>(shared_from_this());
    }

    void write_request(const HttpCall& call) {
        request_ = {};
        request_.version(11);
        request_.method_string({call.method.data(), call.method.size()});
        request_.target(call.target);
        request_.set(http::field::host, endpoint_.authority());
        request_.set(http::field::user_agent, "imece-sdk-cpp");
        request_.set(http::field::accept, "application/json");
        if (!call.token.empty()) request_.set(http::field::authorization, "Bearer " + call.token);
        if (call.body.empty() && call.method == "GET") return;
        request_.set(http::field::content_type, "application/json");
        request_.body() = call.body;
        request_.prepare_payload();
    }

    bool peer_has_closed() {
        auto& socket = beast::get_lowest_layer(*stream_);
        error_code bad;
        socket.non_blocking(true, bad);
        char byte = 0;
        socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, bad);
        return bad != asio::error::would_block;  // An answer to no question is as bad as an end.
    }

    void open() {
        stream_.emplace(make_stream<Stream>(executor_, endpoint_));
        open_stream(*stream_, resolver_, endpoint_, [self = self()](error_code bad) {
            if (bad || self->timed_out_) return self->failed(bad);
            self->exchange();
        });
    }

    void exchange() {
        buffer_.clear();
        parser_.emplace();
        parser_->header_limit(kHeadersMax);
        parser_->body_limit(options_.answer_bytes_max);
        http::async_write(*stream_, request_, [self = self()](error_code bad, std::size_t) {
            // A server may refuse and close before it has read all: its answer is read all the
            // same.
            if (bad && (self->timed_out_ || self->reused_)) return self->failed(bad);
            http::async_read(*self->stream_, self->buffer_, *self->parser_,
                             [self](error_code why, std::size_t) {
                                 why ? self->failed(why) : self->answered();
                             });
        });
    }

    void failed(const error_code& why) {
        const bool silent = !parser_ || !parser_->got_some();
        stream_.reset();
        // The kept connection ended under our request; the server has answered nothing of it.
        if (reused_ && safe_to_repeat_ && silent && !timed_out_) {
            reused_ = false;
            return open();
        }
        if (timed_out_) return finish(std::unexpected(deadline_passed()), {});
        const auto& http_errors = http::make_error_code(http::error::bad_version).category();
        if (why.category() == http_errors && why != http::error::end_of_stream &&
            why != http::error::partial_message)
            return finish(fail(ErrorCode::kUnknown, "ANSWER_MALFORMED",
                               "the answer is not HTTP, or too long: " + why.message()),
                          {});
        finish(std::unexpected(unreachable(endpoint_, why)), {});
    }

    void answered() {
        auto response = parser_->release();
        CallInfo info;
        info.http_status = int(response.result_int());
        const auto retry = response[http::field::retry_after];
        int seconds = 0;
        std::from_chars(retry.data(), retry.data() + retry.size(), seconds);
        info.retry_after = std::chrono::seconds(std::max(seconds, 0));
        if (!response.keep_alive()) stream_.reset();

        if (info.http_status >= 200 && info.http_status < 300)
            return finish(std::move(response.body()), info);
        Problem problem = problem_of(info.http_status, response.body());
        info.trace_id = std::move(problem.trace_id);
        finish(std::unexpected(std::move(problem.error)), info);
    }

    void finish(Result<std::string> result, const CallInfo& info) {
        timer_.cancel();
        std::exchange(finished_, nullptr)(std::move(result), info);
    }

    const asio::any_io_executor executor_;
    const Endpoint endpoint_;
    const ApiOptions options_;
    asio::ip::tcp::resolver resolver_;
    asio::steady_timer timer_;
    std::optional<Stream> stream_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    std::optional<http::response_parser<http::string_body>> parser_;
    HttpClient::Done finished_;
    std::uint64_t runs_ = 0;
    bool reused_ = false;
    bool safe_to_repeat_ = false;
    bool timed_out_ = false;
};

class Client final : public HttpClient {
public:
    Client(asio::io_context& io, Endpoint endpoint, ApiOptions options)
        : strand_(asio::make_strand(io)),
          endpoint_(std::move(endpoint)),
          options_(options),
          timer_(strand_) {}

    void call(HttpCall call, Done done) override {
        asio::post(strand_,
                   [self = self(), call = std::move(call), done = std::move(done)]() mutable {
                       self->enqueue({std::move(call), std::move(done),
                                      std::chrono::steady_clock::now() + self->options_.timeout});
                   });
    }

    void stop() override {
        stopped_ = true;
        asio::post(strand_, [self = self()] {
            self->waiting_.clear();
            self->timer_.cancel();
            for (const auto& line : self->lines_) line->close();
            self->lines_.clear();
            self->idle_.clear();
        });
    }

private:
    std::shared_ptr<Client> self() { return std::static_pointer_cast<Client>(shared_from_this()); }

    void enqueue(Waiting waiting) {
        if (stopped_) return;
        if (waiting_.size() >= options_.waiting_max)
            return waiting.done(fail(ErrorCode::kResourceExhausted, "SEND_QUEUE_FULL",
                                     "as many calls as may wait do"),
                                {});
        waiting_.push_back(std::move(waiting));
        dispatch();
    }

    void dispatch() {
        while (!waiting_.empty() && (!idle_.empty() || lines_.size() < options_.connections)) {
            if (idle_.empty()) idle_.push_back(make_line());
            const std::shared_ptr<Line> line = idle_.back();
            idle_.pop_back();
            Waiting next = std::move(waiting_.front());
            waiting_.pop_front();
            // Weak: a line in the middle of a call does not keep alive a client that is gone.
            line->run(
                next.call, next.deadline,
                [weak = std::weak_ptr(self()), line = line.get(), done = std::move(next.done)](
                    Result<std::string> result, const CallInfo& info) {
                    const auto self = weak.lock();
                    if (!self || self->stopped_) return;
                    self->idle_.push_back(line->shared_from_this());
                    done(std::move(result), info);
                    self->dispatch();
                });
        }
        watch_the_first();
    }

    /// Ends calls whose time passes while they wait for a line: the oldest is the first.
    void watch_the_first() {
        if (waiting_.empty()) {
            timer_.cancel();
            return;
        }
        timer_.expires_at(waiting_.front().deadline);
        timer_.async_wait([self = self()](error_code bad) {
            if (bad || self->stopped_) return;
            const auto now = std::chrono::steady_clock::now();
            while (!self->waiting_.empty() && self->waiting_.front().deadline <= now) {
                const Waiting late = std::move(self->waiting_.front());
                self->waiting_.pop_front();
                late.done(std::unexpected(deadline_passed()), {});
            }
            self->watch_the_first();
        });
    }

    std::shared_ptr<Line> make_line() {
        std::shared_ptr<Line> line;
        if (endpoint_.tls())
            line = std::make_shared<LineOver<TlsStream>>(strand_, endpoint_, options_);
        else
            line = std::make_shared<LineOver<TcpSocket>>(strand_, endpoint_, options_);
        lines_.push_back(line);
        return line;
    }

    const asio::strand<asio::io_context::executor_type> strand_;
    const Endpoint endpoint_;
    const ApiOptions options_;
    asio::steady_timer timer_;
    std::deque<Waiting> waiting_;
    std::vector<std::shared_ptr<Line>> lines_;  ///< All that were made.
    std::vector<std::shared_ptr<Line>> idle_;
    std::atomic<bool> stopped_ = false;
};

}  // namespace

std::shared_ptr<HttpClient> HttpClient::make(asio::io_context& io, Endpoint endpoint,
                                             ApiOptions options) {
    return std::make_shared<Client>(io, std::move(endpoint), options);
}

}  // namespace imece::sdk
