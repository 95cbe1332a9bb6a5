#include "identity/tests/identity_store_contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "identity/tests/samples.h"

namespace imece::identity::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kThreads = 8;

/// Runs `work(thread)` on eight threads that begin together.
void together(const std::function<void(int)>& work) {
    std::latch start(kThreads);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            work(t);
        });
}

std::vector<runtime::Event> all_events(runtime::OutboxReader& outbox) {
    auto events = outbox.read_after(0, 100'000);
    EXPECT_TRUE(events);
    return events.value_or(std::vector<runtime::Event>());
}

Status enrol(IdentityStore& store, const Device& device, TimePoint now = kNow) {
    const auto got = store.enrol(device, now, event_of("device.enrolled.v1", to_text(device.id)));
    if (!got) return std::unexpected(got.error());
    return {};
}

void set_up_happens_once(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    EXPECT_EQ(store.has_users(), false);
    EXPECT_EQ(store.setup_token().value(), std::nullopt);
    ASSERT_TRUE(store.offer_setup(digest_of(1)));
    ASSERT_TRUE(store.offer_setup(digest_of(2)));
    EXPECT_EQ(store.setup_token().value(), digest_of(2));
    EXPECT_EQ(reason_of(store.set_up(digest_of(1), user_of_number(1), event_of("u", "1"))),
              "SETUP_TOKEN_INVALID");
    std::atomic<int> done{0};
    together([&](int t) {
        const Status got = store.set_up(digest_of(2), user_of_number(unsigned(10 + t)),
                                        event_of("user.created.v1", "first"));
        if (got)
            ++done;
        else
            EXPECT_EQ(got.error().reason, "SETUP_TOKEN_INVALID");
    });
    EXPECT_EQ(done, 1);
    EXPECT_EQ(store.has_users(), true);
    EXPECT_EQ(store.setup_token().value(), std::nullopt);
    EXPECT_EQ(reason_of(store.offer_setup(digest_of(3))), "SETUP_TOKEN_INVALID");
    EXPECT_EQ(store.list_users({})->size(), 1u);
    EXPECT_EQ(all_events(*opened.outbox).size(), 1u);
}

void a_name_is_given_once(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    for (unsigned round = 0; round < 20; ++round) {
        const std::string name = "name" + std::to_string(round);
        std::atomic<int> done{0};
        together([&](int t) {
            const Status got = store.add_user(user_of_number(round * 100 + unsigned(t) + 1, name),
                                              event_of("user.created.v1", name));
            if (got)
                ++done;
            else
                EXPECT_EQ(got.error().reason, "USER_NAME_TAKEN");
        });
        EXPECT_EQ(done, 1);
        EXPECT_EQ(all_events(*opened.outbox).size(), round + 1);
    }
}

void users_are_found_as_they_were_stored(const OpenAt& open,
                                         const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    for (unsigned i = 1; i <= 5; ++i) {
        const UserRecord record = user_of_number(i);
        ASSERT_TRUE(store.add_user(record, event_of("user.created.v1", record.user.name)));
        // A read that begins after a write has returned sees it.
        EXPECT_EQ(store.find_user(record.user.id), record.user);
        const auto login = store.find_login(record.user.name);
        ASSERT_TRUE(login && *login);
        EXPECT_EQ((*login)->user, record.user);
        EXPECT_EQ((*login)->password_hash, record.password_hash);
    }
    EXPECT_EQ(reason_of(store.find_user(id_of<UserId>(99))), "USER_UNKNOWN");
    const auto nobody = store.find_login("nobody");
    ASSERT_TRUE(nobody);
    EXPECT_FALSE(*nobody);
    const auto page = store.list_users({.after = id_of<UserId>(2).bytes, .size = 2});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->size(), 2u);
    EXPECT_EQ((*page)[0].name, "user3");
    EXPECT_EQ((*page)[1].name, "user4");
}

