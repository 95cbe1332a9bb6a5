// What a check-in's words mean, and who may do what with it.
#include "identity/domain/check_in.h"

#include <gtest/gtest.h>

#include "identity/tests/samples.h"

namespace imece::identity::testing {
namespace {

struct PhoneCase {
    const char* name;
    std::string_view text;
    std::string_view phone;  // Empty: refused.
};
class Phone : public ::testing::TestWithParam<PhoneCase> {};
TEST_P(Phone, is_read) {
    const auto phone = phone_of(GetParam().text);
    EXPECT_EQ(phone.value_or(""), GetParam().phone);
    if (!phone) EXPECT_EQ(phone.error().reason, "PHONE_MALFORMED");
}
INSTANTIATE_TEST_SUITE_P(
    table, Phone,
    ::testing::Values(
        PhoneCase{"dialled", "0532 123 45 67", "+905321234567"},
        PhoneCase{"without_zero", "532-123-45-67", "+905321234567"},
        PhoneCase{"with_country", "+90 (532) 123.45.67", "+905321234567"},
        PhoneCase{"with_double_zero", "0090 532 123 45 67", "+905321234567"},
        PhoneCase{"of_another_country", "+49 30 901820", "+4930901820"},
        PhoneCase{"longest", "+123456789012345", "+123456789012345"},
        PhoneCase{"too_long", "+1234567890123456", ""}, PhoneCase{"too_short", "112", ""},
        PhoneCase{"too_short_abroad", "+4930901", ""}, PhoneCase{"letters", "0532 CALL ME", ""},
        PhoneCase{"plus_inside", "0532+1234567", ""}, PhoneCase{"two_pluses", "++905321234567", ""},
        PhoneCase{"zero_country", "+0532123456", ""}, PhoneCase{"empty", "", ""}),
    [](const auto& test) { return test.param.name; });

struct NameCase {
    const char* name;
    std::string_view text;
    std::vector<std::string> words;  // None: refused.
};
class Name : public ::testing::TestWithParam<NameCase> {};
TEST_P(Name, becomes_words) {
    const auto words = name_words(GetParam().text);
    EXPECT_EQ(words.value_or(std::vector<std::string>{}), GetParam().words);
    if (!words) EXPECT_EQ(words.error().reason, "NAME_MALFORMED");
}
using Words = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    table, Name,
    ::testing::Values(NameCase{"turkish", "Ayşe  ÇAĞLAR", Words{"ayse", "caglar"}},
                      NameCase{"all_i", "Iİıi IŞIK", Words{"iiii", "isik"}},
                      NameCase{"i_with_a_mark", "I\u0307zzet e\u0301", Words{"e", "izzet"}},
                      NameCase{"circumflex", "Kâmil Hacıömeroğlu", Words{"haciomeroglu", "kamil"}},
                      NameCase{"kurdish", "Şîrîn Dêrsim", Words{"dersim", "sirin"}},
                      NameCase{"parted", "Ali-Can O'Brien,\tJr.",
                               Words{"ali", "brien", "can", "jr", "o"}},
                      NameCase{"arabic", "علي حسن", Words{"حسن", "علي"}},
                      NameCase{"once_each", "Ali Ali ALI", Words{"ali"}},
                      NameCase{"wide_spaces", "Ali\u2003Can\u3000Efe", Words{"ali", "can", "efe"}},
                      NameCase{"four_bytes", "\U0001F33B Gül", Words{"gul", "\U0001F33B"}},
                      NameCase{"nothing", " -.- ", {}}, NameCase{"empty", "", {}},
                      NameCase{"too_many", "a b c d e f g h i", {}}),
    [](const auto& test) { return test.param.name; });

TEST(Name, that_is_no_utf8_is_still_read_to_its_end) {
    EXPECT_TRUE(name_words("ali\xc5"));
    EXPECT_TRUE(name_words("\x80\xff ali\xf0\x9f"));
}

TEST(Commitment, binds_all_that_is_said_and_hides_it) {
    const CheckIn said{.id = id_of<CheckInId>(1),
                       .name = "Ayşe",
                       .phone = "+905321234567",
                       .wellbeing = Wellbeing::kSafe,
                       .place = "camp",
                       .note = "fine",
                       .at = kNow,
                       .recorded_by = "user:x",
                       .salt = digest_of(1)};
    const auto changed = [&](auto change) {
        CheckIn other = said;
        change(other);
        return commitment_of(other) != commitment_of(said);
    };
    EXPECT_TRUE(changed([](CheckIn& c) { c.id = id_of<CheckInId>(2); }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.name = "Ayse"; }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.phone.clear(); }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.wellbeing = Wellbeing::kMissing; }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.place = "cam", c.note = "pfine"; }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.at += std::chrono::milliseconds(1); }));
    EXPECT_TRUE(changed([](CheckIn& c) { c.salt = digest_of(2); }));
    // Who recorded it may be erased while what was said stands.
    EXPECT_FALSE(changed([](CheckIn& c) { c.recorded_by.clear(); }));
}

TEST(CheckInAccess, is_decided) {
    CheckIn check_in;
    check_in.recorded_by = "user:" + to_text(id_of<UserId>(7));
    const auto user = [](std::uint64_t number, EnumSet<Role> roles) {
        return Caller{.kind = Caller::Kind::kUser,
                      .user = id_of<UserId>(number),
                      .device = {},
                      .roles = roles,
                      .session = {}};
    };
    const Caller device{.kind = Caller::Kind::kDevice,
                        .user = {},
                        .device = id_of<DeviceId>(7),
                        .roles = {},
                        .session = {}};
    struct {
        Caller caller;
        bool searches, reads, erases;
    } const cases[] = {{user(7, {Role::kCitizen}), false, true, true},
                       {user(8, {Role::kCitizen}), false, false, false},
                       {user(8, {Role::kResponder}), true, true, false},
                       {user(8, {Role::kDispatcher}), true, true, true},
                       {user(8, {Role::kOperator}), true, true, true},
                       {device, false, false, false},
                       {Caller{}, false, false, false}};
    for (const auto& one : cases) {
        EXPECT_EQ(may_search_by_name(one.caller), one.searches) << &one - cases;
        EXPECT_EQ(may_read(one.caller, check_in), one.reads) << &one - cases;
        EXPECT_EQ(may_erase(one.caller, check_in), one.erases) << &one - cases;
    }
    check_in.recorded_by.clear();  // Its recorder was erased: it is nobody's.
    EXPECT_FALSE(may_read(Caller{}, check_in));
    check_in.recorded_by = "device:" + to_text(id_of<DeviceId>(7));
    EXPECT_TRUE(may_erase(device, check_in));
}

}  // namespace
}  // namespace imece::identity::testing
