#include "sdk/cpp/api.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <mutex>
#include <optional>

#include "sdk/cpp/peer_error.h"
#include "sdk/cpp/proto_time.h"
#include "sdk/cpp/tests/event_loop.h"
#include "sdk/cpp/tests/fake_http_server.h"
#include "testkit/temp_dir.h"

namespace imece::sdk {
namespace {

using namespace std::chrono_literals;
namespace http = boost::beast::http;
namespace identity = imece::identity::v1;
namespace type = imece::type::v1;

template <class T>
T from_json(const std::string& text) {
    T message;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &message).ok()) << text;
    return message;
}
std::string to_json(const google::protobuf::Message& message) {
    std::string text;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &text).ok());
    return text;
}

type::SignedCredential credential_of(const Device& device) {
    type::Credential credential;
    credential.set_device_id(std::string(text_of(device.id().view())));
    credential.set_public_key(std::string(text_of(device.public_key())));
    type::SignedCredential made;
    made.set_credential(credential.SerializeAsString());
    return made;
}

struct Seen {
    std::string method, target, body, authorization, content_type;
};

class ApiTest : public testing::Test {
protected:
    /// Each request is noted, then answered by the next of `replies_`, then by the last for ever.
    void serve() {
        server_ = make_fake_http_server([this](const HttpRequest& request) {
            const std::lock_guard lock(mutex_);
            seen_.push_back({std::string(request.method_string()), std::string(request.target()),
                             request.body(), std::string(request[http::field::authorization]),
                             std::string(request[http::field::content_type])});
            const std::size_t turn = std::min(seen_.size(), replies_.size()) - 1;
            return replies_[turn];
        });
    }
    Endpoint endpoint() const {
        return *Endpoint::parse("http://127.0.0.1:" + std::to_string(server_->port()));
    }
    Api& api(std::vector<FakeReply> replies) {
        replies_ = std::move(replies);
        serve();
        return api_.emplace(endpoint(), options_);
    }
    Seen last() {
        const std::lock_guard lock(mutex_);
        return seen_.back();
    }
    static FakeReply json(const google::protobuf::Message& message, int status = 200) {
        return {.status = status, .body = to_json(message)};
    }

    SeededRandom random_{1};
    Device device_ = Device::create(random_);
    ApiOptions options_;
    std::mutex mutex_;
    std::vector<FakeReply> replies_;
    std::vector<Seen> seen_;
    std::unique_ptr<FakeHttpServer> server_;
    std::optional<Api> api_;
};

TEST_F(ApiTest, asks_the_site_and_follows_its_clock) {
    auto& api =
        this->api({{.body = R"({"name":"hatay","exercise":true,"timeScale":60,)"
                            R"("now":"2023-02-06T01:17:34Z","grpcPort":7310,"later":[]})"}});
    const auto site = api.site();
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_EQ(site->name(), "hatay");
    EXPECT_EQ(site->grpc_port(), 7310);
    EXPECT_EQ(api.last_call().http_status, 200);
    EXPECT_EQ(last().method, "GET");
    EXPECT_EQ(last().target, "/v1/site");
    EXPECT_EQ(last().authorization, "");
    const SystemClock clock = site_clock(*site, SystemClock().now());
    EXPECT_EQ(clock.scale(), 60u);
    EXPECT_GE(clock.now(), time_of(site->now()));
    EXPECT_LE(clock.now(), time_of(site->now()) + 10min);
}

TEST_F(ApiTest, carries_the_token_of_whoever_signed_in) {
    identity::Session session;
    session.set_access_token("aaa");
    auto& api = this->api({json(session, 201), {}});
    ASSERT_TRUE(api.login("ayse", "correct horse"));
    EXPECT_EQ(last().target, "/v1/sessions");
    EXPECT_EQ(last().content_type, "application/json");
    EXPECT_EQ(from_json<identity::LoginRequest>(last().body).password(), "correct horse");
    EXPECT_EQ(last().authorization, "");
    EXPECT_EQ(api.token(), "aaa");
    ASSERT_TRUE(api.message(MessageId{{1}}));
    EXPECT_EQ(last().authorization, "Bearer aaa");
    EXPECT_EQ(last().target, "/v1/messages/01000000-0000-0000-0000-000000000000");
    ASSERT_TRUE(api.explain(MessageId{{1}}));
    EXPECT_EQ(last().target, "/v1/messages/01000000-0000-0000-0000-000000000000:explain");
    EXPECT_EQ(server_->connections(), 1);  // Kept.
}