void a_quota_is_never_exceeded(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    constexpr unsigned kQuota = 25;
    const EnrolmentToken token = token_of(1, kQuota);
    ASSERT_TRUE(store.add_enrolment_token(token, kNow));
    std::atomic<unsigned> done{0};
    together([&](int t) {
        for (unsigned i = 0; i < 10; ++i) {
            const Device device = device_of_number(unsigned(t) * 10 + i, token);
            const Status got = enrol(store, device);
            if (!got) {
                EXPECT_EQ(got.error().reason, "ENROLMENT_REFUSED");
                continue;
            }
            ++done;
            // Again, as after a lost answer.
            EXPECT_TRUE(enrol(store, device));
        }
    });
    EXPECT_EQ(done, kQuota);
    EXPECT_EQ(store.list_devices({})->size(), kQuota);
    EXPECT_EQ(store.find_enrolment_token(token.hash)->used, kQuota);
    EXPECT_EQ(all_events(*opened.outbox).size(), 2 * kQuota);
}

void enrolments_are_judged(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const UserRecord owner = user_of_number(7);
    ASSERT_TRUE(store.add_user(owner, event_of("user.created.v1", "owner")));
    EnrolmentToken first = token_of(1, 1);
    EnrolmentToken second = token_of(2, 1);
    second.rights = {.classes = {Priority::kMaintenance},
                     .network_roles = {NetworkRole::kCarrier},
                     .owner = owner.user.id};
    ASSERT_TRUE(store.add_enrolment_token(first, kNow));
    ASSERT_TRUE(store.add_enrolment_token(second, kNow));
    EXPECT_EQ(reason_of(store.find_enrolment_token(digest_of(99))), "ENROLMENT_REFUSED");
    EXPECT_EQ(store.find_enrolment_token(second.hash), second);

    Device device = device_of_number(1, first);
    EXPECT_EQ(reason_of(enrol(store, device_of_number(1, token_of(99, 1)))), "ENROLMENT_REFUSED");
    ASSERT_TRUE(enrol(store, device));
    EXPECT_EQ(store.find_device(device.id), device);
    EXPECT_EQ(reason_of(enrol(store, device_of_number(2, first))), "ENROLMENT_REFUSED");
    EXPECT_EQ(reason_of(enrol(store, device, first.expires_at)), "ENROLMENT_REFUSED");

    Device moved = device_of_number(1, second);
    moved.label = "a later label";
    moved.enrolled_at = kNow + minutes(1);
    moved.credential_until = kNow + std::chrono::days(8);
    ASSERT_TRUE(enrol(store, moved));
    moved.label = device.label;
    moved.enrolled_at = device.enrolled_at;
    EXPECT_EQ(store.find_device(device.id), moved);
    EXPECT_EQ(store.find_enrolment_token(second.hash)->used, 1u);
    EXPECT_EQ(reason_of(store.find_device(id_of<DeviceId>(1))), "DEVICE_UNKNOWN");
}

void refresh_tokens_rotate(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const Limits limits;
    ASSERT_TRUE(store.add_user(user_of_number(1), event_of("user.created.v1", "1")));
    const Session session = session_of(1, Subject::of(id_of<UserId>(1)));
    ASSERT_TRUE(store.add_session(session, limits));
    EXPECT_EQ(reason_of(store.refresh_session(digest_of(5), digest_of(6), kNow, limits)),
              "REFRESH_REFUSED");
    auto step = store.refresh_session(session.current, digest_of(11), kNow, limits);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->verdict, Refresh::kRotated);
    EXPECT_EQ(step->session.id, session.id);
    EXPECT_EQ(step->session.subject, session.subject);
    step = store.refresh_session(digest_of(11), digest_of(12), kNow + minutes(5), limits);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->verdict, Refresh::kRotated);
    // The first token again: two hands hold one family.
    step = store.refresh_session(session.current, digest_of(13), kNow + minutes(6), limits);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->verdict, Refresh::kReused);
    EXPECT_EQ(
        reason_of(store.refresh_session(digest_of(12), digest_of(14), kNow + minutes(6), limits)),
        "REFRESH_REFUSED");
    const auto revoked = store.revocations(kNow + minutes(6));
    ASSERT_TRUE(revoked);
    ASSERT_EQ(revoked->sessions.size(), 1u);
    EXPECT_EQ(revoked->sessions[0].session, session.id);
    EXPECT_EQ(revoked->sessions[0].until, kNow + minutes(20));
    EXPECT_TRUE(store.revocations(kNow + minutes(20))->sessions.empty());
}

