#include "base/error.h"

#include <gtest/gtest.h>

#include "base/assert.h"
#include "base/result.h"

namespace imece {
namespace {

TEST(Error, codes_have_their_canonical_names_and_numbers) {
    constexpr std::string_view kNames[] = {"CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
    for (int number = 1; number <= 16; ++number)
        EXPECT_EQ(code_name(ErrorCode(number)), kNames[number - 1]) << number;
    EXPECT_EQ(code_name(ErrorCode(0)), "UNKNOWN");
    EXPECT_EQ(code_name(ErrorCode(17)), "UNKNOWN");
}

Result<int> half(int of) {
    if (of % 2 != 0) return fail(ErrorCode::kInvalidArgument, "ODD", "an odd number");
    return of / 2;
}
Result<int> quarter(int of) {
    IMECE_TRY(const int once, half(of));
    IMECE_TRY(const int twice, half(once));
    return twice;
}
Status checked(int of) {
    IMECE_CHECK(half(of));
    return {};
}

TEST(Result, is_passed_on) {
    EXPECT_EQ(quarter(8), 2);
    ASSERT_FALSE(quarter(6));
    EXPECT_EQ(quarter(6).error().reason, "ODD");
    EXPECT_TRUE(checked(2));
    EXPECT_FALSE(checked(3));
}

TEST(AssertDeathTest, names_what_was_wrong) {
    EXPECT_DEATH(IMECE_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3 .*error_test.cc");
}

}  // namespace
}  // namespace imece