TEST_F(ApiTest, enrols_a_device) {
    identity::EnrolDeviceResponse response;
    response.mutable_device()->set_label("phone");
    *response.mutable_credential() = credential_of(device_);
    auto& api = this->api({json(response, 201)});
    const auto enrolled = api.enrol(device_, "the-token", "phone");
    ASSERT_TRUE(enrolled);
    EXPECT_EQ(enrolled->label(), "phone");
    EXPECT_TRUE(device_.credential());
    EXPECT_EQ(last().target, "/v1/devices");
    const auto request = from_json<identity::EnrolDeviceRequest>(last().body);
    EXPECT_EQ(request.enrolment_token(), "the-token");
    EXPECT_EQ(request.public_key(), text_of(device_.public_key()));
    EXPECT_EQ(request.proof(), text_of(device_.enrol_proof("the-token")));
}

TEST_F(ApiTest, signs_in_by_challenge) {
    identity::Challenge challenge;
    challenge.set_challenge(std::string(32, 'c'));
    identity::DeviceSession session;
    session.mutable_session()->set_access_token("dev");
    *session.mutable_credential() = credential_of(device_);
    auto& api = this->api({json(challenge, 201), json(session, 201)});
    ASSERT_TRUE(api.sign_in(device_));
    EXPECT_EQ(api.token(), "dev");
    EXPECT_TRUE(device_.credential());
    ASSERT_EQ(seen_.size(), 2u);
    EXPECT_EQ(seen_[0].target, "/v1/devices/" + to_text(device_.id()) + ":challenge");
    EXPECT_EQ(seen_[0].body, "{}");
    EXPECT_EQ(seen_[1].target, "/v1/devices/" + to_text(device_.id()) + ":signIn");
    const auto answer = from_json<identity::SignInDeviceRequest>(seen_[1].body);
    EXPECT_TRUE(crypto::verify(device_.public_key(), crypto::kChallengeDomain,
                               view_of(answer.challenge()), view_of(answer.signature())));
}

TEST_F(ApiTest, takes_no_credential_of_another_device) {
    identity::EnrolDeviceResponse response;
    *response.mutable_credential() = credential_of(Device::create(random_));
    EXPECT_EQ(api({json(response, 201)}).enrol(device_, "t", "l").error().reason,
              "CREDENTIAL_INVALID");
}

TEST_F(ApiTest, makes_the_other_calls_as_documented) {
    auto& api = this->api({{}});
    api.set_token("t");
    EXPECT_TRUE(api.set_up("setup", "ayse", "password"));
    EXPECT_EQ(last().target, "/v1/setup");
    EXPECT_TRUE(api.refresh("r"));
    EXPECT_EQ(last().target, "/v1/sessions:refresh");
    EXPECT_TRUE(api.create_enrolment_token({}));
    EXPECT_EQ(last().target, "/v1/enrolment-tokens");
    EXPECT_TRUE(api.device(device_.id()));
    EXPECT_EQ(last().target, "/v1/devices/" + to_text(device_.id()));
    EXPECT_TRUE(api.create_desk("112", device_.public_key()));
    EXPECT_EQ(from_json<identity::CreateDeskRequest>(last().body).name(), "112");
    EXPECT_TRUE(api.add_desk_device(GroupId{{1}}, device_.id()));
    EXPECT_EQ(last().target, "/v1/desks/01000000-0000-0000-0000-000000000000/devices");
    type::SignedEnvelope envelope;
    envelope.set_envelope("e");
    EXPECT_TRUE(api.submit(envelope));
    EXPECT_EQ(last().target, "/v1/messages");
    EXPECT_EQ(from_json<type::SignedEnvelope>(last().body).envelope(), "e");
    const auto report = device_.report({});
    EXPECT_TRUE(api.report_nodes({&report, 1}));
    EXPECT_EQ(last().target, "/v1/nodes:report");
    EXPECT_EQ(*api.call({.target = "/v1/queues"}), "{}");
    EXPECT_EQ(last().target, "/v1/queues");
}

TEST_F(ApiTest, follows_the_pages_of_desks) {
    identity::ListDesksResponse first;
    first.add_desks()->set_name("a");
    first.set_next_page_token("b&c=/");
    identity::ListDesksResponse second;
    second.add_desks()->set_name("b");
    auto& api = this->api({json(first), json(second)});
    const auto desks = api.desks();
    ASSERT_TRUE(desks);
    ASSERT_EQ(desks->size(), 2u);
    EXPECT_EQ((*desks)[1].name(), "b");
    EXPECT_EQ(seen_[1].target, "/v1/desks?pageSize=1000&pageToken=b%26c%3D%2F");
}

