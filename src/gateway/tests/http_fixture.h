// A real server on a free port, with services that a test plays.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/api/contracts.h"
#include "gateway/edge/edge.h"
#include "gateway/http/server.h"
#include "gateway/tests/fake_upstream.h"
#include "gateway/tests/raw_client.h"
#include "testkit/fake_clock.h"

namespace imece::gateway {

class HttpFixture : public testing::Test {
protected:
    HttpFixture()
        : transcoder_(*Transcoder::make(contracts(),
                                        *google::protobuf::MessageFactory::generated_factory())) {
        config_.listen = "127.0.0.1:0";
        limits_.cors_origins = "";
    }
    ~HttpFixture() override {
        upstream_.release_held();
        if (server_) server_->stop(std::chrono::seconds(5));
    }
    void start() {
        edge_ = std::make_unique<Edge>(limits_,
                                       Edge::Deps{transcoder_, random_, metrics_, verify, {}, {}});
        server_ = std::make_unique<HttpServer>(
            config_, HttpServer::Deps{*edge_, upstream_, clock_, metrics_});
        const Status started = server_->start();
        ASSERT_TRUE(started) << started.error().message;
    }
    static Result<runtime::TokenClaims> verify(std::string_view token) {
        if (!token.starts_with("good"))
            return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID", "bad token");
        runtime::TokenClaims claims;
        claims.kind = "device";
        claims.subject = token;
        return claims;
    }
    static std::string get(const std::string& target, const std::string& more = "") {
        return "GET " + target + " HTTP/1.1\r\nhost: t\r\n" + more + "\r\n";
    }
    static std::string post(const std::string& target, const std::string& body,
                            const std::string& more = "") {
        return "POST " + target + " HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n" +
               more + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    static std::string reason(const RawClient::Response& response) {
        const auto at = response.body.find("\"reason\":\"");
        if (at == std::string::npos) return "";
        return response.body.substr(at + 10, response.body.find('"', at + 10) - at - 10);
    }
    static constexpr const char* kToken = "authorization: Bearer good\r\n";

    Transcoder transcoder_;
    SystemRandom random_;
    runtime::Metrics metrics_;
    testkit::FakeClock clock_;
    FakeUpstream upstream_;
    HttpConfig config_;
    EdgeLimits limits_;
    std::unique_ptr<Edge> edge_;
    std::unique_ptr<HttpServer> server_;
};

}  // namespace imece::gateway
