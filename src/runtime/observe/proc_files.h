// What the kernel writes under /proc and in control groups, read from its text. No I/O here.
//
// Every reader takes any text: what is missing or malformed is left out or zero, never an error, since a figure that a
// machine does not have must not cost the others. Times of /proc are in clock ticks, unless said otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace imece::runtime {

inline constexpr std::array<std::string_view, 8> kCpuModes{"user",   "nice", "system",  "idle",
                                                           "iowait", "irq",  "softirq", "steal"};
struct CpuTimes {
    std::array<std::uint64_t, kCpuModes.size()> ticks{};  ///< Of all processors, by kCpuModes.
    std::uint32_t processors = 0;                         ///< That are online.
};
CpuTimes read_cpu_times(std::string_view proc_stat);

struct MemoryInfo {
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    std::uint64_t swap_total_bytes = 0;
    std::uint64_t swap_free_bytes = 0;
};
MemoryInfo read_memory_info(std::string_view proc_meminfo);

struct DeviceNumber {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    friend bool operator==(const DeviceNumber&, const DeviceNumber&) = default;
};
struct DiskIo {
    std::uint64_t reads = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t writes = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t busy_ms = 0;  ///< Time with something in flight.
};
/// None for a device without a line: a network or memory file system.
std::optional<DiskIo> read_disk_io(std::string_view proc_diskstats, DeviceNumber device);

struct NetworkDevice {
    std::string_view name;  ///< A view into the text.
    struct Direction {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::uint64_t errors = 0;
        std::uint64_t drops = 0;
    };
    Direction in;
    Direction out;
};
std::vector<NetworkDevice> read_network(std::string_view proc_net_dev);

struct ProcessStat {
    std::uint64_t threads = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};
ProcessStat read_process_stat(std::string_view proc_self_stat);

/// One line of /proc/self/mountinfo; views into the text, escapes ("\040") as they are.
struct Mount {
    DeviceNumber device;
    std::string_view root;
    std::string_view point;
    std::string_view type;
    std::string_view source;
    std::string_view options;  ///< Of the file system, "rw,memory".
};
std::vector<Mount> read_mounts(std::string_view proc_self_mountinfo);

/// Where a process's control group for one controller lies. `top` is the mount, at or above `group`.
struct CgroupPlace {
    std::string_view top;     ///< "/sys/fs/cgroup/memory".
    std::string_view inside;  ///< "/system.slice/imece.service"; empty at the top itself.
    int version = 2;
};
/// By version 1 where the controller is mounted so, else by version 2; none without either. Inside a
/// container, whose mount shows a part of the tree, the place is taken relative to that part.
std::optional<CgroupPlace> find_cgroup(std::string_view controller,
                                       std::string_view proc_self_cgroup,
                                       const std::vector<Mount>& mounts);

/// A number alone in a file; none for "max", "-1", and for the huge value by which version 1 says "no limit".
std::optional<std::uint64_t> read_limit(std::string_view text);
/// The processors that "QUOTA PERIOD" (cpu.max) grants: "150000 100000" is 1.5. None without a limit.
std::optional<double> read_cpu_limit(std::string_view quota_and_period);
/// The number beside `key` in lines of "KEY NUMBER".
std::optional<std::uint64_t> read_value(std::string_view text, std::string_view key);

}  // namespace imece::runtime
