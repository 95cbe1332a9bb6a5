// The keys of the contract, their values, and flags.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "runtime/settings/key.h"

namespace imece::runtime {
namespace {

using testing::HasSubstr;

TEST(Keys, are_sorted_and_each_says_what_it_means) {
    ASSERT_FALSE(keys().empty());
    std::string before;
    for (const Key& key : keys()) {
        EXPECT_LT(before, key.name);
        EXPECT_FALSE(key.means.empty()) << key.name;
        EXPECT_EQ(find_key(key.name), &key);
        EXPECT_THAT(settings_markdown(), HasSubstr("| `" + key.name + "` | " + key.bounds()));
        before = key.name;
    }
    EXPECT_EQ(find_key("messaging.queue"), nullptr);
    EXPECT_EQ(find_key(""), nullptr);
    EXPECT_EQ(find_key("zzz"), nullptr);
}

struct ValueCase {
    const char* name;
    const char* key;
    const char* text;
    std::string_view spelled;  // Empty: refused.
};
class Values : public testing::TestWithParam<ValueCase> {};
TEST_P(Values, are_read_and_spelled) {
    const auto value = parse_setting(*find_key(GetParam().key), GetParam().text);
    EXPECT_EQ(value ? setting_text(*value) : "", GetParam().spelled);
    if (!value) {
        EXPECT_EQ(value.error().reason, "SETTING_INVALID");
        EXPECT_THAT(value.error().message, HasSubstr(find_key(GetParam().key)->bounds()));
        EXPECT_THAT(value.error().message, HasSubstr(GetParam().key));
    }
}
constexpr const char* kNumber = "messaging.queue_max";
constexpr const char* kDuration = "messaging.ttl_max";
constexpr const char* kChoice = "process.log_level";
constexpr const char* kFlag = "gateway.web_sockets";
INSTANTIATE_TEST_SUITE_P(
    table, Values,
    testing::Values(
        ValueCase{"number", kNumber, "5000", "5000"},
        ValueCase{"number_least", kNumber, "1000", "1000"},
        ValueCase{"number_most", kNumber, "100000000", "100000000"},
        ValueCase{"number_zeros", kNumber, "005000", "5000"},
        ValueCase{"number_too_small", kNumber, "999", ""},
        ValueCase{"number_too_large", kNumber, "100000001", ""},
        ValueCase{"number_overflow", kNumber, "18446744073709551616", ""},
        ValueCase{"number_negative", kNumber, "-5000", ""},
        ValueCase{"number_fraction", kNumber, "5000.0", ""},
        ValueCase{"number_space", kNumber, " 5000", ""},
        ValueCase{"number_word", kNumber, "many", ""}, ValueCase{"number_empty", kNumber, "", ""},
        ValueCase{"duration", kDuration, "90s", "90s"},
        ValueCase{"duration_spelled", kDuration, "3600s", "1h"},
        ValueCase{"duration_most", kDuration, "72h", "3d"},
        ValueCase{"duration_too_long", kDuration, "73h", ""},
        ValueCase{"duration_too_short", kDuration, "999ms", ""},
        ValueCase{"duration_no_unit", kDuration, "90", ""},
        ValueCase{"choice", kChoice, "warn", "warn"},
        ValueCase{"choice_upper", kChoice, "WARN", ""},
        ValueCase{"choice_other", kChoice, "trace", ""}, ValueCase{"flag_on", kFlag, "on", "on"},
        ValueCase{"flag_off", kFlag, "off", "off"}, ValueCase{"flag_percent", kFlag, "25%", "25%"},
        ValueCase{"flag_all", kFlag, "100%", "on"}, ValueCase{"flag_none", kFlag, "0%", "off"},
        ValueCase{"flag_roles", kFlag, "operator,responder", "responder,operator"},
        ValueCase{"flag_role_twice", kFlag, "operator,operator", "operator"},
        ValueCase{"flag_both", kFlag, "25% operator", "25% operator"},
        ValueCase{"flag_roles_of_all", kFlag, "100% operator", "on"},
        ValueCase{"flag_too_much", kFlag, "101%", ""}, ValueCase{"flag_zeros", kFlag, "025%", ""},
        ValueCase{"flag_word", kFlag, "true", ""},
        ValueCase{"flag_no_such_role", kFlag, "25% king", ""},
        ValueCase{"flag_no_role", kFlag, "25% ", ""},
        ValueCase{"flag_comma", kFlag, "operator,", ""},
        ValueCase{"flag_space", kFlag, "operator responder", ""}),
    [](const auto& test) { return test.param.name; });

Subject user(int number, std::vector<std::string> roles = {}) {
    return {"user:" + std::to_string(number), std::move(roles)};
}

TEST(Flags, a_role_is_enough_and_off_is_off) {
    const Flag flag = *parse_flag("operator");
    EXPECT_TRUE(flag.is_on("f", user(1, {"CITIZEN", "OPERATOR"})));
    EXPECT_FALSE(flag.is_on("f", user(1, {"CITIZEN"})));
    EXPECT_FALSE(flag.is_on("f", {}));
    EXPECT_FALSE(parse_flag("off")->is_on("f", user(1, {"OPERATOR"})));
    EXPECT_TRUE(parse_flag("on")->is_on("f", {}));
}

TEST(Flags, a_percentage_is_about_so_many_and_grows_without_taking_anybody_out) {
    constexpr int kPeople = 5000;
    std::set<int> before;
    for (const unsigned percent : {1u, 10u, 25u, 50u, 99u}) {
        const Flag flag{.percent = percent, .roles = {}};
        std::set<int> in;
        for (int i = 0; i < kPeople; ++i)
            if (flag.is_on("gateway.web_sockets", user(i))) in.insert(i);
        EXPECT_NEAR(double(in.size()) / kPeople, percent / 100.0, 0.02);
        EXPECT_TRUE(std::ranges::includes(in, before));
        before = in;
    }
    EXPECT_FALSE((Flag{.percent = 99, .roles = {}}).is_on("f", {}))
        << "nobody known is in no share";
}

TEST(Flags, another_key_has_another_share) {
    const Flag flag{.percent = 50, .roles = {}};
    int apart = 0;
    for (int i = 0; i < 1000; ++i) apart += flag.is_on("a", user(i)) != flag.is_on("b", user(i));
    EXPECT_NEAR(apart, 500, 80);
}

TEST(Flags, the_share_is_the_same_in_every_version) {
    // Reckoned apart, by Python's hashlib: the first 8 bytes of the hash, big-endian, modulo 100.
    std::string in;
    for (int i = 0; i < 32; ++i)
        in += (Flag{.percent = 50, .roles = {}}).is_on("gateway.web_sockets", user(i)) ? '1' : '0';
    EXPECT_EQ(in, "00000000100111111110011111000101");
}

}  // namespace
}  // namespace imece::runtime
