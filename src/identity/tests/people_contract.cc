// Users who are disabled, given out and erased; people who check in, are found and are forgotten.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "identity/tests/identity_store_contract.h"
#include "identity/tests/samples.h"

namespace imece::identity::testing {
namespace {

using namespace std::chrono_literals;

void add(IdentityStore& store, std::uint64_t number, EnumSet<Role> roles) {
    UserRecord record = user_of_number(number);
    record.user.roles = roles;
    ASSERT_TRUE(store.add_user(record, event_of("user.created.v1", record.user.name)));
}

NewEvent told(const char* type) {
    return event_of(type, "subject");
}

NewEvent revoked(const DeviceId& device) {
    return event_of("device.revoked.v1", to_text(device));
}

std::vector<std::string> types_of(runtime::OutboxReader& outbox) {
    std::vector<std::string> types;
    for (const runtime::Event& event : outbox.read_after(0, 1000).value())
        types.push_back(event.type);
    return types;
}

CheckIn check_in_of_number(std::uint64_t number, std::string name, TimePoint at = kNow) {
    return {.id = id_of<CheckInId>(number),
            .name = std::move(name),
            .phone = "+9053212345" + std::to_string(10 + number % 90),
            .wellbeing = Wellbeing::kSafe,
            .place = "stadium camp",
            .note = "with both children",
            .at = at,
            .recorded_by = "user:" + to_text(id_of<UserId>(1)),
            .salt = digest_of(number)};
}

Result<CheckIn> record(CheckInStore& store, const CheckIn& check_in, Duration keep = 24h * 90) {
    return store.add(check_in, name_words(check_in.name).value(), keep,
                     event_of("check_in.recorded.v1", to_text(check_in.id)));
}

std::vector<std::string> names_of(const Result<std::vector<CheckIn>>& found) {
    std::vector<std::string> names;
    for (const CheckIn& one : found.value()) names.push_back(one.name);
    return names;
}

/// Whether any file of the directory holds `text`.
bool holds(const std::filesystem::path& directory, const std::string& text) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        if (bytes.find(text) != std::string::npos) return true;
    }
    return false;
}

void a_disabled_user_has_no_way_in(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const auto user = id_of<UserId>(1);
    EXPECT_EQ(reason_of(store.disable_user(user, kNow, told("user.disabled.v1"))), "USER_UNKNOWN");
    add(store, 1, {Role::kDispatcher});
    const Session session = session_of(1, Subject::of(user));
    ASSERT_TRUE(store.add_session(session, {}));

    const auto disabled = store.disable_user(user, kNow + 1h, told("user.disabled.v1"));
    ASSERT_TRUE(disabled);
    EXPECT_EQ(disabled->user.disabled_at, kNow + 1h);
    ASSERT_EQ(disabled->sessions.size(), 1u);
    EXPECT_EQ(disabled->sessions[0].session, session.id);
    EXPECT_EQ(disabled->sessions[0].until, session.access_until);
    EXPECT_EQ(store.revocations(kNow)->sessions.size(), 1u);
    EXPECT_EQ(reason_of(store.add_session(session_of(2, Subject::of(user)), {})), "LOGIN_REFUSED");
    EXPECT_EQ(reason_of(store.refresh_session(session.current, digest_of(9), kNow, {})),
              "REFRESH_REFUSED");

    const auto again = store.disable_user(user, kNow + 2h, told("user.disabled.v1"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->user.disabled_at, kNow + 1h);
    EXPECT_EQ(store.find_user(user)->disabled_at, kNow + 1h);
    ASSERT_TRUE(store.enable_user(user, told("user.enabled.v1")));
    ASSERT_TRUE(store.enable_user(user, told("user.enabled.v1")));
    EXPECT_EQ(store.find_user(user)->disabled_at, std::nullopt);
    EXPECT_TRUE(store.add_session(session_of(3, Subject::of(user)), {}));
    EXPECT_EQ(types_of(*opened.outbox),
              (std::vector<std::string>{"user.created.v1", "user.disabled.v1", "user.enabled.v1"}));
}

void an_operator_is_left(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const auto one = id_of<UserId>(1), other = id_of<UserId>(2);
    add(store, 1, {Role::kOperator});
    add(store, 3, {Role::kDispatcher});
    EXPECT_EQ(reason_of(store.disable_user(one, kNow, told("d"))), "LAST_OPERATOR");
    EXPECT_EQ(reason_of(store.erase_user(one, kNow, told("e"), revoked)), "LAST_OPERATOR");
    add(store, 2, {Role::kOperator});
    EXPECT_TRUE(store.disable_user(other, kNow, told("d")));
    EXPECT_EQ(reason_of(store.disable_user(one, kNow, told("d"))), "LAST_OPERATOR");
    EXPECT_TRUE(store.erase_user(other, kNow, told("e"), revoked));
    EXPECT_TRUE(store.disable_user(id_of<UserId>(3), kNow, told("d")));
    EXPECT_EQ(opened.outbox->last_position(), 6u);
}

void sessions_of_one_user_end_together(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    add(store, 1, {Role::kCitizen});
    add(store, 2, {Role::kCitizen});
    for (std::uint64_t i = 1; i <= 3; ++i)
        ASSERT_TRUE(
            store.add_session(session_of(i, Subject::of(id_of<UserId>(i == 3 ? 2 : 1))), {}));
    const auto ended = store.revoke_sessions(id_of<UserId>(1));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->size(), 2u);
    EXPECT_EQ(store.revoke_sessions(id_of<UserId>(1))->size(), 0u);
    EXPECT_EQ(store.holdings(id_of<UserId>(2))->sessions.size(), 1u);
    EXPECT_EQ(reason_of(store.revoke_sessions(id_of<UserId>(9))), "USER_UNKNOWN");
}

