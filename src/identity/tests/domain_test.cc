#include <gtest/gtest.h>

#include "identity/domain/access.h"
#include "identity/domain/challenge_book.h"
#include "identity/domain/enrolment.h"
#include "identity/domain/login_throttle.h"
#include "identity/domain/page.h"
#include "identity/domain/password.h"
#include "identity/domain/session.h"
#include "identity/tests/samples.h"

namespace imece::identity::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kCaseName = [](const auto& test) { return std::string(test.param.name); };

struct PasswordCase {
    const char* name;
    std::string_view password;
    bool taken;
};
class Password : public ::testing::TestWithParam<PasswordCase> {};
TEST_P(Password, is_judged) {
    const Status got = check_password(GetParam().password, "ayse");
    EXPECT_EQ(reason_of(got), GetParam().taken ? "" : "PASSWORD_TOO_WEAK");
}
INSTANTIATE_TEST_SUITE_P(
    table, Password,
    ::testing::Values(PasswordCase{"twelve_characters", "kar yagiyor.", true},
                      PasswordCase{"eleven_characters", "kar yagiyor", false},
                      PasswordCase{"twelve_code_points", "çğışöüçğışöü", true},
                      PasswordCase{"eleven_code_points", "çğışöüçğışö", false},
                      PasswordCase{"one_character", "aaaaaaaaaaaaaaaa", false},
                      PasswordCase{"four_characters", "abcdabcdabcdabcd", false},
                      PasswordCase{"five_characters", "abcdeabcdeabcde", true},
                      PasswordCase{"holds_the_name", "xkcd-AySe-3971", false},
                      PasswordCase{"well_known", "CorrectHorseBatteryStaple", false},
                      PasswordCase{"digits_up", "123456789012", false},
                      PasswordCase{"digits_down", "210987654321", false},
                      PasswordCase{"letters_up", "abcdefghijklm", false},
                      PasswordCase{"almost_a_run", "abcdefghijklz", true}),
    kCaseName);

struct EnrolmentCase {
    const char* name;
    void (*change)(EnrolmentToken& token, std::optional<Device>& known);
    TimePoint at;
    std::string_view reason;  ///< Empty: judged as below.
    Enrolment enrolment;
};
class JudgeEnrolment : public ::testing::TestWithParam<EnrolmentCase> {};
TEST_P(JudgeEnrolment, says) {
    EnrolmentToken token = token_of(1, 2);
    std::optional<Device> known;
    GetParam().change(token, known);
    const auto got = judge_enrolment(token, known ? &*known : nullptr, GetParam().at);
    EXPECT_EQ(reason_of(got), GetParam().reason);
    if (got) EXPECT_EQ(*got, GetParam().enrolment);
}
constexpr auto kKnown = [](EnrolmentToken& token, std::optional<Device>& known) {
    known = device_of_number(1, token);
    token.used = 2;
};
INSTANTIATE_TEST_SUITE_P(
    table, JudgeEnrolment,
    ::testing::Values(
        EnrolmentCase{"new_device", [](auto&, auto&) {}, kNow, "", Enrolment::kNew},
        EnrolmentCase{"the_last_of_the_quota", [](auto& token, auto&) { token.used = 1; }, kNow, "",
                      Enrolment::kNew},
        EnrolmentCase{"quota_used_up",
                      [](auto& token, auto&) { token.used = 2; },
                      kNow,
                      "ENROLMENT_REFUSED",
                      {}},
        EnrolmentCase{"last_moment", [](auto&, auto&) {}, kNow + hours(24) - Duration(1), "",
                      Enrolment::kNew},
        EnrolmentCase{"expired", [](auto&, auto&) {}, kNow + hours(24), "ENROLMENT_REFUSED", {}},
        EnrolmentCase{"repeat_of_a_used_up_token", kKnown, kNow, "", Enrolment::kRepeated},
        EnrolmentCase{"repeat_after_expiry", kKnown, kNow + hours(24), "ENROLMENT_REFUSED", {}},
        EnrolmentCase{"another_token",
                      [](auto&, auto& known) { known = device_of_number(1, token_of(2, 1)); }, kNow,
                      "", Enrolment::kMoved},
        EnrolmentCase{"another_token_used_up",
                      [](auto& token, auto& known) {
                          known = device_of_number(1, token_of(2, 1));
                          token.used = 2;
                      },
                      kNow,
                      "ENROLMENT_REFUSED",
                      {}},
        EnrolmentCase{"revoked",
                      [](auto& token, auto& known) {
                          known = device_of_number(1, token);
                          known->revoked_at = kNow;
                      },
                      kNow + hours(24),
                      "DEVICE_REVOKED",
                      {}}),
    kCaseName);