void one_of_many_rotates(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const Limits limits;
    ASSERT_TRUE(store.add_user(user_of_number(1), event_of("user.created.v1", "1")));
    const Session session = session_of(1, Subject::of(id_of<UserId>(1)));
    ASSERT_TRUE(store.add_session(session, limits));
    std::atomic<int> rotated{0};
    std::atomic<int> repeated{0};
    together([&](int t) {
        const auto got =
            store.refresh_session(session.current, digest_of(100 + unsigned(t)), kNow, limits);
        ASSERT_TRUE(got);
        rotated += got->verdict == Refresh::kRotated;
        repeated += got->verdict == Refresh::kRepeated;
    });
    EXPECT_EQ(rotated, 1);
    EXPECT_EQ(repeated, kThreads - 1);
    // Only the last of the tokens that were given out is good.
    int good = 0;
    for (unsigned t = 0; t < unsigned(kThreads); ++t) {
        const auto got =
            store.refresh_session(digest_of(100 + t), digest_of(200 + t), kNow, limits);
        good += got && got->verdict == Refresh::kRotated;
    }
    EXPECT_LE(good, 1);
}

void sessions_end_and_are_bounded(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    Limits limits;
    limits.sessions_per_subject = 3;
    for (unsigned i = 1; i <= 2; ++i)
        ASSERT_TRUE(store.add_user(user_of_number(i), event_of("user.created.v1", "user")));
    const Subject subject = Subject::of(id_of<UserId>(1));
    for (unsigned i = 0; i < 5; ++i)
        ASSERT_TRUE(store.add_session(session_of(i + 1, subject, kNow + seconds(i)), limits));
    ASSERT_TRUE(store.add_session(session_of(9, Subject::of(id_of<UserId>(2))), limits));
    for (unsigned i = 0; i < 5; ++i) {
        const auto got = store.refresh_session(session_of(i + 1, subject).current,
                                               digest_of(i + 10), kNow, limits);
        EXPECT_EQ(got.has_value(), i >= 2) << i;
    }
    EXPECT_EQ(store.revoke_session(id_of<SessionId>(9)).value(), kNow + minutes(15));
    EXPECT_EQ(store.revoke_session(id_of<SessionId>(9)).value(), std::nullopt);
    EXPECT_EQ(reason_of(store.refresh_session(session_of(9, subject).current, digest_of(20), kNow,
                                              limits)),
              "REFRESH_REFUSED");
    EXPECT_EQ(store.revocations(kNow)->sessions.size(), 1u);
}

