#include "runtime/observe/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace imece::runtime {
namespace {

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double size = 0;
    double resident = 0;
    file >> size >> resident;
    return resident * double(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return double(time.tv_sec) + double(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
    std::error_code failed;
    const std::filesystem::directory_iterator files("/proc/self/fd", failed);
    return failed ? 0 : double(std::distance(begin(files), end(files)));
}

}  // namespace

std::vector<std::shared_ptr<void>> add_process_metrics(Metrics& metrics) {
    const double started =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::vector<std::shared_ptr<void>> tokens;
    tokens.push_back(
        metrics.gauge("process_resident_memory_bytes", "Resident memory.", {}, resident_bytes));
    tokens.push_back(
        metrics.gauge("process_cpu_seconds_total", "User and system time.", {}, cpu_seconds));
    tokens.push_back(metrics.gauge("process_open_fds", "Open files and sockets.", {}, open_files));
    tokens.push_back(metrics.gauge("process_start_time_seconds", "Start, since 1970.", {},
                                   [started] { return started; }));
    return tokens;
}

}  // namespace imece::runtime