TEST_F(ApiTest, gives_up_on_pages_without_end) {
    identity::ListDesksResponse page;
    page.set_next_page_token("again");
    EXPECT_EQ(api({json(page)}).desks().error().reason, "ANSWER_MALFORMED");
}

struct Refusal {
    int status;
    const char* body;
    ErrorCode code;
    std::string_view reason;
    std::string_view message;
};

TEST_F(ApiTest, maps_refusals) {
    constexpr const char* kNoWords = "the backend answered with HTTP status ";
    const Refusal kRefusals[] = {
        {404, R"({"code":"NOT_FOUND","reason":"MESSAGE_UNKNOWN","detail":"no such message"})",
         ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no such message"},
        {409, R"({"reason":"USER_NAME_TAKEN","title":"taken"})", ErrorCode::kAlreadyExists,
         "USER_NAME_TAKEN", "taken"},
        {412, R"({"type":"/docs/errors#EXERCISE_MISMATCH"})", ErrorCode::kFailedPrecondition,
         "EXERCISE_MISMATCH", kNoWords},
        {418, R"({"code":"ABORTED","reason":"TEAPOT"})", ErrorCode::kAborted, "PEER_ERROR",
         kNoWords},
        {503, "<html>bad gateway</html>", ErrorCode::kUnavailable, "PEER_ERROR", kNoWords},
        {599, "", ErrorCode::kUnknown, "PEER_ERROR", kNoWords},
        {403, R"({"reason":7,"code":[],"detail":null})", ErrorCode::kPermissionDenied, "PEER_ERROR",
         kNoWords},
        {401, R"({"reason":"REASON_UNSPECIFIED"})", ErrorCode::kUnauthenticated, "PEER_ERROR",
         kNoWords},
    };
    std::vector<FakeReply> replies;
    for (const Refusal& refusal : kRefusals)
        replies.push_back({.status = refusal.status, .body = refusal.body});
    auto& api = this->api(replies);
    for (const Refusal& refusal : kRefusals) {
        const auto got = api.site();
        ASSERT_FALSE(got) << refusal.body;
        EXPECT_EQ(got.error().code, refusal.code) << refusal.body;
        EXPECT_EQ(got.error().reason, refusal.reason) << refusal.body;
        EXPECT_THAT(got.error().message, testing::StartsWith(std::string(refusal.message)));
        EXPECT_EQ(api.last_call().http_status, refusal.status);
    }
}

TEST_F(ApiTest, hands_on_retry_after_and_the_trace) {
    auto& api = this->api({{.status = 429,
                            .body = R"({"reason":"RATE_LIMITED","traceId":"0123abcd"})",
                            .retry_after = "7"},
                           {}});
    EXPECT_EQ(api.site().error().reason, "RATE_LIMITED");
    EXPECT_EQ(api.last_call().retry_after, 7s);
    EXPECT_EQ(api.last_call().trace_id, "0123abcd");
    EXPECT_EQ(seen_.size(), 1u);  // And tries nothing by itself.
    EXPECT_TRUE(api.site());
    EXPECT_EQ(api.last_call().retry_after, 0s);
}

TEST_F(ApiTest, refuses_answers_that_it_does_not_understand) {
    for (const char* body : {"", "hello", "[]", R"({"timeScale":"many"})"}) {
        auto& api = this->api({{.body = body}});
        EXPECT_EQ(api.site().error().reason, "ANSWER_MALFORMED") << body;
        seen_.clear();
    }
    options_.answer_bytes_max = 100;
    EXPECT_EQ(api({{.body = std::string(200, ' ')}}).site().error().reason, "ANSWER_MALFORMED");
}

TEST_F(ApiTest, comes_back_over_a_connection_that_died_in_between) {
    auto& api = this->api({{.close_after = true}, {.hang_up = true}, {}});
    ASSERT_TRUE(api.site());
    // Whether the end of the first connection was seen before or during the second call, the third
    // request is answered or the second is an error: nothing is silently lost.
    const auto second = api.site();
    EXPECT_EQ(second ? "" : second.error().reason, "PEER_UNREACHABLE");
    EXPECT_TRUE(api.site());
}

TEST_F(ApiTest, repeats_on_a_dead_connection_only_what_is_safe) {
    auto& api = this->api({{}, {.hang_up = true}, {}, {.hang_up = true}, {}});
    ASSERT_TRUE(api.site());
    EXPECT_TRUE(api.site());  // Hung up on, asked again.
    EXPECT_EQ(seen_.size(), 3u);
    const auto made = api.create_enrolment_token({});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, "PEER_UNREACHABLE");
    EXPECT_EQ(seen_.size(), 4u);
}

