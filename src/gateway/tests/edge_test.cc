#include "gateway/edge/edge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/api/contracts.h"
#include "gateway/api/json_check.h"
#include "runtime/settings/key.h"

namespace imece::gateway {
namespace {

using namespace std::chrono_literals;

class EdgeTest : public testing::Test {
protected:
    EdgeTest()
        : transcoder_(*Transcoder::make(contracts(),
                                        *google::protobuf::MessageFactory::generated_factory())) {
        limits_.cors_origins = "https://map.example, https://two.example";
        make();
    }
    void make() {
        Pages pages;
        pages.emplace("/docs", Page{"text/html", "page"});
        edge_ = std::make_unique<Edge>(limits_, Edge::Deps{transcoder_,
                                                           random_,
                                                           metrics_,
                                                           verify,
                                                           [this] { return ready_; },
                                                           std::move(pages),
                                                           {},
                                                           tracer_});
    }
    static Result<runtime::TokenClaims> verify(std::string_view token) {
        if (token == "late") return fail(ErrorCode::kUnauthenticated, "TOKEN_EXPIRED", "too late");
        if (token == "early")
            return fail(ErrorCode::kUnavailable, "KEYS_UNAVAILABLE", "no keys yet");
        if (!token.starts_with("good"))
            return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID", "no");
        runtime::TokenClaims claims;
        claims.kind = "device";
        claims.subject = token;
        return claims;
    }
    RequestHead get(std::string_view target, std::string_view authorization = "") {
        RequestHead head;
        head.method = "GET";
        head.target = target;
        head.authorization = authorization;
        head.address = "10.0.0.1";
        return head;
    }
    /// Status, and the reason where there is one.
    std::string outcome(const RequestHead& head) {
        Visit visit = edge_->admit(head, now_);
        if (visit.call() != nullptr) return "call";
        const Reply& reply = std::get<Reply>(visit.outcome);
        last_ = edge_->finish(visit, reply, now_);
        const auto at = reply.body.find("\"reason\":\"");
        if (at == std::string::npos) return std::to_string(reply.status);
        return std::to_string(reply.status) + " " +
               reply.body.substr(at + 10, reply.body.find('"', at + 10) - at - 10);
    }
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : last_.headers)
            if (key == name) return value;
        return {};
    }

    Transcoder transcoder_;
    SeededRandom random_{7};
    runtime::Metrics metrics_;
    Status ready_;
    EdgeLimits limits_;
    SteadyPoint now_{1h};
    std::unique_ptr<Edge> edge_;
    Reply last_;
    runtime::Tracer* tracer_ = nullptr;
};

TEST_F(EdgeTest, lets_good_requests_on) {
    EXPECT_EQ(outcome(get("/v1/site")), "call");
    EXPECT_EQ(outcome(get("/v1/messages/x", "Bearer good")), "call");
    EXPECT_EQ(outcome(get("/v1/messages/x", "bearer  good ")), "call");
    Visit visit = edge_->admit(get("/v1/messages/x:explain", "Bearer good1"), now_);
    ASSERT_NE(visit.call(), nullptr);
    EXPECT_EQ(visit.call()->head.authorization, "Bearer good1");
    EXPECT_EQ(visit.call()->head.timeout, 30s);
    EXPECT_EQ(visit.call()->principal, "device:good1");
    EXPECT_EQ(visit.call()->head.trace_parent, visit.trace.header());
    EXPECT_EQ(visit.call()->request->ShortDebugString(), "message_id: \"x\"");
}

TEST_F(EdgeTest, refuses_what_lacks_a_good_token) {
    EXPECT_EQ(outcome(get("/v1/messages/x")), "401 TOKEN_MISSING");
    EXPECT_EQ(header("www-authenticate"), R"(Bearer realm="imece")");
    EXPECT_EQ(outcome(get("/v1/messages/x", "Bearer bad")), "401 TOKEN_INVALID");
    EXPECT_EQ(header("www-authenticate"), R"(Bearer realm="imece", error="invalid_token")");
    EXPECT_EQ(outcome(get("/v1/messages/x", "Bearer late")), "401 TOKEN_EXPIRED");
    EXPECT_EQ(outcome(get("/v1/messages/x", "Bearer early")), "503 KEYS_UNAVAILABLE");
    for (const char* header_value : {"Basic eDp5", "Bearer", "Bearer ", "good"})
        EXPECT_EQ(outcome(get("/v1/messages/x", header_value)), "401 TOKEN_INVALID")
            << header_value;
    EXPECT_EQ(outcome(get("/v1/site", "Bearer bad")), "401 TOKEN_INVALID");
}