TEST(EnrolmentTtl, has_bounds) {
    const Limits limits;
    EXPECT_EQ(enrolment_ttl(std::nullopt, limits), Duration(hours(24)));
    EXPECT_EQ(enrolment_ttl(minutes(1), limits), Duration(minutes(1)));
    EXPECT_EQ(enrolment_ttl(hours(720), limits), Duration(hours(720)));
    EXPECT_EQ(reason_of(enrolment_ttl(minutes(1) - Duration(1), limits)), "FIELD_INVALID");
    EXPECT_EQ(reason_of(enrolment_ttl(hours(720) + Duration(1), limits)), "FIELD_INVALID");
    EXPECT_EQ(reason_of(enrolment_ttl(Duration(-1), limits)), "FIELD_INVALID");
}

TEST(CredentialFor, says_what_the_device_may) {
    const Device device = device_of_number(1, token_of(1, 1));
    const Credential credential = credential_for(device, kNow, {}, "key");
    EXPECT_EQ(credential.device, device.id);
    EXPECT_EQ(credential.public_key, device.public_key);
    EXPECT_EQ(credential.rights, device.rights);
    EXPECT_EQ(credential.not_before, kNow);
    EXPECT_EQ(credential.not_after, kNow + hours(7 * 24));
    EXPECT_EQ(credential.issuer_key_id, "key");
}

/// One step of a session: which token comes, when, and what is said of it. Tokens are numbered as
/// they are given out, from 0; each step would give the next one.
struct RefreshStep {
    unsigned presents;
    Duration at;
    Refresh verdict;
};
struct RefreshCase {
    const char* name;
    std::vector<RefreshStep> steps;
};
class RefreshSteps : public ::testing::TestWithParam<RefreshCase> {};
TEST_P(RefreshSteps, are_judged) {
    Session session =
        begin_session(id_of<SessionId>(1), Subject::of(id_of<UserId>(1)), digest_of(0), kNow, {});
    unsigned next = 1;
    for (const RefreshStep& step : GetParam().steps) {
        const Session before = session;
        const TimePoint now = kNow + step.at;
        EXPECT_EQ(refresh(session, digest_of(step.presents), digest_of(next), now, {}),
                  step.verdict);
        if (step.verdict == Refresh::kRotated || step.verdict == Refresh::kRepeated) {
            EXPECT_EQ(session.current, digest_of(next));
            EXPECT_EQ(session.expires_at, now + hours(7 * 24));
            EXPECT_EQ(session.access_until, now + minutes(15));
            ++next;
        } else {
            EXPECT_EQ(session, before);
        }
    }
}
INSTANTIATE_TEST_SUITE_P(
    table, RefreshSteps,
    ::testing::Values(RefreshCase{"in_order",
                                  {{0, minutes(1), Refresh::kRotated},
                                   {1, minutes(2), Refresh::kRotated},
                                   {2, minutes(3), Refresh::kRotated}}},
                      RefreshCase{"last_moment", {{0, hours(168) - seconds(1), Refresh::kRotated}}},
                      RefreshCase{"expired", {{0, hours(168), Refresh::kExpired}}},
                      RefreshCase{"lost_answer",
                                  {{0, minutes(1), Refresh::kRotated},
                                   {0, minutes(1) + seconds(30), Refresh::kRepeated},
                                   {2, minutes(2), Refresh::kRotated}}},
                      RefreshCase{"lost_twice",
                                  {{0, seconds(0), Refresh::kRotated},
                                   {0, seconds(10), Refresh::kRepeated},
                                   {0, seconds(30), Refresh::kRepeated},
                                   {0, seconds(31), Refresh::kReused}}},
                      RefreshCase{"too_late_for_a_repeat",
                                  {{0, minutes(1), Refresh::kRotated},
                                   {0, minutes(1) + seconds(31), Refresh::kReused}}},
                      RefreshCase{"older_than_the_last",
                                  {{0, seconds(0), Refresh::kRotated},
                                   {1, seconds(1), Refresh::kRotated},
                                   {0, seconds(2), Refresh::kReused}}},
                      RefreshCase{"the_answer_was_not_lost_after_all",
                                  {{0, seconds(0), Refresh::kRotated},
                                   {0, seconds(1), Refresh::kRepeated},
                                   {1, seconds(2), Refresh::kReused}}}),
    kCaseName);

