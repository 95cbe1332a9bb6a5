#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "identity/tests/identity_store_contract.h"
#include "identity/tests/samples.h"

namespace imece::identity::testing {
namespace {

void a_close_keeps_everything(const OpenAt& open, const std::filesystem::path& directory) {
    const Limits limits;
    const EnrolmentToken token = token_of(1, 5);
    const Device device = device_of_number(1, token);
    const Session session = session_of(1, Subject::of(device.id));
    {
        const OpenStore opened = open(directory);
        IdentityStore& store = *opened.store;
        ASSERT_TRUE(store.add_user(user_of_number(1), event_of("user.created.v1", "1")));
        ASSERT_TRUE(store.add_enrolment_token(token, kNow));
        ASSERT_TRUE(store.enrol(device, kNow, event_of("device.enrolled.v1", "2")));
        ASSERT_TRUE(store.sign_in_device(session, device.credential_until,
                                         event_of("device.enrolled.v1", "2"), limits));
    }
    const OpenStore opened = open(directory);
    IdentityStore& store = *opened.store;
    ASSERT_EQ(store.has_users(), true);
    EXPECT_EQ(store.find_user(id_of<UserId>(1)), user_of_number(1).user);
    EXPECT_EQ(store.find_device(device.id), device);
    EXPECT_EQ(store.find_enrolment_token(token.hash)->used, 1u);
    EXPECT_TRUE(store.refresh_session(session.current, digest_of(2), kNow, limits));
    EXPECT_EQ(opened.outbox->last_position(), 3u);
}

/// The child of a fork: enrols from four threads and tells each acknowledged number through the
/// pipe, until it is killed.
[[noreturn]] void enrol_until_killed(const OpenAt& open, const std::filesystem::path& directory,
                                     int pipe, std::uint64_t first) {
    const OpenStore opened = open(directory);
    const EnrolmentToken token = token_of(1, 1'000'000);
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint64_t number = first + t;; number += 4) {
                const Device device = device_of_number(number, token);
                if (!opened.store->enrol(device, kNow,
                                         event_of("device.enrolled.v1", to_text(device.id))) ||
                    ::write(pipe, &number, sizeof number) != ssize_t(sizeof number))
                    _exit(1);
            }
        });
    threads.clear();
    _exit(1);
}

/// Lets a child write until `enough` more are acknowledged, then kills it.
void run_and_kill(const OpenAt& open, const std::filesystem::path& directory, std::uint64_t first,
                  std::size_t enough, std::set<std::uint64_t>& acknowledged) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) enrol_until_killed(open, directory, pipe[1], first);
    ::close(pipe[1]);
    enough += acknowledged.size();
    std::uint64_t number = 0;
    while (::read(pipe[0], &number, sizeof number) == ssize_t(sizeof number)) {
        acknowledged.insert(number);
        // What is in the pipe by then was acknowledged all the same.
        if (acknowledged.size() == enough) ::kill(child, SIGKILL);
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
}

void a_kill_loses_nothing_acknowledged(const OpenAt& open, const std::filesystem::path& directory) {
    const EnrolmentToken token = token_of(1, 1'000'000);
    ASSERT_TRUE(open(directory).store->add_enrolment_token(token, kNow));
    std::set<std::uint64_t> acknowledged;
    for (unsigned round = 0; round < 5; ++round) {
        run_and_kill(open, directory, 1 + round * 100'000, 30 + 17 * round, acknowledged);
        const OpenStore opened = open(directory);
        for (const std::uint64_t number : acknowledged)
            ASSERT_TRUE(opened.store->find_device(device_of_number(number, token).id)) << number;
        // Whatever else was under way is there as a whole, or not at all.
        const auto events = opened.outbox->read_after(0, 1'000'000);
        ASSERT_TRUE(events);
        std::set<std::string> told;
        for (std::size_t i = 0; i < events->size(); ++i) {
            EXPECT_EQ((*events)[i].position, i + 1);
            told.insert((*events)[i].subject);
        }
        EXPECT_EQ(opened.store->find_enrolment_token(token.hash)->used, told.size());
        std::size_t devices = 0;
        for (Page page{.after = {}, .size = 1000};;) {
            const auto some = opened.store->list_devices(page);
            ASSERT_TRUE(some);
            for (const Device& device : *some) EXPECT_TRUE(told.contains(to_text(device.id)));
            devices += some->size();
            if (some->size() < page.size) break;
            page.after = some->back().id.bytes;
        }
        EXPECT_EQ(devices, told.size());
    }
}

}  // namespace

const std::vector<ContractCase>& durability_contract() {
    static const std::vector<ContractCase> cases = {
        {"a_close_keeps_everything", a_close_keeps_everything},
        {"a_kill_loses_nothing_acknowledged", a_kill_loses_nothing_acknowledged},
    };
    return cases;
}

}  // namespace imece::identity::testing
