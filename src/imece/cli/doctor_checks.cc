#include "imece/cli/doctor_checks.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kRoomFailed = 100 << 20;
constexpr std::uintmax_t kRoomWarning = 1 << 30;
constexpr std::size_t kFilesMax = 100'000;
constexpr int kConnectMs = 2000;

std::string size_text(std::uintmax_t bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = double(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return text;
}

/// Bytes of a store's files.
std::uintmax_t size_of(const fs::path& path) {
    std::uintmax_t total = 0;
    std::size_t files = 0;
    std::error_code failed;
    for (fs::recursive_directory_iterator at(path, failed), end;
         !failed && at != end && ++files < kFilesMax; at.increment(failed)) {
        std::error_code gone;  // Stores delete files while we look.
        const auto size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
        if (!gone) total += size;
    }
    return total;
}

/// The first file in `data` that others may read. What lies in a closed folder is safe in any mode.
std::optional<fs::path> exposed_file(const fs::path& data) {
    std::error_code failed;
    for (fs::directory_iterator at(data, failed), end; !failed && at != end; at.increment(failed)) {
        struct stat info{};
        if (::lstat(at->path().c_str(), &info) == 0 && (info.st_mode & 077) != 0) return at->path();
    }
    return std::nullopt;
}

Finding check_serving(const fs::path& data) {
    const int lock = ::open((data / "lock").c_str(), O_RDWR | O_CLOEXEC);
    const bool served = lock >= 0 && ::flock(lock, LOCK_EX | LOCK_NB) != 0;
    if (lock >= 0) ::close(lock);
    if (served) return {"process", Health::kOk, "a process serves " + data.string(), ""};
    return {"process", Health::kWarning, "no process serves " + data.string(),
            "start it: imece serve --data " + data.string()};
}

Finding check_room(const fs::path& data) {
    std::error_code failed;
    const fs::space_info room = fs::space(data, failed);
    if (failed) return {"disk", Health::kWarning, "cannot tell how much room is left", ""};
    const Health health = room.available < kRoomFailed    ? Health::kFailed
                          : room.available < kRoomWarning ? Health::kWarning
                                                          : Health::kOk;
    return {"disk", health, size_text(room.available) + " free",
            health == Health::kOk ? "" : "free some room: stores stop when the disk is full"};
}

bool can_connect(const addrinfo& address) {
    const int peer = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer < 0) return false;
    bool connected = ::connect(peer, address.ai_addr, address.ai_addrlen) == 0;
    if (!connected && errno == EINPROGRESS) {
        pollfd wait{peer, POLLOUT, 0};
        int error = 0;
        socklen_t size = sizeof error;
        connected = ::poll(&wait, 1, kConnectMs) == 1 &&
                    ::getsockopt(peer, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    }
    ::close(peer);
    return connected;
}

}  // namespace