TEST(BeginSession, ends_access_on_a_whole_second) {
    const Session session = begin_session(id_of<SessionId>(1), Subject::of(id_of<UserId>(1)),
                                          digest_of(0), kNow + Duration(700), {});
    EXPECT_EQ(session.access_until, kNow + minutes(15));
    EXPECT_EQ(session.expires_at, kNow + Duration(700) + hours(168));
}

Challenge challenge_of(std::uint64_t number) {
    return digest_of(number);
}

TEST(ChallengeBook, gives_each_challenge_once) {
    ChallengeBook book{Limits{}};
    const auto mine = id_of<DeviceId>(1);
    EXPECT_EQ(book.add(mine, challenge_of(1), kNow), kNow + seconds(60));
    EXPECT_FALSE(book.take(id_of<DeviceId>(2), challenge_of(1), kNow));
    EXPECT_FALSE(book.take(mine, challenge_of(2), kNow));
    EXPECT_TRUE(book.take(mine, challenge_of(1), kNow + seconds(60) - Duration(1)));
    EXPECT_FALSE(book.take(mine, challenge_of(1), kNow));
    EXPECT_EQ(book.size(), 0u);
}

TEST(ChallengeBook, forgets_what_is_too_old) {
    ChallengeBook book{Limits{}};
    const auto mine = id_of<DeviceId>(1);
    book.add(mine, challenge_of(1), kNow);
    book.add(mine, challenge_of(2), kNow + seconds(30));
    EXPECT_FALSE(book.take(mine, challenge_of(1), kNow + seconds(60)));
    EXPECT_EQ(book.size(), 1u);
    EXPECT_TRUE(book.take(mine, challenge_of(2), kNow + seconds(60)));
}

TEST(ChallengeBook, keeps_a_few_for_each_device) {
    ChallengeBook book{Limits{}};
    const auto mine = id_of<DeviceId>(1);
    for (unsigned i = 0; i < 5; ++i) book.add(mine, challenge_of(i), kNow);
    EXPECT_EQ(book.size(), 4u);
    EXPECT_FALSE(book.take(mine, challenge_of(0), kNow));
    for (unsigned i = 1; i < 5; ++i) EXPECT_TRUE(book.take(mine, challenge_of(i), kNow));
}

TEST(ChallengeBook, is_bounded_in_all) {
    Limits limits;
    limits.challenges_max = 10;
    ChallengeBook book(limits);
    for (unsigned i = 0; i < 100; ++i) {
        book.add(id_of<DeviceId>(i % 37), challenge_of(i), kNow);
        if (i % 3 == 0) EXPECT_TRUE(book.take(id_of<DeviceId>(i % 37), challenge_of(i), kNow));
        EXPECT_LE(book.size(), 10u);
    }
    EXPECT_TRUE(book.take(id_of<DeviceId>(98 % 37), challenge_of(98), kNow));
    EXPECT_FALSE(book.take(id_of<DeviceId>(2), challenge_of(2), kNow));
}

TEST(LoginThrottle, lets_a_few_failures_pass_and_wins_them_back) {
    LoginThrottle throttle({});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(throttle.enter("ayse", kNow));
    EXPECT_FALSE(throttle.enter("ayse", kNow));
    EXPECT_TRUE(throttle.enter("mehmet", kNow));
    EXPECT_FALSE(throttle.enter("ayse", kNow + seconds(9)));
    EXPECT_TRUE(throttle.enter("ayse", kNow + seconds(10)));
    EXPECT_FALSE(throttle.enter("ayse", kNow + seconds(19)));
    EXPECT_TRUE(throttle.enter("ayse", kNow + seconds(20)));
}

