#include "gateway/api/problem.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "gateway/api/json_check.h"
#include "imece/api/v1/reasons.pb.h"

namespace imece::gateway {
namespace {

TEST(Problem, maps_every_code_by_the_canonical_table) {
    const std::pair<ErrorCode, int> table[] = {
        {ErrorCode::kCancelled, 499},          {ErrorCode::kUnknown, 500},
        {ErrorCode::kInvalidArgument, 400},    {ErrorCode::kDeadlineExceeded, 504},
        {ErrorCode::kNotFound, 404},           {ErrorCode::kAlreadyExists, 409},
        {ErrorCode::kPermissionDenied, 403},   {ErrorCode::kResourceExhausted, 429},
        {ErrorCode::kFailedPrecondition, 400}, {ErrorCode::kAborted, 409},
        {ErrorCode::kOutOfRange, 400},         {ErrorCode::kUnimplemented, 501},
        {ErrorCode::kInternal, 500},           {ErrorCode::kUnavailable, 503},
        {ErrorCode::kDataLoss, 500},           {ErrorCode::kUnauthenticated, 401}};
    for (const auto& [code, status] : table) {
        EXPECT_EQ(http_status(Error{code, "PEER_ERROR", ""}), status);
        EXPECT_EQ(code_named(code_name(code)), code);
        EXPECT_NE(status_phrase(status), "Unknown");
        EXPECT_EQ(close_code(Error{code, "PEER_ERROR", ""}), 4000 + int(code));
    }
    EXPECT_EQ(http_status(Error{ErrorCode::kUnimplemented, "METHOD_NOT_ALLOWED", ""}), 405);
    EXPECT_EQ(http_status(Error{ErrorCode::kInvalidArgument, "REQUEST_TOO_LARGE", ""}), 413);
    EXPECT_EQ(http_status(Error{ErrorCode::kInvalidArgument, "MEDIA_TYPE_UNSUPPORTED", ""}), 415);
    EXPECT_EQ(close_code(Error{ErrorCode::kUnavailable, "SHUTTING_DOWN", ""}), 1001);
}

TEST(Problem, is_a_document_with_everything_in_it) {
    const std::string text =
        problem_json(Error{ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no \"such\" message"}, 404,
                     "0123456789abcdef0123456789abcdef");
    ASSERT_TRUE(check_json(text)) << text;
    const auto document = boost::json::parse(text).as_object();
    EXPECT_EQ(document.at("type"), "/docs/errors#MESSAGE_UNKNOWN");
    EXPECT_EQ(document.at("title"), "No message has this id, or it was purged after its time.");
    EXPECT_EQ(document.at("status"), 404);
    EXPECT_EQ(document.at("detail"), "no \"such\" message");
    EXPECT_EQ(document.at("code"), "NOT_FOUND");
    EXPECT_EQ(document.at("reason"), "MESSAGE_UNKNOWN");
    EXPECT_EQ(document.at("traceId"), "0123456789abcdef0123456789abcdef");
}

TEST(Problem, stays_json_whatever_the_message_holds) {
    EXPECT_TRUE(check_json(
        problem_json(Error{ErrorCode::kInternal, "NO_SUCH_REASON", "\xff\x01"}, 500, "")));
}

TEST(Problem, cuts_close_text_between_characters) {
    std::string turkish;
    for (int i = 0; i < 100; ++i) turkish += "ğ";
    const std::string text = close_text(Error{ErrorCode::kInternal, "INTERNAL_ERROR", turkish});
    EXPECT_LE(text.size(), 123u);
    EXPECT_GE(text.size(), 122u);
    EXPECT_TRUE(text.starts_with("INTERNAL_ERROR: ğ"));
    EXPECT_TRUE(text.ends_with("ğ") || text.ends_with(" "));
}

TEST(Errors, list_every_reason_with_an_anchor) {
    const std::string markdown = errors_markdown();
    const std::string page = errors_page();
    const auto* reasons = imece::api::v1::Reason_descriptor();
    for (int i = 1; i < reasons->value_count(); ++i) {
        const std::string& name = reasons->value(i)->name();
        EXPECT_NE(markdown.find("<a id=\"" + name + "\"></a>"), std::string::npos) << name;
        EXPECT_NE(page.find("<tr id=\"" + name + "\">"), std::string::npos) << name;
        const auto& info = reasons->value(i)->options().GetExtension(imece::api::v1::info);
        EXPECT_EQ(code_name(code_named(info.code())), info.code()) << name;
        EXPECT_FALSE(info.means().empty() || info.action().empty()) << name;
    }
}

}  // namespace
}  // namespace imece::gateway
