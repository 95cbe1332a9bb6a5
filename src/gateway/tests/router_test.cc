#include "gateway/api/router.h"

#include <gtest/gtest.h>

#include "gateway/api/uri.h"

namespace imece::gateway {
namespace {

Router router() {
    Router made;
    const std::pair<const char*, const char*> routes[] = {
        {"GET", "/v1/messages"},
        {"POST", "/v1/messages"},
        {"GET", "/v1/messages/{message_id}"},
        {"GET", "/v1/messages/{message_id}:explain"},
        {"GET", "/v1/messages:stream"},
        {"POST", "/v1/messages:ack"},
        {"GET", "/v1/nodes/{node.id=*}/peers"},
        {"GET", "/v1/nodes/mine"},
        {"DELETE", "/v1/nodes/{node_id}"},
    };
    std::size_t target = 0;
    for (const auto& [method, path] : routes) EXPECT_TRUE(made.add(method, path, target++));
    return made;
}

struct RouteCase {
    const char* name;
    const char* method;
    const char* path;
    int target;  ///< Or -1.
    std::string_view reason = "";
    std::string bound = "";
    const char* allow = nullptr;
};
class Routes : public testing::TestWithParam<RouteCase> {};
TEST_P(Routes, says) {
    const RouteCase& want = GetParam();
    const Router routes = router();
    const auto got = routes.find(want.method, want.path);
    if (want.target < 0) {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().reason, want.reason);
    } else {
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_EQ(got->target, std::size_t(want.target));
        EXPECT_EQ(got->bindings.empty() ? "" : got->bindings[0].second, want.bound);
    }
    if (want.allow != nullptr) {
        EXPECT_EQ(routes.allowed(want.path), want.allow);
    }
}
INSTANTIATE_TEST_SUITE_P(
    table, Routes,
    testing::Values(
        RouteCase{"literal", "GET", "/v1/messages", 0, "", "", "GET, POST"},
        RouteCase{"other_method", "POST", "/v1/messages", 1},
        RouteCase{"variable", "GET", "/v1/messages/abc", 2, "", "abc", "GET"},
        RouteCase{"verb_after_variable", "GET", "/v1/messages/abc:explain", 3, "", "abc"},
        RouteCase{"verb_after_literal", "GET", "/v1/messages:stream", 4},
        RouteCase{"unknown_verb_is_text", "GET", "/v1/messages/abc:nope", 2, "", "abc:nope"},
        RouteCase{"colon_at_end_is_text", "GET", "/v1/messages/abc:", 2, "", "abc:"},
        RouteCase{"escaped_colon_is_text", "GET", "/v1/messages/abc%3Aexplain", 2, "",
                  "abc:explain"},
        RouteCase{"escaped_slash_is_text", "GET", "/v1/messages/a%2Fb", 2, "", "a/b"},
        RouteCase{"escaped_letters", "GET", "/v1/messages/%C3%A7", 2, "", "ç"},
        RouteCase{"nested_variable", "GET", "/v1/nodes/x/peers", 6, "", "x"},
        RouteCase{"literal_before_variable", "GET", "/v1/nodes/mine", 7},
        RouteCase{"literal_hides_variable", "DELETE", "/v1/nodes/mine", -1, "METHOD_NOT_ALLOWED",
                  "", "GET"},
        RouteCase{"method", "DELETE", "/v1/messages", -1, "METHOD_NOT_ALLOWED"},
        RouteCase{"method_of_verb", "GET", "/v1/messages:ack", -1, "METHOD_NOT_ALLOWED", "",
                  "POST"},
        RouteCase{"unknown", "GET", "/v1/nope", -1, "ROUTE_UNKNOWN", "", ""},
        RouteCase{"unknown_verb_on_literal", "GET", "/v1/messages:nope", -1, "ROUTE_UNKNOWN"},
        RouteCase{"trailing_slash", "GET", "/v1/messages/", -1, "ROUTE_UNKNOWN"},
        RouteCase{"double_slash", "GET", "/v1//messages", -1, "ROUTE_UNKNOWN"},
        RouteCase{"root", "GET", "/", -1, "ROUTE_UNKNOWN"},
        RouteCase{"nothing", "GET", "", -1, "ROUTE_UNKNOWN"},
        RouteCase{"case_matters", "GET", "/V1/messages", -1, "ROUTE_UNKNOWN"},
        RouteCase{"bad_escape", "GET", "/v1/messages/%zz", -1, "HTTP_MALFORMED"},
        RouteCase{"cut_escape", "GET", "/v1/messages/a%2", -1, "HTTP_MALFORMED"},
        RouteCase{"nul", "GET", "/v1/messages/a%00", -1, "HTTP_MALFORMED"},
        RouteCase{"bad_utf8", "GET", "/v1/messages/%C3%28", -1, "HTTP_MALFORMED"}),
    [](const auto& test) { return test.param.name; });

TEST(RouterTemplates, refuses_what_it_cannot_serve) {
    Router routes;
    EXPECT_TRUE(routes.add("GET", "/v1/a/{b}", 0));
    for (const char* bad : {"v1/a", "/v1/*", "/v1/**", "/v1/{a=b/*}", "/v1/{a", "/v1//a", "/v1/{}",
                            "/v1/{A-b}", "/v1/a/{b}"}) {
        const Status got = routes.add("GET", bad, 1);
        ASSERT_FALSE(got) << bad;
        EXPECT_EQ(got.error().reason, "CONFIG_INVALID");
    }
}

struct TargetCase {
    const char* name;
    const char* target;
    const char* path;  ///< Null: refused.
    const char* query = "";
};
class Targets : public testing::TestWithParam<TargetCase> {};
TEST_P(Targets, says) {
    const auto got = split_target(GetParam().target);
    ASSERT_EQ(got.has_value(), GetParam().path != nullptr);
    if (!got) return;
    EXPECT_EQ(got->path, GetParam().path);
    EXPECT_EQ(got->query, GetParam().query);
}
INSTANTIATE_TEST_SUITE_P(
    table, Targets,
    testing::Values(TargetCase{"origin", "/v1/site", "/v1/site"},
                    TargetCase{"with_query", "/v1/site?a=b?c", "/v1/site", "a=b?c"},
                    TargetCase{"empty_query", "/v1/site?", "/v1/site"},
                    TargetCase{"absolute", "http://host:80/v1/site?x", "/v1/site", "x"},
                    TargetCase{"absolute_without_path", "https://host", "/"},
                    TargetCase{"asterisk", "*", nullptr}, TargetCase{"empty", "", nullptr},
                    TargetCase{"authority", "host:443", nullptr},
                    TargetCase{"fragment", "/a#b", nullptr}),
    [](const auto& test) { return test.param.name; });

TEST(Query, is_taken_apart) {
    const auto got = parse_query("a=1&b=x+y%26&&c&d=");
    ASSERT_TRUE(got);
    const std::vector<QueryParameter> want{{"a", "1"}, {"b", "x y&"}, {"c", ""}, {"d", ""}};
    EXPECT_EQ(*got, want);
    for (const std::string& bad :
         {std::string("a=%"), std::string("%ff=1"), std::string("a=%0a")}) {
        const auto refused = parse_query(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().reason, "QUERY_INVALID");
    }
    std::string many;
    for (int i = 0; i < 65; ++i) many += "a=1&";
    EXPECT_FALSE(parse_query(many));
}

}  // namespace
}  // namespace imece::gateway
