#include "gateway/api/transcoder.h"

#include <gtest/gtest.h>

#include "gateway/api/contracts.h"
#include "gateway/tests/test_contract.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "imece/api/v1/options.pb.h"

namespace imece::gateway {
namespace {

constexpr char kContract[] = R"(
syntax = "proto3"; package test.shop.v1;
import "google/api/annotations.proto"; import "imece/api/v1/options.proto";
import "google/protobuf/timestamp.proto";
enum Size { SIZE_UNSPECIFIED = 0; SMALL = 1; }
message Filter { string name_part = 1; repeated uint32 codes = 2; Filter inner = 3; }
message Item { string title = 1; uint64 price = 2; }
message FindRequest {
  string shop_id = 1; Filter filter = 2; repeated string tags = 3; bool open = 4; int32 page_size = 5; Size size = 6;
  bytes cursor = 7; google.protobuf.Timestamp since = 8; double near = 9; int64 after = 10; repeated Filter many = 11;
}
message PutRequest { string shop_id = 1; Item item = 2; string note = 3; }
message Answer { string text = 1; }
service Shop {
  rpc Find(FindRequest) returns (Answer) {
    option (google.api.http) = { get: "/v1/shops/{shop_id}/items" additional_bindings { get: "/v1/items" } };
  }
  rpc Put(PutRequest) returns (Answer) {
    option (google.api.http) = { put: "/v1/shops/{shop_id}/item" body: "item" };
    option (imece.api.v1.rules) = { allow: [ANYONE], success_status: 201 };
  }
  rpc Post(PutRequest) returns (Answer) { option (google.api.http) = { post: "/v1/shops/{shop_id}:put" body: "*" }; }
  rpc Watch(FindRequest) returns (stream Answer) { option (google.api.http) = { get: "/v1/items:watch" }; }
  rpc Talk(stream Item) returns (stream Answer);
})";

class TranscoderTest : public testing::Test {
protected:
    TranscoderTest() : contract_(kContract) {
        auto made = Transcoder::make({contract_.file().service(0)}, contract_.factory());
        EXPECT_TRUE(made) << (made ? "" : made.error().message);
        transcoder_ = std::make_unique<Transcoder>(std::move(*made));
    }
    /// The request in text form, or the refusal's reason.
    std::string call(std::string_view method, std::string_view path, std::string_view query,
                     std::string_view body = "") {
        auto match = transcoder_->route(method, path);
        if (!match) return std::string(match.error().reason);
        auto request = transcoder_->bind(*match, query);
        if (!request) return std::string(request.error().reason);
        const Status bound = transcoder_->bind_body(*match->operation, body, **request);
        return bound ? (*request)->ShortDebugString() : std::string(bound.error().reason);
    }
    TestContract contract_;
    std::unique_ptr<Transcoder> transcoder_;
};

TEST_F(TranscoderTest, reads_the_annotations) {
    ASSERT_EQ(transcoder_->operations().size(), 5u);
    const Operation& put = *transcoder_->operations()[2];
    EXPECT_EQ(put.rpc, "/test.shop.v1.Shop/Put");
    EXPECT_EQ(put.service, "shop");
    EXPECT_EQ(put.http_method, "PUT");
    EXPECT_EQ(put.success_status, 201);
    EXPECT_TRUE(put.anyone);
    EXPECT_TRUE(put.takes_body());
    EXPECT_FALSE(transcoder_->operations()[0]->takes_body());
    EXPECT_TRUE(transcoder_->operations()[4]->server_stream);
    ASSERT_NE(transcoder_->find_rpc("test.shop.v1.Shop.Talk"), nullptr);
    EXPECT_EQ(transcoder_->find_rpc("test.shop.v1.Shop.Find"), nullptr);
}

TEST_F(TranscoderTest, binds_path_query_and_body) {
    EXPECT_EQ(call("GET", "/v1/shops/s1/items", ""), R"(shop_id: "s1")");
    EXPECT_EQ(call("GET", "/v1/items", "shop_id=s2"), R"(shop_id: "s2")");
    EXPECT_EQ(call("GET", "/v1/items", "tags=a&tags=b&open=true&pageSize=5&size=SMALL&after=-7"),
              R"(tags: "a" tags: "b" open: true page_size: 5 size: SMALL after: -7)");
    EXPECT_EQ(call("GET", "/v1/items",
                   "filter.name_part=x&filter.codes=1&filter.codes=2&filter.inner.namePart=y"),
              R"(filter { name_part: "x" codes: 1 codes: 2 inner { name_part: "y" } })");
    EXPECT_EQ(call("GET", "/v1/items", "cursor=AAE&since=2023-02-06T01:17:34Z&near=0.5"),
              R"(cursor: "\000\001" since { seconds: 1675646254 } near: 0.5)");
    EXPECT_EQ(call("PUT", "/v1/shops/s1/item", "note=hi", R"({"title":"t","price":"9"})"),
              R"(shop_id: "s1" item { title: "t" price: 9 } note: "hi")");
    EXPECT_EQ(call("POST", "/v1/shops/s1:put", "", R"({"shopId":"other","note":"n"})"),
              R"(shop_id: "s1" note: "n")");
    EXPECT_EQ(call("POST", "/v1/shops/s1:put", ""), R"(shop_id: "s1")");
}

TEST_F(TranscoderTest, refuses_with_the_reason) {
    EXPECT_EQ(call("GET", "/v1/nope", ""), "ROUTE_UNKNOWN");
    EXPECT_EQ(call("PATCH", "/v1/items", ""), "METHOD_NOT_ALLOWED");
    for (const char* query : {"nope=1",
                              "filter=x",
                              "filter.nope=1",
                              "open=yes",
                              "pageSize=1.5",
                              "pageSize=9999999999",
                              "pageSize=",
                              "size=BIG",
                              "open=true&open=true",
                              "filter.namePart=a&filter.name_part=b",
                              "since=now",
                              "near=inf",
                              "near=nan",
                              "near=1e999",
                              "many.namePart=x",
                              "tags.x=1",
                              "cursor=!",
                              "since.seconds=1",
                              "after=+1",
                              "a.b.c=1",
                              ".=1",
                              "=1"})
        EXPECT_EQ(call("GET", "/v1/items", query), "QUERY_INVALID") << query;
    EXPECT_EQ(call("GET", "/v1/shops/s1/items", "shopId=s2"), "QUERY_INVALID");
    EXPECT_EQ(call("PUT", "/v1/shops/s1/item", "item.title=x"), "QUERY_INVALID");
    EXPECT_EQ(call("POST", "/v1/shops/s1:put", "note=x"), "QUERY_INVALID");
    EXPECT_EQ(call("PUT", "/v1/shops/s1/item", "", "{,}"), "BODY_NOT_JSON");
    EXPECT_EQ(call("PUT", "/v1/shops/s1/item", "", R"({"note":"x"})"), "BODY_MISMATCH");
    EXPECT_EQ(call("GET", "/v1/items", "", "{}"), "BODY_MISMATCH");
}

struct BadContract {
    const char* name;
    const char* rpc;
};
class BadContracts : public testing::TestWithParam<BadContract> {};
TEST_P(BadContracts, stop_the_start) {
    TestContract contract(std::string(R"(
        syntax = "proto3"; package bad; import "google/api/annotations.proto";
        message M { string a = 1; repeated string b = 2; M m = 3; } message WithMap { map<string, string> m = 1; }
        service S { )") + GetParam().rpc +
                              " }",
                          "bad.proto");
    const auto made = Transcoder::make({contract.file().service(0)}, contract.factory());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, "CONFIG_INVALID");
}
INSTANTIATE_TEST_SUITE_P(
    table, BadContracts,
    testing::Values(
        BadContract{"map",
                    R"(rpc A(WithMap) returns (M) { option (google.api.http) = {get: "/a"}; })"},
        BadContract{"unknown_variable",
                    R"(rpc A(M) returns (M) { option (google.api.http) = {get: "/{nope}"}; })"},
        BadContract{"repeated_variable",
                    R"(rpc A(M) returns (M) { option (google.api.http) = {get: "/{b}"}; })"},
        BadContract{
            "body_no_message",
            R"(rpc A(M) returns (M) { option (google.api.http) = {post: "/a" body: "a"}; })"},
        BadContract{"wildcard",
                    R"(rpc A(M) returns (M) { option (google.api.http) = {get: "/**"}; })"},
        BadContract{
            "request_stream",
            R"(rpc A(stream M) returns (M) { option (google.api.http) = {post: "/a" body: "*"}; })"},
        BadContract{
            "twice",
            R"(rpc A(M) returns (M) { option (google.api.http) = {get: "/a" additional_bindings {get: "/a"}}; })"}),
    [](const auto& test) { return test.param.name; });

TEST(Contracts, of_this_project_are_all_servable) {
    const auto made =
        Transcoder::make(contracts(), *google::protobuf::MessageFactory::generated_factory());
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_GE(made->operations().size(), 25u);
    EXPECT_NE(made->find_rpc(kSocketRpc), nullptr);
    const auto explain = made->route("GET", "/v1/messages/0186:explain");
    ASSERT_TRUE(explain);
    EXPECT_EQ(explain->operation->rpc, "/imece.messaging.v1.MessageService/ExplainMessage");
}

}  // namespace
}  // namespace imece::gateway
