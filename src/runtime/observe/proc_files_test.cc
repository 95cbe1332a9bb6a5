#include "runtime/observe/proc_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/observe/machine_metrics.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ProcFiles, cpu_times_are_of_all_processors) {
    const CpuTimes times = read_cpu_times(
        "cpu  87112 4 8494 51523 488 0 138 324 0 0\n"
        "cpu0 43125 1 3663 27036 43 0 34 159 0 0\n"
        "cpu1 43987 3 4831 24486 445 0 104 164 0 0\n"
        "intr 1155470 0 9 0\nctxt 568751\nbtime 1795760238\n");
    EXPECT_THAT(times.ticks, ElementsAre(87112, 4, 8494, 51523, 488, 0, 138, 324));
    EXPECT_EQ(times.processors, 2U);
}

TEST(ProcFiles, memory_is_in_bytes) {
    const MemoryInfo memory = read_memory_info(
        "MemTotal:       24683656 kB\nMemFree:        23191332 kB\nMemAvailable:   23969108 kB\n"
        "Buffers:           11380 kB\nSwapTotal:       2097148 kB\nSwapFree:        2097000 kB\n"
        "HugePages_Total:       0\n");
    EXPECT_EQ(memory.total_bytes, 24683656U * 1024ULL);
    EXPECT_EQ(memory.available_bytes, 23969108U * 1024ULL);
    EXPECT_EQ(memory.swap_total_bytes, 2097148U * 1024ULL);
    EXPECT_EQ(memory.swap_free_bytes, 2097000U * 1024ULL);
}

/// A machine with NVMe, of Linux 5.5 or later: discards and flushes follow.
constexpr std::string_view kDiskStats =
    "   7       0 loop0 62 0 2550 21 0 0 0 0 0 44 21 0 0 0 0 0 0\n"
    " 259       0 nvme0n1 313245 76320 19284650 87215 981273 512044 48120344 1480532 2 611204 "
    "1702311 0 0 0 0 70551 134563\n"
    " 259       1 nvme0n1p1 312100 76320 19259170 86921 956402 512044 48120344 1467201 0 608112 "
    "1554122 0 0 0 0 0 0\n";

TEST(ProcFiles, disk_io_is_the_devices_own) {
    const auto io = read_disk_io(kDiskStats, {259, 1});
    ASSERT_TRUE(io);
    EXPECT_EQ(io->reads, 312100U);
    EXPECT_EQ(io->read_bytes, 19259170U * 512ULL);
    EXPECT_EQ(io->writes, 956402U);
    EXPECT_EQ(io->written_bytes, 48120344U * 512ULL);
    EXPECT_EQ(io->busy_ms, 608112U);
    EXPECT_FALSE(read_disk_io(kDiskStats, {0, 42}));
    EXPECT_FALSE(read_disk_io("", {0, 0}));
}

TEST(ProcFiles, network_names_may_touch_their_numbers) {
    const auto devices = read_network(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
        "drop fifo colls carrier compressed\n"
        "    lo:    3193      29    0    0    0     0          0         0     3193      29    0  "
        "  0    0     0       0          0\n"
        "wlp2s0:165664531    4891    1    2    0     0          0         0   198193    2454    3 "
        "   4    0     0       0          0\n");
    ASSERT_EQ(devices.size(), 2U);
    EXPECT_EQ(devices[0].name, "lo");
    EXPECT_EQ(devices[1].name, "wlp2s0");
    EXPECT_EQ(devices[1].in.bytes, 165664531U);
    EXPECT_EQ(devices[1].in.packets, 4891U);
    EXPECT_EQ(devices[1].in.errors, 1U);
    EXPECT_EQ(devices[1].in.drops, 2U);
    EXPECT_EQ(devices[1].out.bytes, 198193U);
    EXPECT_EQ(devices[1].out.errors, 3U);
    EXPECT_EQ(devices[1].out.drops, 4U);
}

TEST(ProcFiles, a_process_may_have_any_name) {
    const ProcessStat stat = read_process_stat(
        "7711 (a) b (c) S 7703 7703 4577 0 -1 4194304 98 0 0 0 205 31 0 0 20 0 17 0 74126 3133440 "
        "390 18446744073709551615 93878805291008 93878805310889 0 0 0 0 0 0 0\n");
    EXPECT_EQ(stat.threads, 17U);
    EXPECT_EQ(stat.virtual_bytes, 3133440U);
    EXPECT_EQ(stat.resident_pages, 390U);
}

constexpr std::string_view kUnifiedMounts =
    "24 30 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:3 - cgroup2 cgroup2 rw,nsdelegate\n"
    "30 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw,errors=remount-ro\n";
