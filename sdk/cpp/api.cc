#include "sdk/cpp/api.h"

#include <google/protobuf/util/json_util.h>

#include <boost/asio/io_context.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "base/result.h"
#include "sdk/cpp/frame_json.h"
#include "sdk/cpp/http_client.h"
#include "sdk/cpp/proto_time.h"

namespace imece::sdk {
namespace {

namespace discovery = imece::discovery::v1;
namespace identity = imece::identity::v1;
namespace messaging = imece::messaging::v1;
namespace site = imece::site::v1;
namespace type = imece::type::v1;

constexpr int kDeskPagesMax = 100;

std::string json_of(const google::protobuf::Message& message) {
    std::string text;
    // Our own requests always have a JSON form; text that is no UTF-8 is for the server to refuse.
    if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) text = "{}";
    return text;
}

/// Percent-encodes what a page token could not hold in a query.
std::string query_text(std::string_view text) {
    return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

std::unexpected<Error> malformed() {
    return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED",
                "the answer is not what this version of the API says");
}

template <class T>
Result<T> parse_text(const std::string& text) {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;  // A newer server may say more.
    T message;
    if (!google::protobuf::util::JsonStringToMessage(text, &message, options).ok())
        return malformed();
    return message;
}

template <class T>
Result<T> parse(Result<std::string> answer) {
    if (!answer) return std::unexpected(std::move(answer).error());
    return parse_text<T>(*answer);
}

template <>
Result<discovery::ReportNodesResponse> parse(Result<std::string> answer) {
    if (!answer) return std::unexpected(std::move(answer).error());
    return parse_report_results(*answer);
}

HttpCall get(std::string target) {
    return {.target = std::move(target), .safe_to_repeat = true};
}

HttpCall post(std::string target, std::string body, bool safe_to_repeat) {
    return {.method = "POST",
            .target = std::move(target),
            .body = std::move(body),
            .safe_to_repeat = safe_to_repeat};
}

HttpCall enrol_call(const Device& device, std::string_view token, std::string_view label) {
    identity::EnrolDeviceRequest request;
    request.set_enrolment_token(std::string(token));
    request.set_public_key(std::string(text_of(device.public_key())));
    request.set_proof(std::string(text_of(device.enrol_proof(token))));
    request.set_label(std::string(label));
    return post("/v1/devices", json_of(request), true);
}

std::string path_of(const Device& device) {
    return "/v1/devices/" + to_text(device.id());
}

HttpCall challenge_call(const Device& device) {
    return post(path_of(device) + ":challenge", "{}", true);
}

HttpCall answer_call(const Device& device, const identity::Challenge& challenge) {
    identity::SignInDeviceRequest request;
    request.set_challenge(challenge.challenge());
    request.set_signature(
        std::string(text_of(device.sign_challenge(view_of(challenge.challenge())))));
    // A challenge is good once: what became of a lost answer is unknown.
    return post(path_of(device) + ":signIn", json_of(request), false);
}

HttpCall report_call(std::string_view token, std::span<const discovery::SignedReport> reports) {
    HttpCall call = post("/v1/nodes:report", reports_json(reports), true);
    call.token = token;
    return call;
}

template <class T>
HttpClient::Done parsing(AsyncApi::Done<T> done) {
    return [done = std::move(done)](Result<std::string> answer, const CallInfo& info) {
        done(parse<T>(std::move(answer)), info);
    };
}

}  // namespace

struct AsyncApi::State {
    std::shared_ptr<HttpClient> http;
};

AsyncApi::AsyncApi(boost::asio::io_context& io, Endpoint endpoint, ApiOptions options)
    : state_(std::make_shared<State>(HttpClient::make(io, std::move(endpoint), options))) {}

AsyncApi::~AsyncApi() {
    state_->http->stop();
}

void AsyncApi::call(HttpCall call, Done<std::string> done) {
    state_->http->call(std::move(call), std::move(done));
}

void AsyncApi::site(Done<site::Site> done) {
    call(get("/v1/site"), parsing(std::move(done)));
}

void AsyncApi::enrol(const Device& device, std::string_view enrolment_token, std::string_view label,
                     Done<identity::EnrolDeviceResponse> done) {
    call(enrol_call(device, enrolment_token, label), parsing(std::move(done)));
}

void AsyncApi::sign_in(const Device& device, Done<identity::DeviceSession> done) {
    // The second call is made by the first one's callback: by then this object may be gone.
    call(challenge_call(device),
         [&device, done = std::move(done), weak = std::weak_ptr(state_->http)](
             Result<std::string> answer, const CallInfo& info) {
             const auto challenge = parse<identity::Challenge>(std::move(answer));
             const auto http = weak.lock();
             if (!challenge) return done(std::unexpected(challenge.error()), info);
             if (http) http->call(answer_call(device, *challenge), parsing(done));
         });
}

void AsyncApi::report_nodes(std::string_view token,
                            std::span<const discovery::SignedReport> reports,
                            Done<discovery::ReportNodesResponse> done) {
    call(report_call(token, reports), parsing(std::move(done)));
}

void AsyncApi::device(std::string_view token, const DeviceId& id, Done<identity::Device> done) {
    HttpCall ask = get("/v1/devices/" + to_text(id));
    ask.token = token;
    call(std::move(ask), parsing(std::move(done)));
}

struct Api::State {
    State(Endpoint endpoint, ApiOptions options)
        : http(HttpClient::make(io, std::move(endpoint), options)) {}
    ~State() {
        http->stop();
        io.restart();
        io.poll();
    }

    Result<std::string> run(HttpCall call) {
        Result<std::string> result = malformed();
        bool answered = false;
        http->call(std::move(call), [&](Result<std::string> answer, const CallInfo& info) {
            result = std::move(answer);
            last = info;
            answered = true;
        });
        io.restart();
        while (!answered) io.run_one();
        return result;
    }