void a_revoked_device_has_no_way_back(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const Limits limits;
    const EnrolmentToken token = token_of(1, 10);
    ASSERT_TRUE(store.add_enrolment_token(token, kNow));
    const Device device = device_of_number(1, token);
    const TimePoint until = kNow + std::chrono::days(9);
    ASSERT_TRUE(enrol(store, device));
    std::atomic<bool> revoked{false};
    std::atomic<unsigned> signed_in{0};
    together([&](int t) {
        if (t == 0) {
            const auto got =
                store.revoke_device(device.id, kNow, event_of("device.revoked.v1", "device"));
            ASSERT_TRUE(got);
            EXPECT_TRUE(got->newly);
            revoked = true;
            return;
        }
        for (unsigned i = 0; i < 20; ++i) {
            const bool too_late = revoked;
            const Status got =
                store.sign_in_device(session_of(unsigned(t) * 100 + i, Subject::of(device.id)),
                                     until, event_of("device.enrolled.v1", "device"), limits);
            if (got) {
                EXPECT_FALSE(too_late);
                ++signed_in;
            } else {
                EXPECT_EQ(got.error().reason, "DEVICE_REVOKED");
            }
        }
    });
    for (unsigned t = 1; t < unsigned(kThreads); ++t)
        for (unsigned i = 0; i < 20; ++i)
            EXPECT_EQ(reason_of(store.refresh_session(
                          session_of(t * 100 + i, Subject::of(device.id)).current, digest_of(9),
                          kNow, limits)),
                      "REFRESH_REFUSED");
    EXPECT_EQ(reason_of(enrol(store, device)), "DEVICE_REVOKED");
    EXPECT_EQ(reason_of(store.sign_in_device(session_of(1, Subject::of(device.id)), until,
                                             event_of("device.enrolled.v1", "device"), limits)),
              "DEVICE_REVOKED");
    const auto again =
        store.revoke_device(device.id, kNow, event_of("device.revoked.v1", "device"));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->newly);
    EXPECT_EQ(store.find_device(device.id)->revoked_at, kNow);
    const auto events = all_events(*opened.outbox);
    EXPECT_EQ(events.size(), 2 + signed_in);
    EXPECT_EQ(events.back().type, "device.revoked.v1");
    const TimePoint last = signed_in > 0 ? until : device.credential_until;
    const auto refused = store.revocations(last - seconds(1));
    ASSERT_EQ(refused->devices.size(), 1u);
    EXPECT_EQ(refused->devices[0].until, last);
    EXPECT_TRUE(store.revocations(last)->devices.empty());
    EXPECT_EQ(reason_of(store.revoke_device(id_of<DeviceId>(5), kNow, event_of("d", "x"))),
              "DEVICE_UNKNOWN");
    EXPECT_EQ(reason_of(store.sign_in_device(session_of(1, Subject::of(id_of<DeviceId>(5))), kNow,
                                             event_of("d", "x"), limits)),
              "DEVICE_UNKNOWN");
}

void desks_take_devices(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const EnrolmentToken token = token_of(1, kDeskDevicesMax + 1);
    ASSERT_TRUE(store.add_enrolment_token(token, kNow));
    Desk desk{.id = id_of<GroupId>(1), .name = "112", .public_key = digest_of(1)};
    ASSERT_TRUE(store.add_desk(desk, event_of("desk.changed.v1", "desk")));
    Desk other{.id = id_of<GroupId>(2), .name = "112", .public_key = digest_of(1)};
    EXPECT_EQ(reason_of(store.add_desk(other, event_of("desk.changed.v1", "desk"))),
              "DESK_NAME_TAKEN");
    int told = 0;
    const auto tell = [&](const Desk& changed) {
        ++told;
        return event_of("desk.changed.v1", std::to_string(changed.devices.size()));
    };
    EXPECT_EQ(reason_of(store.add_desk_device(desk.id, id_of<DeviceId>(1), tell)),
              "DEVICE_UNKNOWN");
    EXPECT_EQ(reason_of(store.add_desk_device(id_of<GroupId>(5), id_of<DeviceId>(1), tell)),
              "DESK_UNKNOWN");
    for (unsigned i = 0; i < 3; ++i) {
        const Device device = device_of_number(i, token);
        ASSERT_TRUE(enrol(store, device));
        desk.devices.push_back(device.id);
        std::ranges::sort(desk.devices);
        EXPECT_EQ(store.add_desk_device(desk.id, device.id, tell), desk);
        EXPECT_EQ(store.add_desk_device(desk.id, device.id, tell), desk);
    }
    EXPECT_EQ(told, 3);
    const auto listed = store.list_desks({});
    ASSERT_TRUE(listed);
    EXPECT_EQ(*listed, std::vector{desk});
    EXPECT_EQ(all_events(*opened.outbox).back().subject, "3");
}