TEST_F(EdgeTest, tells_wrong_routes) {
    EXPECT_EQ(outcome(get("/v1/nope")), "404 ROUTE_UNKNOWN");
    auto head = get("/v1/site");
    head.method = "DELETE";
    EXPECT_EQ(outcome(head), "405 METHOD_NOT_ALLOWED");
    EXPECT_EQ(header("allow"), "GET");
    EXPECT_EQ(outcome(get("/v1/site?x=1")), "400 QUERY_INVALID");
    EXPECT_EQ(outcome(get("*")), "400 HTTP_MALFORMED");
    head = get("/v1/messages:stream", "Bearer good");
    head.method = "HEAD";
    EXPECT_EQ(outcome(head), "405 METHOD_NOT_ALLOWED");
    head = get("/docs");
    head.method = "POST";
    EXPECT_EQ(outcome(head), "405 METHOD_NOT_ALLOWED");
    EXPECT_EQ(header("allow"), "GET, HEAD");
}

TEST_F(EdgeTest, takes_a_timeout_within_its_bound) {
    for (const auto& [text, want] :
         {std::pair{"1000", "call"}, std::pair{"60000", "call"},
          std::pair{"999", "400 HTTP_MALFORMED"}, std::pair{"0", "400 HTTP_MALFORMED"},
          std::pair{"60001", "400 HTTP_MALFORMED"}, std::pair{"1s", "400 HTTP_MALFORMED"},
          std::pair{"-1", "400 HTTP_MALFORMED"}}) {
        auto head = get("/v1/site");
        head.timeout_ms = text;
        EXPECT_EQ(outcome(head), want) << text;
    }
}

TEST_F(EdgeTest, limits_a_principal_apart_from_others) {
    for (int i = 0; i < 400; ++i) ASSERT_EQ(outcome(get("/v1/queues", "Bearer good1")), "call");
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good1")), "429 RATE_LIMITED");
    EXPECT_EQ(header("retry-after"), "1");
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good2")), "call");
    now_ += 10ms;
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good1")), "call");
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good1")), "429 RATE_LIMITED");
    EXPECT_EQ(edge_->frame_pause("device:good1", now_), 10ms);
    EXPECT_EQ(edge_->frame_pause("device:good3", now_), 0ms);
}

TEST_F(EdgeTest, limits_calls_without_a_good_token_by_address) {
    limits_.anonymous = {1, 2};
    make();
    EXPECT_EQ(outcome(get("/v1/site")), "call");
    EXPECT_EQ(outcome(get("/v1/site", "Bearer guess")), "401 TOKEN_INVALID");
    EXPECT_EQ(outcome(get("/v1/site")), "429 RATE_LIMITED");
    EXPECT_EQ(outcome(get("/v1/site", "Bearer good")), "call");
    auto other = get("/v1/site");
    other.address = "10.0.0.2";
    EXPECT_EQ(outcome(other), "call");
}

TEST_F(EdgeTest, limits_an_address_whoever_calls) {
    limits_.address = {1, 2};
    make();
    EXPECT_EQ(outcome(get("/docs")), "200");
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good")), "call");
    EXPECT_EQ(outcome(get("/v1/queues", "Bearer good")), "429 RATE_LIMITED");
}

TEST_F(EdgeTest, follows_its_own_share_of_traces_whoever_asks) {
    RequestHead head = get("/docs");
    head.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    outcome(head);
    EXPECT_THAT(header("traceparent"), testing::EndsWith("-00"));

    runtime::Tracer none({.share = 0}, random_, metrics_);
    runtime::Tracer all({.share = 1}, random_, metrics_);
    tracer_ = &none;
    make();
    outcome(head);
    EXPECT_THAT(header("traceparent"), testing::EndsWith("-00"));
    none.close();
    EXPECT_TRUE(none.take(1, std::chrono::milliseconds(0)).empty());

    tracer_ = &all;
    make();
    outcome(head);
    EXPECT_THAT(header("traceparent"), testing::EndsWith("-01"));
    const auto spans = all.take(1, std::chrono::milliseconds(0));
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0].name, "HTTP page");
    EXPECT_EQ(spans[0].context.trace_id_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(spans[0].context.header(), header("traceparent"));
}

