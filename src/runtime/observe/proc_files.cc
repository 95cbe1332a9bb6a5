#include "runtime/observe/proc_files.h"

#include <algorithm>
#include <charconv>

namespace imece::runtime {
namespace {

constexpr std::string_view kSpace = " \t\n";
constexpr std::uint64_t kSectorBytes = 512;  ///< Of /proc/diskstats, whatever the device's own is.
/// Version 1 writes "no limit" as the largest number of whole pages.
constexpr std::uint64_t kNoLimit = std::uint64_t(1) << 62;

/// Cuts the first word off `text`; empty when there is none.
std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(kSpace));
    text.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::optional<std::uint64_t> number(std::string_view word) {
    std::uint64_t value = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::uint64_t take_number(std::string_view& text) {
    return number(take_word(text)).value_or(0);
}

/// True when one of `list`'s items, which commas part, is `item`.
bool lists(std::string_view list, std::string_view item) {
    while (!list.empty()) {
        const std::string_view one = list.substr(0, list.find(','));
        if (one == item) return true;
        list.remove_prefix(std::min(one.size() + 1, list.size()));
    }
    return false;
}

/// The path of the line whose controllers say yes to `belongs`. A line is "ID:CONTROLLERS:PATH".
template <class Belongs>
std::optional<std::string_view> group_path(std::string_view cgroup, const Belongs& belongs) {
    while (!cgroup.empty()) {
        std::string_view line = take_line(cgroup);
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        if (belongs(line.substr(0, first), line.substr(first + 1, second - first - 1)))
            return line.substr(second + 1);
    }
    return std::nullopt;
}

CgroupPlace place_in(const Mount& mount, std::string_view path, int version) {
    if (mount.root != "/" && path.starts_with(mount.root)) path.remove_prefix(mount.root.size());
    // A path that leads out of the mount ("/../x", of another namespace) cannot be followed.
    if (path == "/" || !path.starts_with('/') || path.starts_with("/..")) path = {};
    return {mount.point, path, version};
}

}  // namespace

CpuTimes read_cpu_times(std::string_view proc_stat) {
    CpuTimes times;
    while (proc_stat.starts_with("cpu")) {
        std::string_view line = take_line(proc_stat);
        if (take_word(line) != "cpu") {
            ++times.processors;
            continue;
        }
        for (std::uint64_t& ticks : times.ticks) ticks = take_number(line);
    }
    return times;
}

MemoryInfo read_memory_info(std::string_view proc_meminfo) {
    const auto bytes = [&](std::string_view key) {
        return read_value(proc_meminfo, key).value_or(0) * 1024;
    };
    return {bytes("MemTotal:"), bytes("MemAvailable:"), bytes("SwapTotal:"), bytes("SwapFree:")};
}

std::optional<DiskIo> read_disk_io(std::string_view proc_diskstats, DeviceNumber device) {
    while (!proc_diskstats.empty()) {
        std::string_view line = take_line(proc_diskstats);
        const std::uint64_t major = take_number(line);
        const std::uint64_t minor = take_number(line);
        if (take_word(line).empty() || major != device.major || minor != device.minor) continue;
        // reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, busy ms.
        std::array<std::uint64_t, 10> fields{};
        for (std::uint64_t& field : fields) field = take_number(line);
        return DiskIo{fields[0], fields[2] * kSectorBytes, fields[4], fields[6] * kSectorBytes,
                      fields[9]};
    }
    return std::nullopt;
}

std::vector<NetworkDevice> read_network(std::string_view proc_net_dev) {
    std::vector<NetworkDevice> devices;
    while (!proc_net_dev.empty()) {
        std::string_view line = take_line(proc_net_dev);
        // No space is needed behind the colon; the two lines of heading have none, but a '|'.
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || line.contains('|')) continue;
        std::string_view name = line.substr(0, colon);
        line.remove_prefix(colon + 1);
        NetworkDevice device{.name = take_word(name), .in = {}, .out = {}};
        for (NetworkDevice::Direction* way : {&device.in, &device.out}) {
            std::array<std::uint64_t, 8> fields{};
            for (std::uint64_t& field : fields) field = take_number(line);
            *way = {fields[0], fields[1], fields[2], fields[3]};
        }
        devices.push_back(device);
    }
    return devices;
}

ProcessStat read_process_stat(std::string_view proc_self_stat) {
    // The program's name stands in brackets and may hold spaces and brackets itself.
    const std::size_t bracket = proc_self_stat.rfind(')');
    if (bracket == std::string_view::npos) return {};
    proc_self_stat.remove_prefix(bracket + 1);
    std::array<std::uint64_t, 22> fields{};  // From "state", the third of all, on.
    for (std::uint64_t& field : fields) field = take_number(proc_self_stat);
    return {fields[17], fields[20], fields[21]};
}

std::vector<Mount> read_mounts(std::string_view proc_self_mountinfo) {
    std::vector<Mount> mounts;
    while (!proc_self_mountinfo.empty()) {
        std::string_view line = take_line(proc_self_mountinfo);
        take_word(line);  // Its id, and its parent's.
        take_word(line);
        const std::string_view device = take_word(line);
        const std::size_t colon = std::min(device.find(':'), device.size());
        Mount mount;
        mount.device = {
            std::uint32_t(number(device.substr(0, colon)).value_or(0)),
            std::uint32_t(number(device.substr(std::min(colon + 1, device.size()))).value_or(0))};
        mount.root = take_word(line);
        mount.point = take_word(line);
        // Any number of optional fields ends with a dash.
        for (std::string_view word = take_word(line); word != "-" && !word.empty();)
            word = take_word(line);
        mount.type = take_word(line);
        mount.source = take_word(line);
        mount.options = take_word(line);
        if (!mount.options.empty()) mounts.push_back(mount);
    }
    return mounts;
}

std::optional<CgroupPlace> find_cgroup(std::string_view controller,
                                       std::string_view proc_self_cgroup,
                                       const std::vector<Mount>& mounts) {
    const auto mounted = [&](std::string_view type, const auto& holds) {
        return std::ranges::find_if(
            mounts, [&](const Mount& mount) { return mount.type == type && holds(mount); });
    };
    const auto old =
        mounted("cgroup", [&](const Mount& mount) { return lists(mount.options, controller); });
    const auto old_path =
        group_path(proc_self_cgroup, [&](auto, auto names) { return lists(names, controller); });
    if (old != mounts.end() && old_path) return place_in(*old, *old_path, 1);

    const auto unified = mounted("cgroup2", [](const Mount&) { return true; });
    const auto path = group_path(proc_self_cgroup,
                                 [](auto id, auto names) { return id == "0" && names.empty(); });
    if (unified != mounts.end() && path) return place_in(*unified, *path, 2);
    return std::nullopt;
}

std::optional<std::uint64_t> read_limit(std::string_view text) {
    const auto value = number(take_word(text));
    return value && *value < kNoLimit ? value : std::nullopt;
}

std::optional<double> read_cpu_limit(std::string_view quota_and_period) {
    const auto quota = number(take_word(quota_and_period));
    const auto period = number(take_word(quota_and_period));
    if (!quota || !period || *period == 0) return std::nullopt;
    return double(*quota) / double(*period);
}

std::optional<std::uint64_t> read_value(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (take_word(line) == key) return number(take_word(line));
    }
    return std::nullopt;
}

}  // namespace imece::runtime
