#include "bench/process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace imece::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kReadyWithin = 30s;
constexpr auto kKillAfter = 30s;
/// Between two attempts to reach a process that starts: a tenth of what is worth telling apart.
constexpr auto kAskEvery = 1ms;
constexpr std::size_t kLogTail = 600;

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(std::uint16_t(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::string tail_of(const std::filesystem::path& log) {
    std::ifstream file(log);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.substr(text.size() - std::min(text.size(), kLogTail));
}

/// One GET on a connection of its own, or only the connection.
bool answers(int port, std::string_view path) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const std::string request =
        "GET " + std::string(path) + " HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
    char answer[64] = {};
    bool good = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    good = good && !path.empty()
               ? ::write(socket, request.data(), request.size()) == ssize_t(request.size()) &&
                     ::read(socket, answer, sizeof answer - 1) > 0 &&
                     std::string_view(answer).starts_with("HTTP/1.1 200 ")
               : good;
    ::close(socket);
    return good;
}

}  // namespace

Result<Process> Process::start(const Command& command) {
    std::vector<std::string> words{command.program.string()};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int log = ::open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (::access(command.program.c_str(), X_OK) != 0 || log < 0)
        return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE",
                    "cannot start " + command.program.string());
    // Of the child's side only what may be called between fork and exec.
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // A benchmark that is broken off leaves no server.
        ::dup2(log, STDOUT_FILENO);
        ::dup2(log, STDERR_FILENO);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(log);
    return Process(pid, int(::syscall(SYS_pidfd_open, pid, 0)), command.log);
}

Process::Process(pid_t pid, int handle, std::filesystem::path log)
    : pid_(pid), handle_(handle), log_(std::move(log)) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      handle_(std::exchange(other.handle_, -1)),
      log_(std::move(other.log_)) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(handle_, other.handle_);
    std::swap(log_, other.log_);
    return *this;
}

Process::~Process() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    reap();
}

void Process::reap() {
    ::waitpid(pid_, nullptr, 0);
    ::close(handle_);
    pid_ = handle_ = -1;
}

bool Process::runs() const {
    return pid_ >= 0 && !ended_within(0ms);
}

bool Process::ended_within(std::chrono::milliseconds most) const {
    pollfd end{.fd = handle_, .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, int(most.count())) > 0;
}

double Process::stop() {
    if (pid_ < 0) return 0;
    const auto began = Steady::now();
    ::kill(pid_, SIGTERM);
    if (!ended_within(kKillAfter)) ::kill(pid_, SIGKILL);
    reap();
    return std::chrono::duration<double>(Steady::now() - began).count();
}

double Process::cpu_seconds() const {
    // The process's own clock has nanoseconds, where /proc/PID/stat has hundredths of a second.
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

double Process::resident_mb() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    double size = 0;
    double resident = 0;
    file >> size >> resident;
    return resident * double(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double own_cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

std::string free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return std::to_string(ntohs(address.sin_port));
}

Result<double> wait_until_ready(const Process& process, const std::string& port,
                                std::string_view path, Steady::time_point began) {
    while (!answers(std::stoi(port), path)) {
        const bool ended = process.ended_within(kAskEvery);
        if (ended || Steady::now() > began + kReadyWithin)
            return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE",
                        std::string(ended ? "it ended" : "it did not get ready") + ":\n" +
                            tail_of(process.log()));
    }
    return std::chrono::duration<double>(Steady::now() - began).count();
}

}  // namespace imece::bench