constexpr std::string_view kHybridMounts =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr std::string_view kHybridGroups =
    "9:name=systemd:/\n4:memory:/system.slice/imece.service\n1:cpu,cpuacct:/\n0::/init.scope\n";
/// Docker with version 1: the mount shows the container's own part of the tree.
constexpr std::string_view kContainerMounts =
    "720 715 0:32 /docker/3f2a /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup "
    "rw,memory\n";

struct CgroupCase {
    const char* name;
    std::string_view controller;
    std::string_view groups;
    std::string_view mounts;
    std::string_view place;  ///< "VERSION TOP INSIDE"; empty: none.
};
class FindCgroup : public testing::TestWithParam<CgroupCase> {};
TEST_P(FindCgroup, finds) {
    const CgroupCase& test = GetParam();
    const auto found = find_cgroup(test.controller, test.groups, read_mounts(test.mounts));
    EXPECT_EQ(found ? std::to_string(found->version) + ' ' + std::string(found->top) + ' ' +
                          std::string(found->inside)
                    : "",
              test.place);
}
INSTANTIATE_TEST_SUITE_P(
    table, FindCgroup,
    testing::Values(CgroupCase{"unified", "memory", "0::/system.slice/imece.service\n",
                               kUnifiedMounts, "2 /sys/fs/cgroup /system.slice/imece.service"},
                    CgroupCase{"unified_in_a_namespace", "cpu", "0::/\n", kUnifiedMounts,
                               "2 /sys/fs/cgroup "},
                    CgroupCase{"unified_outside_the_namespace", "cpu", "0::/../other\n",
                               kUnifiedMounts, "2 /sys/fs/cgroup "},
                    CgroupCase{"hybrid_old", "memory", kHybridGroups, kHybridMounts,
                               "1 /sys/fs/cgroup/memory /system.slice/imece.service"},
                    CgroupCase{"hybrid_joined", "cpu", kHybridGroups, kHybridMounts,
                               "1 /sys/fs/cgroup/cpu,cpuacct "},
                    CgroupCase{"hybrid_new", "pids", kHybridGroups, kHybridMounts,
                               "2 /sys/fs/cgroup/unified /init.scope"},
                    CgroupCase{"container", "memory", "4:memory:/docker/3f2a\n", kContainerMounts,
                               "1 /sys/fs/cgroup/memory "},
                    CgroupCase{"container_below", "memory", "4:memory:/docker/3f2a/x\n",
                               kContainerMounts, "1 /sys/fs/cgroup/memory /x"},
                    CgroupCase{"none", "memory", "", "", ""}),
    [](const auto& test) { return test.param.name; });

TEST(ProcFiles, limits_know_when_there_is_none) {
    EXPECT_EQ(read_limit("536870912\n"), 536870912U);
    for (const std::string_view none : {"max\n", "9223372036854771712\n", "-1\n", ""})
        EXPECT_FALSE(read_limit(none)) << none;
    EXPECT_EQ(read_cpu_limit("150000 100000\n"), 1.5);
    EXPECT_EQ(read_cpu_limit("50000\n 100000\n"), 0.5);
    for (const std::string_view none : {"max 100000\n", "-1\n 100000\n", "1 0", ""})
        EXPECT_FALSE(read_cpu_limit(none)) << none;
}

TEST(ProcFiles, values_stand_beside_their_keys) {
    constexpr std::string_view kEvents = "low 0\nhigh 3\nmax 17\noom 2\noom_kill 1\n";
    EXPECT_EQ(read_value(kEvents, "oom"), 2U);
    EXPECT_EQ(read_value(kEvents, "oom_kill"), 1U);
    EXPECT_FALSE(read_value(kEvents, "oom_group_kill"));
    EXPECT_FALSE(read_value("oom", "oom"));
}

TEST(MachineMetrics, are_those_of_this_machine) {
    const testkit::TempDir dir;
    Metrics metrics;
    const auto tokens = add_machine_metrics(metrics, dir.path());
    const std::string text = metrics.scrape();
    for (const char* name :
         {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_threads",
          "process_open_fds", "process_max_fds", "imece_machine_cpu_seconds_total{mode=\"idle\"}",
          "imece_machine_cpus", "imece_machine_memory_available_bytes",
          "imece_data_disk_available_bytes"})
        EXPECT_THAT(text, AllOf(HasSubstr(std::string("\n") + name + ' '),
                                testing::Not(HasSubstr(std::string("\n") + name + " 0\n"))));
    EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter"));
    EXPECT_THAT(text, HasSubstr("# TYPE process_threads gauge"));
}

}  // namespace
}  // namespace imece::runtime
