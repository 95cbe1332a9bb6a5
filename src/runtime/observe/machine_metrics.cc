#include "runtime/observe/machine_metrics.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/observe/proc_files.h"

namespace imece::runtime {
namespace {

namespace fs = std::filesystem;

/// No file of these is larger but on machines with thousands of devices, whose first will do.
constexpr std::size_t kFileBytesMax = 1 << 20;
/// A host of containers has an interface for each: the first ones will do, the machine's own lead.
constexpr std::size_t kNetworkDevicesMax = 16;
constexpr std::uint32_t kNoDevice = 0;  ///< The major number of file systems without a device.

/// Empty when it cannot be read. Files of /proc have no size to ask for.
std::string read_file(const std::string& path) {
    std::string text;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return text;
    ssize_t got = 0;
    do {
        const std::size_t size = text.size();
        text.resize(size + 16 * 1024);
        got = ::read(file, text.data() + size, text.size() - size);
        text.resize(size + std::size_t(std::max<ssize_t>(got, 0)));
    } while (got > 0 && text.size() < kFileBytesMax);
    ::close(file);
    return text;
}

double open_files() {
    // Linux 6.2 and later tell the number as the folder's size; before, the entries are counted.
    struct stat info{};
    if (::stat("/proc/self/fd", &info) == 0 && info.st_size > 0) return double(info.st_size);
    std::error_code failed;
    const fs::directory_iterator files("/proc/self/fd", failed);
    return failed ? 0 : double(std::distance(begin(files), end(files)));
}

/// Finer than the ticks of /proc.
double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return double(time.tv_sec) + double(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void add_process(Samples& samples, double started) {
    const std::string text = read_file("/proc/self/stat");
    const ProcessStat stat = read_process_stat(text);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    samples.add("process_cpu_seconds_total", "User and system time.", cpu_seconds());
    samples.add("process_resident_memory_bytes", "Resident memory.",
                double(stat.resident_pages) * double(sysconf(_SC_PAGESIZE)));
    samples.add("process_virtual_memory_bytes", "Address space.", double(stat.virtual_bytes));
    samples.add("process_threads", "Threads.", double(stat.threads));
    samples.add("process_open_fds", "Open files and sockets.", open_files());
    samples.add("process_max_fds", "Files and sockets that may be open.", double(files.rlim_cur));
    samples.add("process_start_time_seconds", "Start, since 1970.", started);
}

void add_processors(Samples& samples) {
    const std::string text = read_file("/proc/stat");
    const CpuTimes times = read_cpu_times(text);
    const double tick = 1 / double(sysconf(_SC_CLK_TCK));
    for (std::size_t i = 0; i < kCpuModes.size(); ++i)
        samples.add("imece_machine_cpu_seconds_total", "Time of all processors, by what they did.",
                    double(times.ticks[i]) * tick, {{"mode", std::string(kCpuModes[i])}});
    samples.add("imece_machine_cpus", "Processors that are online.", times.processors);
}

void add_memory(Samples& samples) {
    const std::string text = read_file("/proc/meminfo");
    const MemoryInfo memory = read_memory_info(text);
    samples.add("imece_machine_memory_total_bytes", "Memory of the machine.",
                double(memory.total_bytes));
    samples.add("imece_machine_memory_available_bytes", "Memory that can be had without swapping.",
                double(memory.available_bytes));
    samples.add("imece_machine_swap_total_bytes", "Swap space.", double(memory.swap_total_bytes));
    samples.add("imece_machine_swap_free_bytes", "Swap space that is free.",
                double(memory.swap_free_bytes));
}

void add_network(Samples& samples) {
    const std::string text = read_file("/proc/self/net/dev");
    auto devices = read_network(text);
    devices.resize(std::min(devices.size(), kNetworkDevicesMax));
    for (const NetworkDevice& device : devices)
        for (const bool in : {true, false}) {
            const auto& way = in ? device.in : device.out;
            const Labels labels{{"device", std::string(device.name)},
                                {"direction", in ? "in" : "out"}};
            samples.add("imece_machine_network_bytes_total", "Traffic of a network device.",
                        double(way.bytes), labels);
            samples.add("imece_machine_network_packets_total", "Packets of a network device.",
                        double(way.packets), labels);
            samples.add("imece_machine_network_errors_total", "Packets that were damaged.",
                        double(way.errors), labels);
            samples.add("imece_machine_network_drops_total", "Packets that found no room.",
                        double(way.drops), labels);
        }
}

/// The block device under `path`. Some file systems (btrfs, overlay) give files a number of their own: their
/// mount names the device.
std::optional<DeviceNumber> device_under(const fs::path& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    const DeviceNumber device{gnu_dev_major(info.st_dev), gnu_dev_minor(info.st_dev)};
    if (device.major != kNoDevice) return device;
    const std::string text = read_file("/proc/self/mountinfo");
    for (const Mount& mount : read_mounts(text))
        if (mount.device == device && ::stat(std::string(mount.source).c_str(), &info) == 0 &&
            S_ISBLK(info.st_mode))
            return DeviceNumber{gnu_dev_major(info.st_rdev), gnu_dev_minor(info.st_rdev)};
    return std::nullopt;
}

void add_disk(Samples& samples, const fs::path& data_dir,
              const std::optional<DeviceNumber>& device) {
    struct statvfs space{};
    if (::statvfs(data_dir.c_str(), &space) == 0) {
        samples.add("imece_data_disk_size_bytes", "Size of the data directory's file system.",
                    double(space.f_blocks) * double(space.f_frsize));
        samples.add("imece_data_disk_available_bytes", "What the process may still write there.",
                    double(space.f_bavail) * double(space.f_frsize));
        samples.add("imece_data_disk_files_available", "Files that may still be made there.",
                    double(space.f_favail));
    }
    if (!device) return;
    const std::string text = read_file("/proc/diskstats");
    const auto io = read_disk_io(text, *device);
    if (!io) return;
    for (const bool read : {true, false}) {
        const Labels labels{{"direction", read ? "read" : "write"}};
        samples.add("imece_data_disk_operations_total",
                    "Operations of the data directory's device.",
                    double(read ? io->reads : io->writes), labels);
        samples.add("imece_data_disk_bytes_total", "What they moved.",
                    double(read ? io->read_bytes : io->written_bytes), labels);
    }
    samples.add("imece_data_disk_busy_seconds_total", "Time in which the device had work.",
                double(io->busy_ms) / 1000);
}

/// A controller's folder, and those above it up to its mount: a limit of any of them holds.
struct Cgroup {
    int version = 2;
    std::vector<std::string> folders;  ///< The process's own first.

    std::string own(const char* file) const { return read_file(folders.front() + '/' + file); }
    /// The smallest of what `read` finds in the folders.
    template <class Read>
    auto tightest(const Read& read) const {
        decltype(read(folders.front())) least;
        for (const std::string& folder : folders)
            if (const auto limit = read(folder); limit && (!least || *limit < *least))
                least = limit;
        return least;
    }
};

std::optional<Cgroup> find_cgroup(const char* controller) {
    const std::string groups = read_file("/proc/self/cgroup");
    const std::string mounts = read_file("/proc/self/mountinfo");
    const auto place = find_cgroup(controller, groups, read_mounts(mounts));
    if (!place) return std::nullopt;
    Cgroup found{place->version, {}};
    std::string_view inside = place->inside;
    while (!inside.empty()) {
        found.folders.push_back(std::string(place->top) + std::string(inside));
        inside = inside.substr(0, inside.rfind('/'));
    }
    found.folders.emplace_back(place->top);
    return found;
}

void add_cgroup_memory(Samples& samples, const Cgroup& group) {
    const bool old = group.version == 1;
    if (const auto use = read_limit(group.own(old ? "memory.usage_in_bytes" : "memory.current")))
        samples.add("imece_cgroup_memory_bytes", "Memory of the control group, caches too.",
                    double(*use));
    const char* const file = old ? "/memory.limit_in_bytes" : "/memory.max";
    if (const auto limit = group.tightest(
            [&](const std::string& folder) { return read_limit(read_file(folder + file)); }))
        samples.add("imece_cgroup_memory_limit_bytes", "Its limit; absent without one.",
                    double(*limit));
    if (const auto kills =
            read_value(group.own(old ? "memory.oom_control" : "memory.events"), "oom_kill"))
        samples.add("imece_cgroup_oom_kills_total", "Processes killed since memory was out.",
                    double(*kills));
}

void add_cgroup_cpu(Samples& samples, const Cgroup& group) {
    const bool old = group.version == 1;
    const auto limit = group.tightest([&](const std::string& folder) {
        return read_cpu_limit(old ? read_file(folder + "/cpu.cfs_quota_us") + ' ' +
                                        read_file(folder + "/cpu.cfs_period_us")
                                  : read_file(folder + "/cpu.max"));
    });
    if (limit)
        samples.add("imece_cgroup_cpu_limit_cores",
                    "Processors' worth of time; absent without one.", *limit);
    const std::string stat = group.own("cpu.stat");
    if (const auto used = read_value(stat, "usage_usec"))
        samples.add("imece_cgroup_cpu_seconds_total", "Time that the control group used.",
                    double(*used) / 1e6);
    const auto throttled =
        old ? read_value(stat, "throttled_time") : read_value(stat, "throttled_usec");
    if (throttled)
        samples.add("imece_cgroup_cpu_throttled_seconds_total", "Time that its limit took from it.",
                    double(*throttled) / (old ? 1e9 : 1e6));
}

void add_cgroup_processes(Samples& samples, const Cgroup& group) {
    if (const auto use = read_limit(group.own("pids.current")))
        samples.add("imece_cgroup_threads", "Threads of the control group.", double(*use));
    if (const auto limit = group.tightest(
            [](const std::string& folder) { return read_limit(read_file(folder + "/pids.max")); }))
        samples.add("imece_cgroup_threads_limit", "Its limit; absent without one.", double(*limit));
}

}  // namespace

std::vector<std::shared_ptr<void>> add_machine_metrics(Metrics& metrics, const fs::path& data_dir) {
    const double started =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::vector<std::shared_ptr<void>> tokens;
    tokens.push_back(metrics.source([started](Samples& samples) {
        add_process(samples, started);
        add_processors(samples);
        add_memory(samples);
        add_network(samples);
    }));
    tokens.push_back(metrics.source([data_dir, device = device_under(data_dir)](Samples& samples) {
        add_disk(samples, data_dir, device);
    }));
    const auto add_group = [&](const char* controller, auto add) {
        if (auto group = find_cgroup(controller))
            tokens.push_back(metrics.source(
                [group = *std::move(group), add](Samples& samples) { add(samples, group); }));
    };
    add_group("memory", add_cgroup_memory);
    add_group("cpu", add_cgroup_cpu);
    add_group("pids", add_cgroup_processes);
    // Version 1 accounts for time in a controller of its own, by nanoseconds.
    if (auto account = find_cgroup("cpuacct"); account && account->version == 1)
        tokens.push_back(metrics.source([group = *std::move(account)](Samples& samples) {
            if (const auto used = read_limit(group.own("cpuacct.usage")))
                samples.add("imece_cgroup_cpu_seconds_total", "Time that the control group used.",
                            double(*used) / 1e9);
        }));
    return tokens;
}

}  // namespace imece::runtime