std::vector<Finding> check_data(const fs::path& data) {
    struct stat info{};
    if (::stat(data.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
        return {{"data", Health::kFailed, data.string() + " is not there",
                 "name the site's data directory by --data or $IMECE_DATA; imece serve makes it"}};
    if (::access(data.c_str(), R_OK | W_OK | X_OK) != 0)
        return {{"data", Health::kFailed, data.string() + " cannot be read and written by you",
                 "run this as the user that serves the site"}};
    std::vector<Finding> found{{"data", Health::kOk, data.string(), ""}};
    if ((info.st_mode & 077) != 0)
        found.push_back({"permissions", Health::kFailed, "others may look into " + data.string(),
                         "chmod 700 " + data.string()});
    else if (const auto exposed = exposed_file(data))
        found.push_back({"permissions", Health::kWarning,
                         exposed->string() + " could be read by others if the directory were open",
                         "chmod go= " + exposed->string()});
    else
        found.push_back({"permissions", Health::kOk, "only you may look into it", ""});

    std::string kind;
    std::ifstream(data / "site-kind") >> kind;
    if (!kind.empty()) found.push_back({"kind", Health::kOk, kind, ""});
    if (fs::exists(data / "setup-link"))
        found.push_back({"operator", Health::kWarning, "the site has no operator yet",
                         "imece user add NAME --role operator --generate --data " + data.string()});
    if (const auto key = data / "security" / "ca" / "root.key"; fs::exists(key)) {
        std::string first;
        std::getline(std::ifstream(key) >> std::ws, first);
        const bool sealed = first.find("ENCRYPTED") != std::string::npos;
        const Health unsealed = kind == "exercise" ? Health::kWarning : Health::kFailed;
        found.push_back(
            {"root key", sealed ? Health::kOk : unsealed,
             sealed ? "sealed" : key.string() + " lies unsealed: who reads it can name anybody",
             sealed ? ""
                    : "imece ca offline-root --data " + data.string() +
                          " --out FILE --passphrase-file FILE"});
    }
    found.push_back(check_serving(data));
    found.push_back(check_room(data));
    for (const char* store :
         {"identity", "discovery", "messaging", "security", "ledger", "analytics", "config"})
        if (std::error_code ignored; fs::is_directory(data / store, ignored))
            found.push_back({"store", Health::kOk,
                             std::string(store) + " holds " + size_text(size_of(data / store)),
                             ""});
    return found;
}

std::vector<Finding> check_session(const fs::path& session) {
    struct stat info{};
    if (::stat(session.c_str(), &info) != 0)
        return {{"session", Health::kOk, "nobody is signed in", ""}};
    if ((info.st_mode & 077) != 0)
        return {{"session", Health::kFailed, session.string() + " may be read by others",
                 "imece logout, chmod 600 it, and sign in anew"}};
    return {{"session", Health::kOk, session.string(), ""}};
}

std::vector<Finding> check_clock() {
    timex clock{};
    const int state = ::adjtimex(&clock);
    if (state < 0)
        return {{"clock", Health::kWarning, "cannot tell whether the clock is kept in time", ""}};
    if (state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0)
        return {{"clock", Health::kWarning, "this machine's clock is not kept in time by anything",
                 "run an NTP client (chrony, systemd-timesyncd) or set the clock by hand"}};
    return {{"clock", Health::kOk, "kept in time", ""}};
}

std::vector<Finding> check_port(const std::string& name, const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const bool resolved = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &list) == 0;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    bool open = false;
    for (const addrinfo* at = list; resolved && at != nullptr && !open; at = at->ai_next)
        open = can_connect(*at);
    if (open) return {{name, Health::kOk, address + " is open", ""}};
    return {{name, Health::kFailed, "nobody listens at " + address,
             "start the site, or name its address by --server and --http"}};
}

std::vector<Finding> check_site(const Result<imece::site::v1::Site>& site, TimePoint now) {
    if (!site)
        return {{"backend", Health::kFailed, site.error().message,
                 "start it: imece serve; or name another by --server"}};
    std::vector<Finding> found{{"backend", Health::kOk, "site " + site->name() + " answers", ""}};
    if (site->version() == IMECE_VERSION)
        found.push_back({"version", Health::kOk, site->version(), ""});
    else
        found.push_back({"version", Health::kWarning,
                         "the backend is " + site->version() + ", this is " IMECE_VERSION,
                         "use the imece that belongs to the backend"});
    if (site->exercise()) {
        found.push_back({"time", Health::kOk, "an exercise has a time of its own", ""});
        return found;
    }
    const auto apart = std::chrono::abs(runtime::from_proto(site->now()) - now);
    const bool close = apart < std::chrono::seconds(5);
    found.push_back(
        {"time", close ? Health::kOk : Health::kWarning,
         "the backend's clock and this one are " + std::to_string(apart.count()) + " ms apart",
         close ? "" : "set the clock that is wrong"});
    return found;
}

}  // namespace imece::cli