void events_are_in_the_order_of_commits(const OpenAt& open,
                                        const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    const EnrolmentToken token = token_of(1, 10);
    ASSERT_TRUE(store.add_enrolment_token(token, kNow));
    std::atomic<bool> done{false};
    std::vector<runtime::Event> seen;
    // Reads behind the writers: a position that shows up after a greater one was seen would be
    // lost for a consumer.
    std::jthread follower([&] {
        for (bool last_round = false; !last_round;) {
            last_round = done;
            for (;;) {
                const auto next =
                    opened.outbox->read_after(seen.empty() ? 0 : seen.back().position, 7);
                ASSERT_TRUE(next);
                EXPECT_LE(next->size(), 7u);
                if (next->empty()) break;
                seen.insert(seen.end(), next->begin(), next->end());
            }
        }
    });
    std::atomic<unsigned> stored{0};
    together([&](int t) {
        std::uint64_t before = 0;
        for (unsigned i = 0; i < 15; ++i) {
            const unsigned number = unsigned(t) * 100 + i;
            const std::string subject = std::to_string(number);
            stored +=
                store.add_user(user_of_number(number + 1), event_of("user.created.v1", subject))
                    .has_value();
            // What one caller does in a row stays in a row; what is refused leaves no trace.
            stored += enrol(store, device_of_number(number, token)).has_value();
            const std::uint64_t after = opened.outbox->last_position();
            EXPECT_GT(after, before);
            before = after;
        }
    });
    done = true;
    follower.join();
    EXPECT_EQ(stored, 15u * kThreads + 10);
    ASSERT_EQ(seen.size(), stored);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].position, i + 1);
    EXPECT_EQ(opened.outbox->last_position(), stored);
    std::array<int, kThreads> last{};
    last.fill(-1);
    for (const runtime::Event& event : seen) {
        if (event.type != "user.created.v1") continue;
        const int number = std::stoi(event.subject);
        EXPECT_GT(number % 100, last[std::size_t(number / 100)]);
        last[std::size_t(number / 100)] = number % 100;
    }
}

void events_come_back_whole(const OpenAt& open, const std::filesystem::path& directory) {
    const OpenStore opened = open(directory);
    EXPECT_EQ(opened.outbox->last_position(), 0u);
    const NewEvent event = event_of("user.created.v1", "subject");
    ASSERT_TRUE(opened.store->add_user(user_of_number(1), event));
    const auto events = all_events(*opened.outbox);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].id, event.id);
    EXPECT_EQ(events[0].type, event.type);
    EXPECT_EQ(events[0].subject, event.subject);
    EXPECT_EQ(events[0].time, event.time);
    EXPECT_EQ(events[0].trace_parent, event.trace_parent);
    EXPECT_EQ(events[0].actor, event.actor);
    EXPECT_EQ(events[0].data, event.data);
    EXPECT_EQ(events[0].position, 1u);
    EXPECT_TRUE(opened.outbox->read_after(1, 10)->empty());
}

}  // namespace

const std::vector<ContractCase>& store_contract() {
    static const std::vector<ContractCase> cases = {
        {"set_up_happens_once", set_up_happens_once},
        {"a_name_is_given_once", a_name_is_given_once},
        {"users_are_found_as_they_were_stored", users_are_found_as_they_were_stored},
        {"a_quota_is_never_exceeded", a_quota_is_never_exceeded},
        {"enrolments_are_judged", enrolments_are_judged},
        {"refresh_tokens_rotate", refresh_tokens_rotate},
        {"one_of_many_rotates", one_of_many_rotates},
        {"sessions_end_and_are_bounded", sessions_end_and_are_bounded},
        {"a_revoked_device_has_no_way_back", a_revoked_device_has_no_way_back},
        {"desks_take_devices", desks_take_devices},
        {"events_are_in_the_order_of_commits", events_are_in_the_order_of_commits},
        {"events_come_back_whole", events_come_back_whole},
    };
    return cases;
}

}  // namespace imece::identity::testing
