// A program that a benchmark starts, looks at from outside, and ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace imece::bench {

struct Command {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::filesystem::path log;  ///< Gets its standard output and error.
};

/// Ends with its owner: killed where it still runs.
class Process {
public:
    /// Errors: kUnavailable PEER_UNREACHABLE when there is no such program.
    static Result<Process> start(const Command& command);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    bool runs() const;
    /// Waits for its end, at most so long. True: it has ended.
    bool ended_within(std::chrono::milliseconds most) const;
    /// SIGTERM; the seconds until it was gone. After half a minute it is killed.
    double stop();

    /// CPU time of all its threads so far, also of those that have ended.
    double cpu_seconds() const;
    double resident_mb() const;
    const std::filesystem::path& log() const { return log_; }

private:
    Process(pid_t pid, int handle, std::filesystem::path log);
    void reap();

    pid_t pid_ = -1;
    int handle_ = -1;  ///< Readable once the process has ended.
    std::filesystem::path log_;
};

/// CPU time of this process.
double own_cpu_seconds();
/// A port of 127.0.0.1 that was free a moment ago.
std::string free_port();
/// Asks until 127.0.0.1:`port` answers GET `path` with 200 (no path: until somebody listens there), or
/// `process` ends; the seconds since `began`. Errors: kUnavailable PEER_UNREACHABLE with the end of the process's log.
Result<double> wait_until_ready(const Process& process, const std::string& port,
                                std::string_view path, std::chrono::steady_clock::time_point began);

}  // namespace imece::bench