TEST_F(ApiTest, does_not_wait_for_ever) {
    std::latch over(1);
    server_ = make_fake_http_server([&](const HttpRequest&) {
        over.wait();
        return FakeReply{};
    });
    Api api(endpoint(), {.timeout = 50ms});
    const auto got = api.site();
    over.count_down();
    server_.reset();  // Before what its threads use.
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(got.error().reason, "DEADLINE_PASSED");
}

TEST_F(ApiTest, nobody_there_is_unreachable) {
    replies_ = {{}};
    serve();
    const Endpoint gone = endpoint();
    server_.reset();
    EXPECT_EQ(Api(gone).site().error().reason, "PEER_UNREACHABLE");
    EXPECT_EQ(Api(*Endpoint::parse("http://no-such-host.invalid")).site().error().reason,
              "PEER_UNREACHABLE");
}

TEST_F(ApiTest, trusts_only_its_authorities_and_the_right_name) {
    const testkit::TempDir dir;
    const auto ca = dir.path() / "ca.pem";
    const auto server = make_fake_https_server(
        [](const HttpRequest&) { return FakeReply{.body = R"({"name":"safe"})"}; }, ca);
    const std::string port = std::to_string(server->port());
    Api trusting(*Endpoint::parse("https://localhost:" + port, ca));
    const auto site = trusting.site();
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_EQ(site->name(), "safe");
    EXPECT_TRUE(trusting.site());
    EXPECT_EQ(server->connections(), 1);
    // The system does not know the authority; the certificate does not know the address.
    EXPECT_EQ(Api(*Endpoint::parse("https://localhost:" + port)).site().error().reason,
              "PEER_UNREACHABLE");
    EXPECT_EQ(Api(*Endpoint::parse("https://127.0.0.1:" + port, ca)).site().error().reason,
              "PEER_UNREACHABLE");
}

class AsyncApiTest : public ApiTest {
protected:
    boost::asio::io_context io_;
};

TEST_F(AsyncApiTest, drives_many_devices_over_few_connections) {
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::map<std::string, std::string> answers;
    std::vector<Device> devices;
    for (int i = 0; i < 200; ++i) devices.push_back(Device::create(random_));
    for (const Device& device : devices) {
        identity::Challenge challenge;
        challenge.set_challenge(std::string(32, 'c'));
        answers["/v1/devices/" + to_text(device.id()) + ":challenge"] = to_json(challenge);
        identity::DeviceSession session;
        session.mutable_session()->set_access_token(to_text(device.id()));
        *session.mutable_credential() = credential_of(device);
        answers["/v1/devices/" + to_text(device.id()) + ":signIn"] = to_json(session);
    }
    server_ = make_fake_http_server([&](const HttpRequest& request) {
        const int here = ++now;
        int before = most;
        while (here > before && !most.compare_exchange_weak(before, here)) {
        }
        FakeReply reply{.status = 201, .body = answers.at(std::string(request.target()))};
        --now;
        return reply;
    });
    AsyncApi api(io_, endpoint(), {.connections = 4});
    std::size_t signed_in = 0;
    for (Device& device : devices)
        api.sign_in(device, [&](Result<identity::DeviceSession> session, const CallInfo& info) {
            ASSERT_TRUE(session) << session.error().message;
            EXPECT_EQ(info.http_status, 201);
            EXPECT_EQ(session->session().access_token(), to_text(device.id()));
            EXPECT_TRUE(device.set_credential(session->credential()));
            ++signed_in;
        });
    run_until(io_, [&] { return signed_in == devices.size(); });
    EXPECT_LE(server_->connections(), 4);
    server_.reset();
    EXPECT_LE(most, 4);
}

TEST_F(AsyncApiTest, makes_each_call) {
    identity::EnrolDeviceResponse enrolled;
    *enrolled.mutable_credential() = credential_of(device_);
    replies_ = {json(enrolled, 201),
                {.body = R"({"results":[{"reason":"REPORT_STALE"}]})"},
                {.status = 404, .body = R"({"reason":"DEVICE_UNKNOWN"})"},
                {}};
    serve();
    AsyncApi api(io_, endpoint());
    int answered = 0;
    api.enrol(device_, "token", "label", [&](auto answer, const CallInfo&) {
        EXPECT_TRUE(answer && answer->has_credential());
        ++answered;
    });
    const auto report = device_.report({});
    api.report_nodes("tok", {&report, 1}, [&](auto answer, const CallInfo&) {
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->results(0).reason(), "REPORT_STALE");
        ++answered;
    });
    api.device("tok", device_.id(), [&](auto answer, const CallInfo& info) {
        EXPECT_EQ(answer.error().reason, "DEVICE_UNKNOWN");
        EXPECT_EQ(info.http_status, 404);
        ++answered;
    });
    api.site([&](auto answer, const CallInfo&) {
        EXPECT_TRUE(answer);
        ++answered;
    });
    run_until(io_, [&] { return answered == 4; });
    EXPECT_EQ(seen_[1].authorization, "Bearer tok");
    EXPECT_EQ(seen_[3].authorization, "");
}

