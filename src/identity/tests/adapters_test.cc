// Password hashes, the set-up link and the site's keys.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <latch>
#include <thread>

#include "identity/adapters/files/setup_link_file.h"
#include "identity/adapters/files/site_keys.h"
#include "identity/adapters/passwords/argon2_hasher.h"
#include "identity/tests/samples.h"
#include "runtime/files/private_file.h"
#include "testkit/temp_dir.h"

namespace imece::identity::testing {
namespace {

using std::chrono::steady_clock;

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
}

/// Cheap to compute; the costs are in the hash, so a test need not pay the real ones.
constexpr Argon2Hasher::Options kCheap{.memory_kib = 64, .passes = 1};

TEST(Argon2Hasher, knows_its_passwords) {
    SystemRandom random;
    Argon2Hasher hasher(random, kCheap);
    const auto hash = hasher.hash("kar yagiyor bugun", SteadyPoint::max());
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << *hash;
    EXPECT_NE(hasher.hash("kar yagiyor bugun", SteadyPoint::max()).value(), hash.value())
        << "salted";
    EXPECT_EQ(hasher.verify("kar yagiyor bugun", *hash, SteadyPoint::max()), true);
    EXPECT_EQ(hasher.verify("kar yagiyor", *hash, SteadyPoint::max()), false);
    EXPECT_EQ(hasher.verify("", *hash, SteadyPoint::max()), false);
    EXPECT_EQ(
        hasher.verify(std::string_view("kar yagiyor bugun\0x", 19), *hash, SteadyPoint::max()),
        false);
    EXPECT_EQ(hasher.verify("anything", std::nullopt, SteadyPoint::max()), false);
    EXPECT_EQ(reason_of(hasher.verify("anything", "not a hash", SteadyPoint::max())),
              "DATA_MALFORMED");
}

TEST(Argon2Hasher, writes_what_the_rules_ask_for) {
    SystemRandom random;
    Argon2Hasher hasher(random, {});
    const auto hash = hasher.hash("kar yagiyor bugun", SteadyPoint::max());
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *hash;
}

TEST(Argon2Hasher, an_unknown_user_costs_the_same) {
    SystemRandom random;
    Argon2Hasher hasher(random, {.memory_kib = 8192, .passes = 2});
    const auto hash = hasher.hash("kar yagiyor bugun", SteadyPoint::max());
    ASSERT_TRUE(hash);
    const auto fastest = [&](const std::optional<std::string>& against) {
        auto best = steady_clock::duration::max();
        for (int i = 0; i < 5; ++i) {
            const auto begin = steady_clock::now();
            EXPECT_EQ(hasher.verify("wrong", against, SteadyPoint::max()), false);
            best = std::min(best, steady_clock::now() - begin);
        }
        return best;
    };
    const auto known = fastest(hash.value());
    const auto unknown = fastest(std::nullopt);
    EXPECT_GT(unknown * 2, known);
    EXPECT_GT(known * 2, unknown);
}

TEST(Argon2Hasher, lets_few_in_and_few_wait) {
    SystemRandom random;
    // Long enough that the others come while the one turn is taken.
    Argon2Hasher hasher(random,
                        {.memory_kib = 64 * 1024, .passes = 4, .at_a_time = 1, .waiting_max = 1});
    constexpr int kCallers = 12;
    std::latch start(kCallers);
    std::atomic<int> done{0};
    std::atomic<int> busy{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < kCallers; ++i)
            callers.emplace_back([&] {
                start.arrive_and_wait();
                const auto got = hasher.hash("kar yagiyor bugun", SteadyPoint::max());
                if (got)
                    ++done;
                else
                    busy += got.error().reason == "LOGIN_BUSY";
            });
    }
    EXPECT_GE(done, 1);
    EXPECT_GE(busy, 1);
    EXPECT_EQ(done + busy, kCallers);
    EXPECT_TRUE(hasher.hash("kar yagiyor bugun", SteadyPoint::max())) << "turns come back";
}

TEST(Argon2Hasher, waits_no_longer_than_the_deadline) {
    SystemRandom random;
    Argon2Hasher hasher(random, {.memory_kib = 64, .passes = 1, .at_a_time = 0});
    EXPECT_EQ(reason_of(hasher.hash("kar yagiyor bugun", steady_clock::now())), "LOGIN_BUSY");
    EXPECT_EQ(reason_of(hasher.verify("x", std::nullopt, steady_clock::now())), "LOGIN_BUSY");
}

TEST(SetupLinkFile, holds_the_link) {
    const testkit::TempDir directory;
    SetupLinkFile link(directory.path() / "setup-link", "http://127.0.0.1:8080");
    EXPECT_EQ(link.read(), std::nullopt);
    ASSERT_TRUE(link.write("TOKEN"));
    EXPECT_EQ(mode_of(link.path()), 0600u);
    EXPECT_EQ(runtime::read_private_file(link.path()).value(),
              "http://127.0.0.1:8080/setup#TOKEN\n");
    EXPECT_EQ(link.read(), "TOKEN");
    std::ofstream(link.path()) << "no link at all";
    EXPECT_EQ(link.read(), std::nullopt);
    link.remove();
    EXPECT_FALSE(std::filesystem::exists(link.path()));
    link.remove();
}

TEST(SiteKeys, are_made_once_and_never_replaced) {
    const testkit::TempDir directory;
    SystemRandom random;
    const auto first = open_site_keys(directory.path(), random);
    ASSERT_TRUE(first);
    EXPECT_EQ(mode_of(directory.path() / "token.key"), 0600u);
    EXPECT_EQ(mode_of(directory.path() / "credential.key"), 0600u);
    const auto second = open_site_keys(directory.path(), random);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->token.public_point(), first->token.public_point());
    EXPECT_EQ(second->credential.public_key(), first->credential.public_key());
    for (const char* name : {"token.key", "credential.key"}) {
        const std::string good =
            runtime::read_private_file(directory.path() / name).value().value_or("");
        ASSERT_TRUE(runtime::write_private_file(directory.path() / name, "damaged"));
        EXPECT_EQ(reason_of(open_site_keys(directory.path(), random)), "DATA_MALFORMED") << name;
        EXPECT_EQ(runtime::read_private_file(directory.path() / name).value(), "damaged");
        ASSERT_TRUE(runtime::write_private_file(directory.path() / name, good));
    }
}

}  // namespace
}  // namespace imece::identity::testing
