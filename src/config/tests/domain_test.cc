// The rules: what may change, from where a watch may go on, how many secrets there may be.
#include "config/domain/change.h"

#include <gtest/gtest.h>

namespace imece::config {
namespace {

std::string_view reason_of(const Status& status) {
    return status ? "" : status.error().reason;
}

TEST(Expected, must_be_the_revision_that_the_subject_has) {
    EXPECT_EQ(reason_of(check_expected("k", 0, 0)), "");
    EXPECT_EQ(reason_of(check_expected("k", 7, 7)), "");
    for (const auto& [expected, present] :
         {std::pair{0, 7}, std::pair{7, 0}, std::pair{6, 7}, std::pair{8, 7}}) {
        const Status status = check_expected("k", std::uint64_t(expected), std::uint64_t(present));
        EXPECT_EQ(reason_of(status), "REVISION_STALE");
        EXPECT_NE(status.error().message.find(std::to_string(present)), std::string::npos);
    }
}

struct ResumeCase {
    const char* name;
    std::uint64_t after, compacted, last;
    std::string_view reason;
};
class Resume : public testing::TestWithParam<ResumeCase> {};
TEST_P(Resume, says) {
    const ResumeCase& the = GetParam();
    EXPECT_EQ(reason_of(check_resumable(the.after, the.compacted, the.last)), the.reason);
}
INSTANTIATE_TEST_SUITE_P(table, Resume,
                         testing::Values(ResumeCase{"before_anything", 0, 0, 0, ""},
                                         ResumeCase{"from_the_beginning", 0, 0, 9, ""},
                                         ResumeCase{"in_the_middle", 5, 3, 9, ""},
                                         ResumeCase{"just_kept", 3, 3, 9, ""},
                                         ResumeCase{"just_dropped", 2, 3, 9, "REVISION_GONE"},
                                         ResumeCase{"all_seen", 9, 3, 9, ""},
                                         ResumeCase{"never_given", 10, 3, 9, "REVISION_GONE"}),
                         [](const auto& test) { return test.param.name; });

TEST(Room, is_bounded_by_secrets_and_by_names) {
    const SecretLimits limits{.secrets_max = 2, .names_max = 4};
    EXPECT_EQ(reason_of(check_room(1, 3, false, limits)), "");
    EXPECT_EQ(reason_of(check_room(2, 3, true, limits)), "SECRETS_TOO_MANY");
    EXPECT_EQ(reason_of(check_room(1, 4, false, limits)), "SECRETS_TOO_MANY");
    EXPECT_EQ(reason_of(check_room(1, 4, true, limits)), "");
}

}  // namespace
}  // namespace imece::config