TEST_F(AsyncApiTest, bounds_what_waits_and_how_long) {
    std::latch over(1);
    server_ = make_fake_http_server([&](const HttpRequest&) {
        over.wait();
        return FakeReply{};
    });
    AsyncApi api(io_, endpoint(), {.waiting_max = 2, .timeout = 100ms});
    std::vector<std::string_view> reasons;
    for (int i = 0; i < 5; ++i)
        api.site([&](auto answer, const CallInfo&) {
            reasons.push_back(answer ? "" : answer.error().reason);
        });
    run_until(io_, [&] { return reasons.size() == 5; });
    over.count_down();
    server_.reset();
    EXPECT_EQ(std::ranges::count(reasons, "SEND_QUEUE_FULL"), 2);
    EXPECT_EQ(std::ranges::count(reasons, "DEADLINE_PASSED"), 3);
}

TEST_F(AsyncApiTest, calls_nobody_back_after_its_end) {
    std::latch asked(1);
    std::latch over(1);
    server_ = make_fake_http_server([&](const HttpRequest&) {
        asked.count_down();
        over.wait();
        return FakeReply{};
    });
    bool called = false;
    {
        AsyncApi api(io_, endpoint());
        api.site([&](auto, const CallInfo&) { called = true; });
        run_until(io_, [&] { return asked.try_wait(); });
    }
    over.count_down();
    io_.restart();
    io_.run_for(5s);  // Returns as soon as nothing is left to do.
    EXPECT_TRUE(io_.stopped());
    server_.reset();
    EXPECT_FALSE(called);
}

struct Url {
    const char* text;
    const char* authority;  ///< Empty: refused.
    bool tls = false;
};

TEST(Endpoint, reads_urls) {
    constexpr Url kUrls[] = {
        {"http://127.0.0.1:8080", "127.0.0.1:8080"},
        {"http://127.0.0.1:8080/", "127.0.0.1:8080"},
        {"http://site.example", "site.example:80"},
        {"https://site.example", "site.example:443", true},
        {"http://[::1]:8080", "[::1]:8080"},
        {"", ""},
        {"127.0.0.1:8080", ""},
        {"ftp://site.example", ""},
        {"http://", ""},
        {"http://site.example:0", ""},
        {"http://site.example:99999", ""},
        {"http://site.example/v1", ""},
        {"http://u:p@site.example", ""},
        {"http://site.example?x=1", ""},
        {"http://site.example#x", ""},
        {"http://a b", ""},
    };
    for (const Url& url : kUrls) {
        const auto got = Endpoint::parse(url.text);
        EXPECT_EQ(got ? got->authority() : "", url.authority) << url.text;
        if (!got) {
            EXPECT_EQ(got.error().reason, "URL_INVALID") << url.text;
        } else {
            EXPECT_EQ(got->tls() != nullptr, url.tls) << url.text;
        }
    }
    EXPECT_EQ(Endpoint::parse("http://[::1]:80")->host(), "::1");
}

TEST(Endpoint, refuses_a_ca_file_that_is_none) {
    const testkit::TempDir dir;
    EXPECT_EQ(Endpoint::parse("https://a", dir.path() / "none").error().reason, "CONFIG_INVALID");
    std::ofstream(dir.path() / "letter") << "dear mother";
    EXPECT_EQ(Endpoint::parse("https://a", dir.path() / "letter").error().reason, "CONFIG_INVALID");
}

TEST(PeerError, reads_close_reasons) {
    EXPECT_EQ(error_of_close("STREAM_REPLACED: newer").message, "newer");
    EXPECT_EQ(error_of_close("STREAM_REPLACED").code, ErrorCode::kAborted);
    EXPECT_EQ(error_of_close("").reason, "PEER_ERROR");
    EXPECT_EQ(error_of_close("so long: and thanks").reason, "PEER_ERROR");
    EXPECT_EQ(known_reason(std::string(200, 'A')), "PEER_ERROR");
}

}  // namespace
}  // namespace imece::sdk
