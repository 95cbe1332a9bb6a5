// HTTP as it comes over a real socket: good, bad, slow and half-closed.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <cerrno>
#include <thread>

#include <cstdio>

#include "gateway/tests/http_fixture.h"
#include "imece/site/v1/site.pb.h"
#include "testkit/temp_dir.h"

namespace imece::gateway {
namespace {

using namespace std::chrono_literals;

class Http : public HttpFixture {};

TEST_F(Http, answers_a_read) {
    upstream_.answer = [](const Operation& operation, const CallHead& head, const auto&,
                          auto& response) -> std::optional<Failure> {
        EXPECT_EQ(operation.rpc, "/imece.site.v1.SiteService/GetSite");
        EXPECT_TRUE(head.trace_parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        EXPECT_EQ(head.timeout, 1500ms);
        static_cast<imece::site::v1::Site&>(response).set_name("Hatay");
        return std::nullopt;
    };
    start();
    RawClient client(server_->port());
    const auto got =
        client.ask(get("/v1/site",
                       "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                       "x-timeout-ms: 1500\r\n"));
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.header("content-type"), "application/json");
    EXPECT_EQ(
        got.body,
        R"({"name":"Hatay","exercise":false,"timeScale":0,"version":"","services":[],"grpcPort":0})");
    EXPECT_TRUE(got.header("traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    EXPECT_EQ(got.header("date"), "Mon, 06 Feb 2023 01:17:34 GMT");
    EXPECT_EQ(got.header("x-content-type-options"), "nosniff");
}

TEST_F(Http, keeps_a_connection_for_many_requests_and_pipelines) {
    start();
    RawClient client(server_->port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get("/v1/site")).status, 200);
    client.send(get("/v1/site") + get("/v1/nope") + post("/v1/sessions", "{}") +
                get("/v1/site", "connection: close\r\n"));
    EXPECT_EQ(client.response().status, 200);
    EXPECT_EQ(client.response().status, 404);
    EXPECT_EQ(client.response().status, 201);
    const auto last = client.response();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.header("connection"), "close");
    EXPECT_TRUE(client.at_end());
}

TEST_F(Http, takes_bodies_by_length_and_in_chunks) {
    std::string seen;
    upstream_.answer = [&](const auto&, const auto&, const google::protobuf::Message& request,
                           auto&) -> std::optional<Failure> {
        seen = request.ShortDebugString();
        return std::nullopt;
    };
    start();
    RawClient client(server_->port());
    EXPECT_EQ(client.ask(post("/v1/sessions", R"({"name":"ayse"})")).status, 201);
    EXPECT_EQ(seen, R"(name: "ayse")");
    const auto chunked = client.ask(
        "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n"
        "transfer-encoding: chunked\r\n\r\n8\r\n{\"name\":\r\n3\r\n\"b\"\r\n1\r\n}\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.status, 201) << chunked.body;
    EXPECT_EQ(seen, R"(name: "b")");
    client.send(
        "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\nexpect: "
        "100-continue\r\n"
        "content-length: 2\r\n\r\n");
    EXPECT_EQ(client.response().status, 100);
    EXPECT_EQ(client.ask("{}").status, 201);
}

TEST_F(Http, speaks_head_and_http_1_0) {
    start();
    RawClient client(server_->port());
    client.send("HEAD /v1/site HTTP/1.1\r\nhost: t\r\n\r\n");
    const auto head = client.response(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_NE(head.header("content-length"), "0");
    EXPECT_EQ(client.ask(get("/v1/site")).status, 200);
    RawClient old(server_->port());
    EXPECT_EQ(old.ask("GET /v1/site HTTP/1.0\r\n\r\n").status, 200);
    EXPECT_TRUE(old.at_end());
}

TEST_F(Http, tells_failures_as_problems) {
    upstream_.answer = [](const Operation& operation, const auto&, const auto&,
                          auto&) -> std::optional<Failure> {
        if (operation.method->name() == "GetSite")
            return Failure{Error{ErrorCode::kUnavailable, "STORE_DOWN", "down"}, 2500ms};
        return Failure{Error{ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no message"}, {}};
    };
    start();
    RawClient client(server_->port());
    auto got = client.ask(get("/v1/site"));
    EXPECT_EQ(got.status, 503);
    EXPECT_EQ(got.header("retry-after"), "3");
    EXPECT_EQ(got.header("content-type"), "application/problem+json");
    got = client.ask(get("/v1/messages/x", kToken));
    EXPECT_EQ(got.status, 404);
    EXPECT_EQ(reason(got), "MESSAGE_UNKNOWN");
    got = client.ask(get("/v1/messages/x", "authorization: Bearer bad\r\n"));
    EXPECT_EQ(got.status, 401);
    EXPECT_NE(got.header("www-authenticate"), "");
    EXPECT_EQ(client.ask(post("/v1/sessions", "{\"name\":\"\xff\"}")).status, 400);
    EXPECT_EQ(reason(client.ask(post("/v1/sessions", "{'a':1}"))), "BODY_NOT_JSON");
}

struct BadHead {
    const char* name;
    std::string bytes;
    int status;
    std::string_view reason = "HTTP_MALFORMED";
};
class BadHeads : public HttpFixture, public testing::WithParamInterface<BadHead> {};
TEST_P(BadHeads, are_refused_and_the_connection_closed) {
    start();
    RawClient client(server_->port());
    client.send(GetParam().bytes);
    const auto got = client.response();
    EXPECT_EQ(got.status, GetParam().status) << got.head << got.body;
    EXPECT_EQ(reason(got), GetParam().reason);
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_TRUE(client.at_end());
    EXPECT_EQ(upstream_.calls(), 0);
    RawClient next(server_->port());
    EXPECT_EQ(next.ask(get("/v1/site")).status, 200);
}
INSTANTIATE_TEST_SUITE_P(
    table, BadHeads,
    testing::Values(
        BadHead{"no_http", "hello there\r\n\r\n", 400},
        BadHead{"other_version", "GET / HTTP/2.0\r\nhost: t\r\n\r\n", 400},
        BadHead{"tls_hello",
                std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n", 16), 400},
        BadHead{"no_host", "GET /v1/site HTTP/1.1\r\n\r\n", 400},
        BadHead{"two_hosts", "GET /v1/site HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400},
        BadHead{"two_lengths",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ncontent-length: "
                "2\r\n\r\nab",
                400},
        BadHead{"length_and_chunks",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-length: 3\r\ntransfer-encoding: "
                "chunked\r\n\r\n0\r\n\r\n",
                400},
        BadHead{"bad_length", "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-length: -1\r\n\r\n",
                400},
        BadHead{"other_coding",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ntransfer-encoding: gzip, "
                "chunked\r\n\r\n0\r\n\r\n",
                400},
        BadHead{
            "unknown_coding",
            "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
            400},
        BadHead{"bad_chunk",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: "
                "application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                400},
        BadHead{"chunk_without_end",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: "
                "application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
                400},
        BadHead{"space_before_colon", "GET /v1/site HTTP/1.1\r\nhost: t\r\nx : y\r\n\r\n", 400},
        BadHead{"control_in_value",
                std::string("GET /v1/site HTTP/1.1\r\nhost: t\r\nx: a\0b\r\n\r\n", 43), 400},
        BadHead{"two_tokens",
                "GET /v1/site HTTP/1.1\r\nhost: t\r\nauthorization: Bearer a\r\nauthorization: "
                "Bearer b\r\n\r\n",
                400},
        BadHead{"head_too_large",
                "GET /v1/site HTTP/1.1\r\nhost: t\r\nx: " + std::string(17'000, 'a') + "\r\n\r\n",
                431, "REQUEST_TOO_LARGE"},
        BadHead{"body_too_large",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: "
                "application/json\r\ncontent-length: 1048577\r\n\r\n" +
                    std::string(1'048'577, ' '),
                413, "REQUEST_TOO_LARGE"},
        BadHead{"expected_body_too_large",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-length: "
                "99999999\r\n\r\n",
                413, "REQUEST_TOO_LARGE"},
        BadHead{"chunks_too_large",
                "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-type: "
                "application/json\r\ntransfer-encoding: chunked\r\n\r\n100001\r\n" +
                    std::string(1'048'577, ' ') + "\r\n0\r\n\r\n",
                413, "REQUEST_TOO_LARGE"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Http, goes_on_after_a_refused_request_with_a_body) {
    start();
    RawClient client(server_->port());
    EXPECT_EQ(client.ask(post("/v1/nope", "{\"a\":1}")).status, 404);
    EXPECT_EQ(client.ask(post("/v1/users", "{}")).status, 401);
    EXPECT_EQ(client.ask(get("/v1/site")).status, 200);
    client.send(post("/v1/nope", std::string(200'000, ' ')));
    EXPECT_EQ(client.response().status, 404);
    EXPECT_TRUE(client.at_end());
}

TEST_F(Http, answers_a_client_that_has_said_its_last_word) {
    start();
    RawClient client(server_->port());
    client.send(get("/v1/site"));
    client.half_close();
    EXPECT_EQ(client.response().status, 200);
    EXPECT_TRUE(client.at_end());
}

TEST_F(Http, lets_go_of_clients_that_stop_in_the_middle) {
    start();
    for (const char* part :
         {"", "GET /v1/si",
          "POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\n{"}) {
        RawClient client(server_->port());
        client.send(part);
        client.half_close();
        EXPECT_TRUE(client.at_end()) << part;
    }
    EXPECT_EQ(upstream_.calls(), 0);
}

TEST_F(Http, closes_on_a_slow_head_but_serves_others_meanwhile) {
    config_.header_timeout = 200ms;
    config_.transfer_timeout = 200ms;
    start();
    RawClient silent(server_->port());
    RawClient slow(server_->port());
    slow.send("GET /v1/site HTTP/1.1\r\nhost: t\r\n");
    RawClient slow_body(server_->port());
    slow_body.send("POST /v1/sessions HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\n{");
    RawClient good(server_->port());
    EXPECT_EQ(good.ask(get("/v1/site")).status, 200);
    // Another byte now and then does not lengthen the time for the whole head.
    while (slow.send("x") && !slow.more() && errno == EAGAIN) {
    }
    EXPECT_TRUE(silent.at_end());
    EXPECT_TRUE(slow_body.at_end());
}

TEST_F(Http, closes_what_is_idle_for_long) {
    config_.idle_timeout = 100ms;
    start();
    RawClient client(server_->port());
    EXPECT_EQ(client.ask(get("/v1/site")).status, 200);
    EXPECT_TRUE(client.at_end());
}

TEST_F(Http, takes_no_more_connections_than_it_may) {
    config_.connections_max = 2;
    start();
    RawClient first(server_->port());
    EXPECT_EQ(first.ask(get("/v1/site")).status, 200);
    RawClient second(server_->port());
    EXPECT_EQ(second.ask(get("/v1/site")).status, 200);
    RawClient third(server_->port());
    third.send(get("/v1/site"));
    EXPECT_TRUE(third.at_end());
    EXPECT_EQ(first.ask(get("/v1/site")).status, 200);
}

TEST_F(Http, bounds_the_memory_of_all_bodies) {
    config_.buffered_bytes_max = 100'000;
    upstream_.held = {"Login"};
    start();
    const std::string body = "{\"name\":\"" + std::string(80'000, 'a') + "\"}";
    RawClient first(server_->port());
    first.send(post("/v1/sessions", body));
    upstream_.wait_held(1);
    RawClient second(server_->port());
    const auto refused = second.ask(post("/v1/sessions", body));
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(reason(refused), "OVERLOADED");
    upstream_.release_held();
    EXPECT_EQ(first.response().status, 201);
    RawClient third(server_->port());
    third.send(post("/v1/sessions", body));
    upstream_.wait_held(1);
    upstream_.release_held();
    EXPECT_EQ(third.response().status, 201);
}

TEST_F(Http, serves_others_while_a_service_is_slow) {
    config_.threads = 1;
    upstream_.held = {"GetQueues"};
    start();
    RawClient waiting(server_->port());
    waiting.send(get("/v1/queues", kToken));
    upstream_.wait_held(1);
    RawClient other(server_->port());
    EXPECT_EQ(other.ask(get("/v1/site")).status, 200);
    upstream_.release_held();
    EXPECT_EQ(waiting.response().status, 200);
}

TEST_F(Http, drains_with_the_answer_of_what_is_in_flight) {
    upstream_.held = {"GetQueues"};
    start();
    const int port = server_->port();
    RawClient idle(port);
    EXPECT_EQ(idle.ask(get("/v1/site")).status, 200);
    RawClient busy(port);
    busy.send(get("/v1/queues", kToken));
    upstream_.wait_held(1);
    std::jthread stopping([&] { server_->stop(10s); });
    EXPECT_TRUE(idle.at_end());  // The drain has begun.
    upstream_.release_held();
    const auto got = busy.response();
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_TRUE(busy.at_end());
}

TEST_F(Http, cuts_off_what_outlasts_the_grace) {
    upstream_.held = {"GetQueues"};
    start();
    RawClient busy(server_->port());
    busy.send(get("/v1/queues", kToken));
    upstream_.wait_held(1);
    server_->stop(50ms);
    EXPECT_EQ(busy.rest().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(Http, says_why_it_cannot_listen) {
    start();
    for (const auto& [listen, why] :
         {std::pair{"127.0.0.1:" + std::to_string(server_->port()), "LISTEN_FAILED"},
          std::pair{std::string("nowhere"), "CONFIG_INVALID"},
          std::pair{std::string("127.0.0.1:99999"), "CONFIG_INVALID"},
          std::pair{std::string("example.org:80"), "CONFIG_INVALID"}}) {
        HttpConfig config;
        config.listen = listen;
        HttpServer second(config, {*edge_, upstream_, clock_, metrics_});
        const Status started = second.start();
        ASSERT_FALSE(started) << listen;
        EXPECT_EQ(started.error().reason, why) << listen;
    }
    HttpConfig config;
    config.listen = "127.0.0.1:0";
    config.tls_certificate = config.tls_key = "/nonexistent.pem";
    HttpServer secure(config, {*edge_, upstream_, clock_, metrics_});
    EXPECT_EQ(secure.start().error().reason, "CONFIG_INVALID");
}

/// A self-signed certificate and its key as PEM files.
void write_certificate(const std::filesystem::path& directory) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen((directory / "cert.pem").c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen((directory / "key.pem").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

TEST_F(Http, serves_tls) {
    const testkit::TempDir directory;
    write_certificate(directory.path());
    config_.tls_certificate = directory.path() / "cert.pem";
    config_.tls_key = directory.path() / "key.pem";
    start();
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    BIO* connection = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(server_->port())).c_str());
    ASSERT_EQ(BIO_do_connect(connection), 1);
    const std::string request = get("/v1/site", "connection: close\r\n");
    BIO_write(connection, request.data(), static_cast<int>(request.size()));
    std::string got(4096, '\0');
    std::size_t size = 0;
    for (int read = 1; read > 0; size += static_cast<std::size_t>(std::max(read, 0)))
        read = BIO_read(connection, got.data() + size, static_cast<int>(got.size() - size));
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
    EXPECT_NE(got.find("strict-transport-security"), std::string::npos);
    BIO_free_all(connection);
    SSL_CTX_free(context);

    RawClient plain(server_->port());
    plain.send(get("/v1/site"));
    EXPECT_EQ(plain.rest().find("HTTP/1.1 200"), std::string::npos);
}

}  // namespace
}  // namespace imece::gateway