void nothing_is_left_of_who_is_erased(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const auto user = id_of<UserId>(2);
    add(store, 1, {Role::kOperator});
    UserRecord leyla = user_of_number(2, "leyla-of-the-unmistakable-name");
    leyla.user.roles = {Role::kDispatcher};
    ASSERT_TRUE(store.add_user(leyla, event_of("user.created.v1", to_text(user))));
    ASSERT_TRUE(store.add_session(session_of(1, Subject::of(user)), {}));
    EnrolmentToken token = token_of(1, 3);
    token.rights.owner = user;
    ASSERT_TRUE(store.add_enrolment_token(token, kNow));
    std::vector<Device> devices;
    for (std::uint64_t i = 1; i <= 2; ++i) {
        devices.push_back(device_of_number(i, token));
        devices.back().label = "the unmistakable phone " + std::to_string(i);
        ASSERT_TRUE(store.enrol(devices.back(), kNow, told("device.enrolled.v1")));
    }
    ASSERT_TRUE(store.revoke_device(devices[1].id, kNow, revoked(devices[1].id)));
    CheckIn by_user = check_in_of_number(1, "Deniz"), by_device = check_in_of_number(2, "Ada");
    by_user.recorded_by = "user:" + to_text(user);
    by_device.recorded_by = "device:" + to_text(devices[0].id);
    ASSERT_TRUE(record(*opened.check_ins, by_user));
    ASSERT_TRUE(record(*opened.check_ins, by_device));

    const auto held = store.holdings(user);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->user, leyla.user);
    EXPECT_EQ(held->sessions.size(), 1u);
    EXPECT_EQ(held->devices.size(), 2u);
    ASSERT_EQ(held->enrolment_tokens.size(), 1u);
    EXPECT_EQ(held->enrolment_tokens[0].used, 2u);
    EXPECT_EQ(held->check_ins, (std::vector{by_user.id, by_device.id}));

    const auto erased = store.erase_user(user, kNow + 1h, told("user.erased.v1"), revoked);
    ASSERT_TRUE(erased);
    EXPECT_EQ(erased->sessions.size(), 1u);
    ASSERT_EQ(erased->devices.size(), 1u);
    EXPECT_EQ(erased->devices[0].device, devices[0].id);
    EXPECT_EQ(reason_of(store.find_user(user)), "USER_UNKNOWN");
    EXPECT_EQ(reason_of(store.holdings(user)), "USER_UNKNOWN");
    EXPECT_EQ(reason_of(store.find_enrolment_token(token.hash)), "ENROLMENT_REFUSED");
    for (const Device& device : devices) {
        const auto kept = store.find_device(device.id);
        ASSERT_TRUE(kept);
        EXPECT_TRUE(kept->revoked_at && kept->label.empty() && kept->rights.owner.empty());
    }
    EXPECT_EQ(opened.check_ins->find_check_in(by_user.id)->recorded_by, "");
    EXPECT_EQ(opened.check_ins->find_check_in(by_device.id)->recorded_by, "");
    EXPECT_EQ(types_of(*opened.outbox).back(), "user.erased.v1");
    for (const char* text : {"unmistakable", "hash 2"})
        EXPECT_FALSE(holds(directory, text)) << text;
    EXPECT_TRUE(store.find_login("user1").value());
}

void a_check_in_is_recorded_once(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    CheckInStore& store = *opened.check_ins;
    const CheckIn first = check_in_of_number(1, "Ayşe Yılmaz");
    EXPECT_EQ(reason_of(store.find_check_in(first.id)), "CHECK_IN_UNKNOWN");
    EXPECT_EQ(record(store, first), first);
    CheckIn again = first;
    again.at = kNow + 1h;
    again.salt = digest_of(99);
    EXPECT_EQ(record(store, again), first);
    CheckIn other = first;
    other.wellbeing = Wellbeing::kMissing;
    EXPECT_EQ(reason_of(record(store, other)), "ID_TAKEN");
    other = first;
    other.recorded_by = "device:0123";
    EXPECT_EQ(reason_of(record(store, other)), "ID_TAKEN");
    EXPECT_EQ(store.find_check_in(first.id), first);
    EXPECT_EQ(types_of(*opened.outbox), std::vector<std::string>{"check_in.recorded.v1"});
}