TEST_F(EdgeTest, serves_its_own_pages) {
    EXPECT_EQ(outcome(get("/docs")), "200");
    auto again = get("/docs");
    const std::string tag = header("etag");
    again.if_none_match = tag;
    EXPECT_EQ(outcome(again), "304");
    EXPECT_EQ(outcome(get("/healthz")), "200");
    EXPECT_EQ(outcome(get("/readyz")), "200");
    ready_ = fail(ErrorCode::kUnavailable, "STORE_DOWN", "the store is not open");
    EXPECT_EQ(outcome(get("/readyz")), "503 STORE_DOWN");
    EXPECT_EQ(header("retry-after"), "1");
    EXPECT_EQ(outcome(get("/metrics")), "404 ROUTE_UNKNOWN");
    auto near = get("/metrics");
    near.loopback = true;
    EXPECT_EQ(outcome(near), "200");
    EXPECT_NE(last_.body.find("imece_gateway_requests_total"), std::string::npos);
    limits_.metrics_public = true;
    make();
    EXPECT_EQ(outcome(get("/metrics")), "200");
}

TEST_F(EdgeTest, wants_an_upgrade_and_a_token_for_the_socket) {
    EXPECT_EQ(outcome(get("/v1/connect", "Bearer good")), "426 METHOD_NOT_ALLOWED");
    auto head = get("/v1/connect");
    head.upgrade = true;
    EXPECT_EQ(outcome(head), "401 TOKEN_MISSING");
    head.socket_protocols = "imece.v1, bearer.bad";
    EXPECT_EQ(outcome(head), "401 TOKEN_INVALID");
    head.socket_protocols = "imece.v1,bearer.good9";
    Visit visit = edge_->admit(head, now_);
    ASSERT_NE(visit.call(), nullptr);
    EXPECT_TRUE(visit.call()->socket && visit.call()->socket_protocol);
    EXPECT_EQ(visit.call()->principal, "device:good9");
    head = get("/v1/connect", "Bearer good");
    head.upgrade = true;
    visit = edge_->admit(head, now_);
    ASSERT_NE(visit.call(), nullptr);
    EXPECT_FALSE(visit.call()->socket_protocol);
}

TEST_F(EdgeTest, answers_listed_origins_only) {
    auto head = get("/v1/site");
    head.method = "OPTIONS";
    head.origin = "https://two.example";
    head.preflight_method = "GET";
    EXPECT_EQ(outcome(head), "204");
    EXPECT_EQ(header("access-control-allow-origin"), "https://two.example");
    EXPECT_EQ(header("access-control-allow-methods"), "GET");
    EXPECT_EQ(header("vary"), "origin");
    head.origin = "https://evil.example";
    EXPECT_EQ(outcome(head), "405 METHOD_NOT_ALLOWED");
    EXPECT_EQ(header("access-control-allow-origin"), "");
}

TEST_F(EdgeTest, reads_bodies_of_json_only) {
    const auto body = [&](std::string_view content_type, std::string_view text) -> std::string {
        auto head = get("/v1/sessions");
        head.method = "POST";
        Visit visit = edge_->admit(head, now_);
        edge_->take_body(visit, content_type, text);
        return visit.call() != nullptr ? "call"
                                       : std::to_string(std::get<Reply>(visit.outcome).status);
    };
    EXPECT_EQ(body("application/json", R"({"name":"a"})"), "call");
    EXPECT_EQ(body("Application/JSON; charset=UTF-8", R"({"name":"a"})"), "call");
    EXPECT_EQ(body("application/json;charset=\"utf-8\"", "{}"), "call");
    EXPECT_EQ(body("", ""), "call");
    EXPECT_EQ(body("", "{}"), "415");
    EXPECT_EQ(body("text/plain", "{}"), "415");
    EXPECT_EQ(body("application/json; charset=latin-1", "{}"), "415");
    EXPECT_EQ(body("application/jsonp", "{}"), "415");
    EXPECT_EQ(body("application/json", "{"), "400");
    EXPECT_EQ(body("application/json", R"({"nope":1})"), "400");
}

