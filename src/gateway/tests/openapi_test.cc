#include "gateway/docs/openapi.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "gateway/api/contracts.h"
#include "gateway/api/json_check.h"
#include "gateway/api/json_codec.h"
#include "gateway/docs/comments.h"
#include "gateway/docs/embedded.h"

namespace imece::gateway {
namespace {

namespace json = boost::json;

class OpenApi : public testing::Test {
protected:
    OpenApi()
        : transcoder_(*Transcoder::make(contracts(),
                                        *google::protobuf::MessageFactory::generated_factory())),
          text_(openapi_json("1.2.3")),
          document_(json::parse(text_)) {}
    const json::object& operation(const Operation& of) const {
        std::string method = of.http_method;
        for (char& c : method) c = static_cast<char>(c | 32);
        return document_.at("paths").at(of.path).at(method).as_object();
    }
    /// Every "$ref" below `value`.
    static void references(const json::value& value, std::set<std::string>& found) {
        if (const auto* object = value.if_object())
            for (const auto& [key, inner] : *object) {
                if (key == "$ref") found.insert(std::string(inner.as_string()));
                references(inner, found);
            }
        if (const auto* array = value.if_array())
            for (const auto& inner : *array) references(inner, found);
    }
    Transcoder transcoder_;
    std::string text_;
    json::value document_;
};

TEST_F(OpenApi, is_strict_json_of_version_3_1) {
    EXPECT_TRUE(check_json(text_));
    EXPECT_EQ(document_.at("openapi"), "3.1.0");
    EXPECT_EQ(document_.at("info").at("version"), "1.2.3");
    EXPECT_EQ(openapi_json("1.2.3"), text_);
}

TEST_F(OpenApi, documents_every_operation_with_every_status) {
    for (const auto& of : transcoder_.operations()) {
        const json::object& shown = operation(*of);
        EXPECT_EQ(std::string(shown.at("operationId").as_string()), of->method->name());
        EXPECT_FALSE(shown.at("summary").as_string().empty()) << of->rpc;
        EXPECT_EQ(shown.at("security").as_array().empty(), of->anyone) << of->rpc;
        EXPECT_EQ(shown.contains("requestBody"), of->takes_body()) << of->rpc;
        const auto& responses = shown.at("responses").as_object();
        for (const char* status :
             {"400", "401", "404", "405", "413", "429", "431", "500", "501", "503", "504"})
            EXPECT_TRUE(responses.contains(status)) << of->rpc << " " << status;
        EXPECT_TRUE(responses.contains(std::to_string(of->success_status))) << of->rpc;
        EXPECT_TRUE(responses.contains("403") || of->anyone) << of->rpc;
        EXPECT_EQ(responses.contains("415"), of->takes_body()) << of->rpc;
        for (const auto& [status, response] : responses) {
            if (std::stoi(std::string(status)) < 400) continue;
            EXPECT_TRUE(response.at("content").as_object().contains("application/problem+json"))
                << of->rpc;
        }
    }
}

TEST_F(OpenApi, leads_nowhere_into_the_void) {
    std::set<std::string> found;
    references(document_, found);
    EXPECT_GT(found.size(), 20u);
    for (const std::string& reference : found) {
        boost::system::error_code error;
        const auto* target = document_.find_pointer(reference.substr(1), error);
        EXPECT_NE(target, nullptr) << reference;
    }
}

TEST_F(OpenApi, says_the_limits_of_fields) {
    const auto& user = document_.at("paths")
                           .at("/v1/users")
                           .at("post")
                           .at("requestBody")
                           .at("content")
                           .at("application/json")
                           .at("schema");
    const auto& name = user.at("properties").at("name");
    EXPECT_EQ(name.at("maxLength"), 64);
    EXPECT_EQ(name.at("minLength"), 1);
    EXPECT_EQ(name.at("pattern"), "^(?:[a-z][a-z0-9._-]*)$");
    EXPECT_EQ(name.at("examples").as_array()[0], "mehmet");
    EXPECT_EQ(user.at("additionalProperties"), false);
    EXPECT_EQ(user.at("required").as_array().size(), 3u);
    const auto& roles = user.at("properties").at("roles");
    EXPECT_EQ(roles.at("maxItems"), 4);
    EXPECT_EQ(roles.at("minItems"), 1);
    EXPECT_EQ(roles.at("items").at("enum").as_array().size(), 4u);

    const auto& sign_in = document_.at("paths")
                              .at("/v1/devices/{device_id}:signIn")
                              .at("post")
                              .at("requestBody")
                              .at("content")
                              .at("application/json")
                              .at("schema")
                              .at("properties")
                              .as_object();
    EXPECT_FALSE(sign_in.contains("deviceId"));
    EXPECT_EQ(sign_in.at("challenge").at("minLength"), 43);
    EXPECT_EQ(sign_in.at("challenge").at("maxLength"), 44);

    bool found = false;
    for (const auto& parameter :
         document_.at("paths").at("/v1/users").at("get").at("parameters").as_array())
        if (parameter.as_object().contains("name") && parameter.at("name") == "pageSize") {
            found = true;
            EXPECT_EQ(parameter.at("in"), "query");
            EXPECT_EQ(parameter.at("schema").at("maximum"), 1000);
        }
    EXPECT_TRUE(found);
}

TEST_F(OpenApi, gives_examples_that_the_edge_takes) {
    for (const auto& of : transcoder_.operations()) {
        if (!of->takes_body()) continue;
        const auto& example =
            operation(*of).at("requestBody").at("content").at("application/json").at("example");
        std::unique_ptr<google::protobuf::Message> request(of->request->New());
        const Status bound = transcoder_.bind_body(*of, json::serialize(example), *request);
        EXPECT_TRUE(bound) << of->rpc << ": " << (bound ? "" : bound.error().message);
    }
}

TEST_F(OpenApi, speaks_in_the_words_of_the_contracts) {
    EXPECT_EQ(comment_on("imece.messaging.v1.MessageService.ExplainMessage"),
              "Where the message is, why it is not delivered yet, and what will happen next.");
    EXPECT_EQ(comment_on("imece.messaging.v1.Copy.device_id"), "A recipient device.");
    EXPECT_EQ(comment_on("no.such.Name"), "");
    const auto& explain = document_.at("paths").at("/v1/messages/{message_id}:explain").at("get");
    EXPECT_TRUE(explain.at("summary").as_string().starts_with("Where the message is"));
}

}  // namespace
}  // namespace imece::gateway