TEST(LoginThrottle, forgets_failures_on_success) {
    LoginThrottle throttle({});
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(throttle.enter("ayse", kNow));
        throttle.succeeded("ayse");
        EXPECT_EQ(throttle.size(), 0u);
    }
    throttle.succeeded("nobody");
}

TEST(LoginThrottle, is_bounded) {
    LoginThrottle throttle({.free_failures = 1, .names_max = 10});
    EXPECT_TRUE(throttle.enter("first", kNow));
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(throttle.enter("name" + std::to_string(i), kNow));
    EXPECT_FALSE(throttle.enter("first", kNow));
    for (int i = 9; i < 50; ++i) EXPECT_TRUE(throttle.enter("name" + std::to_string(i), kNow));
    EXPECT_EQ(throttle.size(), 10u);
}

TEST(PageToken, leads_on_in_its_own_list) {
    const auto last = id_of<UserId>(77).bytes;
    const std::string token = page_token("users", last);
    const auto page = parse_page("users", 5, token);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->after, last);
    EXPECT_EQ(page->size, 5u);
    EXPECT_EQ(parse_page("users", 0, "")->size, kPageSizeDefault);
    EXPECT_EQ(parse_page("users", 100'000, "")->size, kPageSizeMax);
    for (const std::string& wrong :
         {std::string("x"), token + "AA", token.substr(1), "B" + token.substr(1)})
        EXPECT_EQ(reason_of(parse_page("users", 5, wrong)), "PAGE_TOKEN_INVALID") << wrong;
    EXPECT_EQ(reason_of(parse_page("devices", 5, token)), "PAGE_TOKEN_INVALID");
}

struct AccessCase {
    const char* name;
    Caller caller;
    bool reads_user;
    bool reads_personal;
    bool revokes;
};
const auto kUser = id_of<UserId>(1);
const auto kOwner = id_of<UserId>(2);
const auto kDevice = id_of<DeviceId>(3);
Caller user(UserId id, EnumSet<Role> roles) {
    return {.kind = Caller::Kind::kUser, .user = id, .roles = roles};
}
class Access : public ::testing::TestWithParam<AccessCase> {};
TEST_P(Access, is_decided) {
    Device device{.id = kDevice};
    device.rights.owner = kOwner;
    EXPECT_EQ(may_read(GetParam().caller, kUser), GetParam().reads_user);
    EXPECT_EQ(may_read_personal(GetParam().caller, device), GetParam().reads_personal);
    EXPECT_EQ(may_revoke(GetParam().caller, kDevice), GetParam().revokes);
}
INSTANTIATE_TEST_SUITE_P(
    table, Access,
    ::testing::Values(
        AccessCase{"nobody", {}, false, false, false},
        AccessCase{"service", {.kind = Caller::Kind::kService}, false, true, false},
        AccessCase{"a_citizen", user(id_of<UserId>(9), {Role::kCitizen}), false, false, false},
        AccessCase{"the_user", user(kUser, {Role::kCitizen}), true, false, false},
        AccessCase{"the_owner", user(kOwner, {Role::kCitizen}), false, true, false},
        AccessCase{"responder", user(id_of<UserId>(9), {Role::kResponder}), false, true, false},
        AccessCase{"dispatcher", user(id_of<UserId>(9), {Role::kDispatcher}), false, true, true},
        AccessCase{"operator", user(id_of<UserId>(9), {Role::kOperator}), true, true, true},
        AccessCase{
            "the_device", {.kind = Caller::Kind::kDevice, .device = kDevice}, false, true, true},
        AccessCase{"another_device",
                   {.kind = Caller::Kind::kDevice, .device = id_of<DeviceId>(9)},
                   false,
                   false,
                   false}),
    kCaseName);

TEST(EnumSet, holds_enumerators) {
    EnumSet<Role> set{Role::kOperator, Role::kCitizen};
    EXPECT_TRUE(set.has(Role::kCitizen));
    EXPECT_FALSE(set.has(Role::kResponder));
    EXPECT_EQ(set.items(), (std::vector{Role::kCitizen, Role::kOperator}));
    EXPECT_EQ(EnumSet<Role>::from_bits(set.bits()), set);
    EXPECT_TRUE(EnumSet<Role>().empty());
}

}  // namespace
}  // namespace imece::identity::testing