void people_are_found(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    CheckInStore& store = *opened.check_ins;
    const char* names[] = {"Ayşe Yılmaz", "AYŞE YILMAZ", "Yılmaz Ali", "Ayşegül Demir", "علي حسن"};
    for (std::uint64_t i = 0; i < 5; ++i)
        ASSERT_TRUE(record(store, check_in_of_number(i + 1, names[i], kNow + i * 1min)));
    const auto named = [&](std::string_view text, std::size_t max = 10) {
        return names_of(store.by_name(name_words(text).value(), max));
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(named("ayse yilmaz"), (Names{names[1], names[0]}));
    EXPECT_EQ(named("YILMAZ"), (Names{names[2], names[1], names[0]}));
    EXPECT_EQ(named("ays"), (Names{names[3], names[1], names[0]}));
    EXPECT_EQ(named("ays", 2), (Names{names[3], names[1]}));
    EXPECT_EQ(named("gül"), Names{});
    EXPECT_EQ(named("حسن"), Names{names[4]});
    const std::string phone = check_in_of_number(1, "x").phone;
    EXPECT_EQ(names_of(store.by_phone(phone, 10)), Names{names[0]});
    ASSERT_TRUE(record(store, check_in_of_number(91, "Ayşe Yılmaz", kNow + 1h)));
    EXPECT_EQ(store.by_phone(phone, 10)->size(), 2u);
    EXPECT_EQ(store.by_phone(phone, 10)->front().at, kNow + 1h);
    EXPECT_EQ(store.by_phone("+905000000000", 10)->size(), 0u);
}

void what_is_old_goes(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    CheckInStore& store = *opened.check_ins;
    for (std::uint64_t i = 1; i <= 3; ++i)
        ASSERT_TRUE(record(store, check_in_of_number(i, "Deniz", kNow + i * 1min)));
    ASSERT_TRUE(record(store, check_in_of_number(4, "Deniz", kNow + 24h + 150s), 24h));
    EXPECT_EQ(store.by_name({"deniz"}, 10)->size(), 2u);
    EXPECT_EQ(reason_of(record(store, check_in_of_number(1, "Deniz", kNow + 25h))), "ID_TAKEN");
}

void a_check_in_is_erased_without_a_trace(const OpenAt& open,
                                          const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    CheckInStore& store = *opened.check_ins;
    // So many that pages split and merge: a name must not stay behind on one that is used no more.
    constexpr std::uint64_t kPeople = 300;
    const auto name = [](std::uint64_t i) {
        return "Vildan" + std::string(1 + i * 7 % 60, char('a' + i % 26)) + " Oymak";
    };
    for (std::uint64_t i = 1; i <= kPeople; ++i)
        ASSERT_TRUE(record(store, check_in_of_number(i, name(i), kNow + i * 1s)));
    for (std::uint64_t i = 1; i <= kPeople; i += 1 + i % 2)
        ASSERT_TRUE(store.erase_check_in(id_of<CheckInId>(i), told("check_in.erased.v1")));
    EXPECT_EQ(reason_of(store.erase_check_in(id_of<CheckInId>(1), told("e"))), "CHECK_IN_UNKNOWN");
    EXPECT_EQ(reason_of(store.find_check_in(id_of<CheckInId>(1))), "CHECK_IN_UNKNOWN");
    for (std::uint64_t i = 1; i <= kPeople; ++i)
        if (store.find_check_in(id_of<CheckInId>(i)))
            ASSERT_TRUE(store.erase_check_in(id_of<CheckInId>(i), told("check_in.erased.v1")));
    EXPECT_EQ(store.by_name({"vildan"}, 10)->size(), 0u);
    // The chain keeps the commitment of the first.
    EXPECT_EQ(reason_of(record(store, check_in_of_number(7, "Vildan"))), "ID_TAKEN");
    for (const char* text : {"Vildan", "vildan", "stadium", "both children", "+90532"})
        EXPECT_FALSE(holds(directory, text)) << text;
}

}  // namespace

const std::vector<ContractCase>& people_contract() {
    static const std::vector<ContractCase> cases = {
        {"a_disabled_user_has_no_way_in", a_disabled_user_has_no_way_in},
        {"an_operator_is_left", an_operator_is_left},
        {"sessions_of_one_user_end_together", sessions_of_one_user_end_together},
        {"nothing_is_left_of_who_is_erased", nothing_is_left_of_who_is_erased},
        {"a_check_in_is_recorded_once", a_check_in_is_recorded_once},
        {"people_are_found", people_are_found},
        {"what_is_old_goes", what_is_old_goes},
        {"a_check_in_is_erased_without_a_trace", a_check_in_is_erased_without_a_trace},
    };
    return cases;
}

}  // namespace imece::identity::testing