    template <class T>
    Result<T> ask(HttpCall call, bool with_token = true) {
        if (with_token) call.token = token;
        return parse<T>(run(std::move(call)));
    }

    boost::asio::io_context io{1};
    std::shared_ptr<HttpClient> http;
    std::string token;
    CallInfo last;
};

Api::Api(Endpoint endpoint, ApiOptions options)
    : state_(std::make_unique<State>(std::move(endpoint), options)) {}
Api::~Api() = default;
Api::Api(Api&&) noexcept = default;
Api& Api::operator=(Api&&) noexcept = default;

const CallInfo& Api::last_call() const {
    return state_->last;
}
void Api::set_token(std::string access_token) {
    state_->token = std::move(access_token);
}
const std::string& Api::token() const {
    return state_->token;
}

Result<std::string> Api::call(HttpCall call) {
    call.token = state_->token;
    return state_->run(std::move(call));
}

Result<site::Site> Api::site() {
    return state_->ask<site::Site>(get("/v1/site"), false);
}

Result<identity::User> Api::set_up(std::string_view setup_token, std::string_view name,
                                   std::string_view password) {
    identity::SetUpRequest request;
    request.set_setup_token(std::string(setup_token));
    request.set_name(std::string(name));
    request.set_password(std::string(password));
    return state_->ask<identity::User>(post("/v1/setup", json_of(request), false), false);
}

Result<identity::Session> Api::login(std::string_view name, std::string_view password) {
    identity::LoginRequest request;
    request.set_name(std::string(name));
    request.set_password(std::string(password));
    IMECE_TRY(identity::Session session,
              state_->ask<identity::Session>(post("/v1/sessions", json_of(request), true), false));
    state_->token = session.access_token();
    return session;
}

Result<identity::Session> Api::refresh(std::string_view refresh_token) {
    identity::RefreshSessionRequest request;
    request.set_refresh_token(std::string(refresh_token));
    IMECE_TRY(identity::Session session,
              state_->ask<identity::Session>(post("/v1/sessions:refresh", json_of(request), false),
                                             false));
    state_->token = session.access_token();
    return session;
}

Result<identity::EnrolmentToken> Api::create_enrolment_token(
    const identity::CreateEnrolmentTokenRequest& request) {
    return state_->ask<identity::EnrolmentToken>(
        post("/v1/enrolment-tokens", json_of(request), false));
}

Result<identity::Device> Api::enrol(Device& device, std::string_view enrolment_token,
                                    std::string_view label) {
    IMECE_TRY(auto answer, state_->ask<identity::EnrolDeviceResponse>(
                               enrol_call(device, enrolment_token, label), false));
    IMECE_CHECK(device.set_credential(std::move(*answer.mutable_credential())));
    return std::move(*answer.mutable_device());
}

Result<identity::Session> Api::sign_in(Device& device) {
    IMECE_TRY(const auto challenge,
              state_->ask<identity::Challenge>(challenge_call(device), false));
    IMECE_TRY(auto answer,
              state_->ask<identity::DeviceSession>(answer_call(device, challenge), false));
    IMECE_CHECK(device.set_credential(std::move(*answer.mutable_credential())));
    state_->token = answer.session().access_token();
    return std::move(*answer.mutable_session());
}

Result<identity::Device> Api::device(const DeviceId& id) {
    return state_->ask<identity::Device>(get("/v1/devices/" + to_text(id)));
}

Result<identity::Desk> Api::create_desk(std::string_view name, const crypto::PublicKey& key) {
    identity::CreateDeskRequest request;
    request.set_name(std::string(name));
    request.set_public_key(std::string(text_of(key)));
    return state_->ask<identity::Desk>(post("/v1/desks", json_of(request), false));
}

Result<std::vector<identity::Desk>> Api::desks() {
    std::vector<identity::Desk> desks;
    std::string page_token;
    for (int page = 0; page < kDeskPagesMax; ++page) {
        std::string target = "/v1/desks?pageSize=1000";
        if (!page_token.empty()) target += "&pageToken=" + query_text(page_token);
        IMECE_TRY(auto answer, state_->ask<identity::ListDesksResponse>(get(std::move(target))));
        for (auto& desk : *answer.mutable_desks()) desks.push_back(std::move(desk));
        page_token = answer.next_page_token();
        if (page_token.empty()) return desks;
    }
    return malformed();
}

Result<identity::Desk> Api::add_desk_device(const GroupId& desk, const DeviceId& device) {
    identity::AddDeskDeviceRequest request;
    request.set_device_id(to_text(device));
    return state_->ask<identity::Desk>(
        post("/v1/desks/" + to_text(desk) + "/devices", json_of(request), true));
}

Result<discovery::ReportNodesResponse> Api::report_nodes(
    std::span<const discovery::SignedReport> reports) {
    return state_->ask<discovery::ReportNodesResponse>(report_call({}, reports));
}

Result<messaging::SubmitMessageResponse> Api::submit(const type::SignedEnvelope& message) {
    return state_->ask<messaging::SubmitMessageResponse>(
        post("/v1/messages", json_of(message), true));
}

Result<messaging::Message> Api::message(const MessageId& id) {
    return state_->ask<messaging::Message>(get("/v1/messages/" + to_text(id)));
}

Result<messaging::Explanation> Api::explain(const MessageId& id) {
    return state_->ask<messaging::Explanation>(get("/v1/messages/" + to_text(id) + ":explain"));
}

SystemClock site_clock(const site::Site& site, TimePoint received) {
    return {std::max(site.time_scale(), 1u), received, time_of(site.now())};
}

}  // namespace imece::sdk