TEST_F(EdgeTest, carries_the_callers_trace_on) {
    auto head = get("/v1/nope");
    head.trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(outcome(head), "404 ROUTE_UNKNOWN");
    EXPECT_TRUE(header("traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    EXPECT_NE(last_.body.find("0af7651916cd43dd8448eb211c80319c"), std::string::npos);
}

TEST(Reply, has_the_headers_of_security) {
    std::string head;
    write_head(Reply{200, "application/json", "{}"}, Framing{.tls = true}, "D", head);
    for (const char* line :
         {"HTTP/1.1 200 OK\r\n", "\r\ndate: D\r\n", "\r\ncontent-length: 2\r\n",
          "\r\ncache-control: no-store\r\n", "\r\nx-content-type-options: nosniff\r\n",
          "\r\nx-frame-options: DENY\r\n", "\r\nreferrer-policy: no-referrer\r\n",
          "\r\ncontent-security-policy: default-src 'self';", "\r\nstrict-transport-security: "})
        EXPECT_NE(head.find(line), std::string::npos) << line;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    std::string plain;
    write_head(Reply{204}, Framing{.keep_alive = false}, "D", plain);
    EXPECT_EQ(plain.find("strict-transport"), std::string::npos);
    EXPECT_EQ(plain.find("content-length"), std::string::npos);
    for (const auto& [caching, word] :
         {std::pair{Caching::kRevalidate, "no-cache"}, {Caching::kForEver, "immutable"}}) {
        std::string page;
        write_head(Reply{.status = 304, .caching = caching}, Framing{}, "D", page);
        EXPECT_NE(page.find(word), std::string::npos);
        EXPECT_EQ(page.find("content-"), page.find("content-security-policy"));
    }
    EXPECT_NE(plain.find("\r\nconnection: close\r\n"), std::string::npos);
    EXPECT_EQ(http_date(from_unix_ms(1'675'646'254'999)), "Mon, 06 Feb 2023 01:17:34 GMT");
}

TEST_F(EdgeTest, a_web_socket_is_for_whom_it_is_turned_on) {
    bool on = false;
    edge_ = std::make_unique<Edge>(limits_, Edge::Deps{transcoder_,
                                                       random_,
                                                       metrics_,
                                                       verify,
                                                       {},
                                                       {},
                                                       [&](const runtime::TokenClaims& claims) {
                                                           return on && claims.subject == "good";
                                                       }});
    RequestHead head = get("/v1/connect", "Bearer good");
    head.upgrade = true;
    EXPECT_EQ(outcome(head), "400 FEATURE_OFF");
    on = true;
    EXPECT_EQ(outcome(head), "call");
    head.authorization = "Bearer good1";
    EXPECT_EQ(outcome(head), "400 FEATURE_OFF");
    head.authorization = "";
    EXPECT_EQ(outcome(head), "401 TOKEN_MISSING");
}

TEST_F(EdgeTest, changed_rates_hold_from_the_next_call_on) {
    edge_->set_rates({.principal = {1, 1}, .address = {1, 100}, .anonymous = {1, 2}});
    EXPECT_EQ(outcome(get("/v1/site", "Bearer good")), "call");
    EXPECT_EQ(outcome(get("/v1/site", "Bearer good")), "429 RATE_LIMITED");
    EXPECT_EQ(outcome(get("/v1/site")), "call");
    EXPECT_EQ(outcome(get("/v1/site")), "call");
    EXPECT_EQ(outcome(get("/v1/site")), "429 RATE_LIMITED");
    edge_->set_rates({.principal = {1, 5}, .address = {1, 100}, .anonymous = {1, 2}});
    EXPECT_EQ(outcome(get("/v1/site", "Bearer good")), "call");
}

TEST(EdgeLimits, are_those_that_the_settings_name_as_defaults) {
    const auto is_default = [](const char* key, std::uint64_t value) {
        EXPECT_EQ(runtime::find_key(key)->default_value, std::to_string(value)) << key;
    };
    const EdgeLimits limits;
    is_default("gateway.principal_rate", limits.principal.per_second);
    is_default("gateway.principal_burst", limits.principal.burst);
    is_default("gateway.address_rate", limits.address.per_second);
    is_default("gateway.address_burst", limits.address.burst);
    is_default("gateway.anonymous_rate", limits.anonymous.per_second);
    is_default("gateway.anonymous_burst", limits.anonymous.burst);
}

}  // namespace
}  // namespace imece::gateway
