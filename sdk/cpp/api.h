// The REST API, as calls: a blocking client, and an asynchronous one for many devices in a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/identity/v1/identity.pb.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "imece/site/v1/site.pb.h"
#include "sdk/cpp/device.h"
#include "sdk/cpp/endpoint.h"

namespace boost::asio {
class io_context;
}

namespace imece::sdk {

/// What an answer said beside its body.
struct CallInfo {
    int http_status = 0;                  ///< 0: no answer came.
    std::chrono::seconds retry_after{0};  ///< Of a refusal, wall time; 0: none was named.
    std::string trace_id;                 ///< Of a failure, to report it with.
};

struct ApiOptions {
    std::size_t connections = 1;                ///< At most so many sockets, 1 to 1024.
    std::size_t waiting_max = 4096;             ///< Calls in line for a socket.
    std::chrono::milliseconds timeout{30'000};  ///< Of one call from its start, wall time.
    std::size_t answer_bytes_max = 16 << 20;
};

/// One HTTP call.
struct HttpCall {
    std::string_view method = "GET";  ///< Static text.
    std::string target;               ///< "/v1/site"
    std::string body;                 ///< JSON; empty: none.
    std::string token;                ///< Access token; empty: none.
    /// May be sent again by the client itself when a kept connection turns out to be dead.
    bool safe_to_repeat = false;
};

/// The calls of many devices over a bounded number of kept connections. Nothing is retried and
/// nothing sleeps in here: the caller reads `retry_after` and decides.
///
/// Methods may be called from any thread. Callbacks run on threads that run `io`, each exactly
/// once; after the destructor none runs (those not answered are dropped). Every failure is an
/// Error: with the server's code and reason where the answer is problem+json (a reason that this
/// version does not know is PEER_ERROR), else
///   kUnavailable PEER_UNREACHABLE    no connection, or it broke before the answer
///   kDeadlineExceeded DEADLINE_PASSED
///   kResourceExhausted SEND_QUEUE_FULL    `waiting_max` calls wait already
///   kUnknown ANSWER_MALFORMED    what came is not what the contract says
class AsyncApi {
public:
    template <class T>
    using Done = std::function<void(Result<T>, const CallInfo&)>;

    AsyncApi(boost::asio::io_context& io, Endpoint endpoint, ApiOptions options = {});
    ~AsyncApi();
    AsyncApi(const AsyncApi&) = delete;
    AsyncApi& operator=(const AsyncApi&) = delete;

    void site(Done<imece::site::v1::Site> done);
    /// `device` must live until `done`, which is to give it the answer's credential
    /// (set_credential).
    void enrol(const Device& device, std::string_view enrolment_token, std::string_view label,
               Done<imece::identity::v1::EnrolDeviceResponse> done);
    /// Challenge and answer. `device` as above.
    void sign_in(const Device& device, Done<imece::identity::v1::DeviceSession> done);
    /// 1 to 256 reports; the results are in their order.
    void report_nodes(std::string_view token,
                      std::span<const imece::discovery::v1::SignedReport> reports,
                      Done<imece::discovery::v1::ReportNodesResponse> done);
    /// The public key of any device. Errors also: kNotFound DEVICE_UNKNOWN.
    void device(std::string_view token, const DeviceId& id, Done<imece::identity::v1::Device> done);
    /// Any other call; the body of a 2xx answer.
    void call(HttpCall call, Done<std::string> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// The same for one thread at a time: each call blocks until its answer or the time-out. Errors as
/// above and as the rpc of the same name documents.
class Api {
public:
    explicit Api(Endpoint endpoint, ApiOptions options = {});
    ~Api();
    Api(Api&&) noexcept;
    Api& operator=(Api&&) noexcept;

    /// Of the last call, also of a failed one.
    const CallInfo& last_call() const;
    /// The token that the calls below carry. login, refresh and sign_in set it.
    void set_token(std::string access_token);
    const std::string& token() const;

    Result<imece::site::v1::Site> site();

    Result<imece::identity::v1::User> set_up(std::string_view setup_token, std::string_view name,
                                             std::string_view password);
    Result<imece::identity::v1::Session> login(std::string_view name, std::string_view password);
    Result<imece::identity::v1::Session> refresh(std::string_view refresh_token);

    Result<imece::identity::v1::EnrolmentToken> create_enrolment_token(
        const imece::identity::v1::CreateEnrolmentTokenRequest& request);
    /// Enrols `device` and gives it its credential.
    Result<imece::identity::v1::Device> enrol(Device& device, std::string_view enrolment_token,
                                              std::string_view label);
    /// Challenge and answer; gives `device` its fresh credential.
    Result<imece::identity::v1::Session> sign_in(Device& device);
    Result<imece::identity::v1::Device> device(const DeviceId& id);

    Result<imece::identity::v1::Desk> create_desk(std::string_view name,
                                                  const crypto::PublicKey& key);
    /// Every desk: follows the pages, at most 100 of them.
    Result<std::vector<imece::identity::v1::Desk>> desks();
    Result<imece::identity::v1::Desk> add_desk_device(const GroupId& desk, const DeviceId& device);

    /// 1 to 256 reports; the results are in their order.
    Result<imece::discovery::v1::ReportNodesResponse> report_nodes(
        std::span<const imece::discovery::v1::SignedReport> reports);

    Result<imece::messaging::v1::SubmitMessageResponse> submit(
        const imece::type::v1::SignedEnvelope& message);
    Result<imece::messaging::v1::Message> message(const MessageId& id);
    Result<imece::messaging::v1::Explanation> explain(const MessageId& id);

    /// Any other call; the token is added. The body of a 2xx answer.
    Result<std::string> call(HttpCall call);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A clock that runs as the site's does: its time and scale at the moment `received` of the local
/// system clock (SystemClock().now()) when the answer came.
SystemClock site_clock(const imece::site::v1::Site& site, TimePoint received);

}  // namespace imece::sdk
