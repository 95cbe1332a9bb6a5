#include "sdk/cpp/dedup_window.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "testkit/temp_dir.h"

namespace imece::sdk {
namespace {

using namespace std::chrono_literals;

const TimePoint kNow = from_unix_ms(1'675'646'254'000);

MessageId message(std::uint32_t number) {
    MessageId id{{1}};
    for (int i = 0; i < 4; ++i) id.bytes[std::size_t(12 + i)] = std::uint8_t(number >> (8 * i));
    return id;
}
const DeviceId kPhone{{2}};
const DeviceId kDesk{{3}};

Handled handled(std::uint32_t number, TimePoint until = kNow + 1h) {
    return {kPhone, message(number), until};
}

/// What both windows promise.
class Window : public testing::TestWithParam<bool> {
protected:
    std::unique_ptr<DedupWindow> open(TimePoint now = kNow) const {
        if (!GetParam()) return make_memory_dedup_window();
        auto window = open_dedup_window(file_, now);
        EXPECT_TRUE(window);
        return window ? std::move(*window) : nullptr;
    }
    static Status remember(DedupWindow& window, const Handled& one, TimePoint now = kNow) {
        return window.remember({&one, 1}, now);
    }
    testkit::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "window";
};

TEST_P(Window, knows_what_it_was_told_by_device_and_message) {
    const auto window = open();
    EXPECT_FALSE(window->contains(kPhone, message(1)));
    ASSERT_TRUE(remember(*window, handled(1)));
    EXPECT_TRUE(window->contains(kPhone, message(1)));
    EXPECT_FALSE(window->contains(kPhone, message(2)));
    EXPECT_FALSE(window->contains(kDesk, message(1)));
    ASSERT_TRUE(remember(*window, handled(1)));
    EXPECT_EQ(window->size(), 1u);
    EXPECT_TRUE(window->remember({}, kNow));
}

TEST_P(Window, is_bounded_by_expiry) {
    const auto window = open();
    TimePoint now = kNow;
    std::uint32_t number = 0;
    for (int round = 0; round < 40; ++round, now += 1min) {
        std::vector<Handled> batch;
        for (int i = 0; i < 1000; ++i) batch.push_back(handled(number++, now + 90s));
        ASSERT_TRUE(window->remember(batch, now));
        EXPECT_TRUE(window->contains(kPhone, message(number - 1)));
    }
    // Two rounds live at any time; what expired is dropped once it is most of what is kept.
    EXPECT_LT(window->size(), 9000u);
    if (GetParam()) {
        EXPECT_LT(std::filesystem::file_size(file_), 9000u * 44);
    }
}

TEST_P(Window, takes_many_threads) {
    const auto window = open();
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint32_t i = 0; i < 50; ++i)
                EXPECT_TRUE(remember(*window, handled(t * 1000 + i)));
        });
    threads.clear();
    EXPECT_EQ(window->size(), 200u);
}

INSTANTIATE_TEST_SUITE_P(kinds, Window, testing::Bool(),
                         [](const auto& test) { return test.param ? "file" : "memory"; });

class FileWindow : public testing::Test {
protected:
    std::unique_ptr<DedupWindow> open(TimePoint now = kNow) const {
        auto window = open_dedup_window(file_, now);
        EXPECT_TRUE(window) << window.error().message;
        return window ? std::move(*window) : nullptr;
    }
    void fill(std::uint32_t count) const {
        std::vector<Handled> batch;
        for (std::uint32_t i = 0; i < count; ++i) batch.push_back(handled(i));
        EXPECT_TRUE(open()->remember(batch, kNow));
    }
    std::string bytes() const {
        std::ifstream in(file_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void set_bytes(std::string_view bytes) const {
        std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    }
    testkit::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "window";
};

TEST_F(FileWindow, remembers_when_opened_again) {
    fill(100);
    const auto window = open();
    EXPECT_EQ(window->size(), 100u);
    EXPECT_TRUE(window->contains(kPhone, message(99)));
    EXPECT_FALSE(window->contains(kPhone, message(100)));
}

TEST_F(FileWindow, does_not_read_back_what_expired) {
    const Handled both[] = {handled(1, kNow + 10s), handled(2, kNow + 20s)};
    ASSERT_TRUE(open()->remember(both, kNow));
    const auto window = open(kNow + 15s);
    EXPECT_FALSE(window->contains(kPhone, message(1)));
    EXPECT_TRUE(window->contains(kPhone, message(2)));
}

TEST_F(FileWindow, keeps_the_whole_records_of_a_torn_file) {
    fill(3);
    const std::string whole = bytes();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        set_bytes(whole.substr(0, size));
        const auto window = open();
        ASSERT_TRUE(window) << size;
        EXPECT_EQ(window->size(), size < 16 ? 0 : (size - 16) / 44) << size;
    }
}

TEST_F(FileWindow, passes_over_a_damaged_record) {
    fill(3);
    std::string damaged = bytes();
    damaged[16 + 44 + 5] ^= 1;
    set_bytes(damaged);
    EXPECT_EQ(open()->size(), 2u);
}

TEST_F(FileWindow, refuses_another_kind_of_file) {
    set_bytes("this is a letter to my mother");
    const auto window = open_dedup_window(file_, kNow);
    ASSERT_FALSE(window);
    EXPECT_EQ(window.error().reason, "DATA_MALFORMED");
    EXPECT_EQ(bytes(), "this is a letter to my mother");
}

TEST_F(FileWindow, has_one_holder) {
    const auto window = open();
    const auto second = open_dedup_window(file_, kNow);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, "STORE_DOWN");
}

TEST_F(FileWindow, says_when_it_cannot_be_written) {
    const auto window = open_dedup_window(dir_.path() / "none" / "window", kNow);
    ASSERT_FALSE(window);
    EXPECT_EQ(window.error().reason, "STORE_DOWN");
}

// The child remembers as fast as it can and says so after each; it is killed at many points. What
// it said must be there.
TEST_F(FileWindow, survives_kill_9) {
    std::uint32_t acknowledged = 0;
    for (int round = 0; round < 20; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            close(ends[0]);
            auto window = open_dedup_window(file_, kNow);
            for (std::uint32_t i = acknowledged; window; ++i) {
                const Handled one = handled(i);
                if (!(*window)->remember({&one, 1}, kNow)) break;
                if (write(ends[1], &i, sizeof i) != sizeof i) break;
            }
            _exit(1);
        }
        close(ends[1]);
        // A different number of records each round, then the kill, wherever the child is by then.
        std::uint32_t last = 0;
        std::uint32_t got = 0;
        const auto next = [&] { return read(ends[0], &last, sizeof last) == sizeof last; };
        while (got < std::uint32_t(1 + round * 7) && next()) ++got;
        kill(child, SIGKILL);
        while (next()) ++got;
        close(ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        ASSERT_GT(got, 0u);
        acknowledged = last + 1;

        const auto window = open();
        for (std::uint32_t i = 0; i < acknowledged; ++i)
            ASSERT_TRUE(window->contains(kPhone, message(i))) << i << " in round " << round;
        EXPECT_LE(window->size(), acknowledged + 1);
    }
}

}  // namespace
}  // namespace imece::sdk
