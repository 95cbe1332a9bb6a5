#include "sdk/cpp/dedup_window.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/crypto.h"

namespace imece::sdk {
namespace {

// The file: the magic, then records of device, message, until (ms, big endian) and the first four
// bytes of the SHA-256 of these forty, so that what a crash tore is known from what was written.
constexpr std::string_view kMagic("imece.dedup.v1\n\0", 16);
constexpr std::size_t kSaidBytes = 40;
constexpr std::size_t kRecordBytes = 44;
constexpr std::size_t kShortestToReplace = 4096;  // Records; a shorter file is not worth a new one.

struct Key {
    DeviceId device;
    MessageId message;
    friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
        return std::hash<DeviceId>()(key.device) * 31 + std::hash<MessageId>()(key.message);
    }
};
using Set = std::unordered_map<Key, TimePoint, KeyHash>;

void append_record(std::string& out, const Key& key, TimePoint until) {
    const std::size_t begin = out.size();
    out.append(text_of(key.device.view()));
    out.append(text_of(key.message.view()));
    const auto ms = std::uint64_t(to_unix_ms(until));
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(char(ms >> shift));
    const crypto::Digest digest =
        crypto::sha256(view_of(std::string_view(out).substr(begin, kSaidBytes)));
    out.append(text_of(digest).substr(0, kRecordBytes - kSaidBytes));
}

/// False when the record is not whole.
bool read_record(std::string_view record, Handled& out) {
    const crypto::Digest digest = crypto::sha256(view_of(record.substr(0, kSaidBytes)));
    if (text_of(digest).substr(0, kRecordBytes - kSaidBytes) != record.substr(kSaidBytes))
        return false;
    std::ranges::copy(view_of(record.substr(0, 16)), out.device.bytes.begin());
    std::ranges::copy(view_of(record.substr(16, 16)), out.message.bytes.begin());
    std::uint64_t ms = 0;
    for (const std::uint8_t byte : view_of(record.substr(32, 8))) ms = ms << 8 | byte;
    out.until = from_unix_ms(std::int64_t(ms));
    return true;
}

/// An open file that closes itself.
class File {
public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    int fd() const { return fd_; }

    bool write_all(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t wrote = write(fd_, text.data(), text.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) return false;
            text.remove_prefix(std::size_t(wrote));
        }
        return true;
    }
    bool sync() const { return fdatasync(fd_) == 0; }

private:
    int fd_ = -1;
};

bool sync_folder_of(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const File opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.fd() >= 0 && fsync(opened.fd()) == 0;
}

std::unexpected<Error> down(const std::filesystem::path& file, std::string_view what) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                "the window " + file.string() + " " + std::string(what));
}

class MemoryWindow final : public DedupWindow {
public:
    bool contains(const DeviceId& device, const MessageId& message) const override {
        const std::lock_guard lock(mutex_);
        return set_.contains({device, message});
    }
    Status remember(std::span<const Handled> handled, TimePoint now) override {
        const std::lock_guard lock(mutex_);
        for (const Handled& one : handled) set_.try_emplace({one.device, one.message}, one.until);
        if (set_.size() >= sweep_at_) {
            std::erase_if(set_, [&](const auto& entry) { return entry.second < now; });
            sweep_at_ = std::max(kShortestToReplace, set_.size() * 2);
        }
        return {};
    }
    std::size_t size() const override {
        const std::lock_guard lock(mutex_);
        return set_.size();
    }

private:
    mutable std::mutex mutex_;
    Set set_;
    std::size_t sweep_at_ = kShortestToReplace;
};

class FileWindow final : public DedupWindow {
public:
    FileWindow(std::filesystem::path path, File lock_file)
        : path_(std::move(path)), lock_file_(std::move(lock_file)) {}

    Status load(TimePoint now);

    bool contains(const DeviceId& device, const MessageId& message) const override {
        const std::lock_guard lock(mutex_);
        return set_.contains({device, message});
    }
    Status remember(std::span<const Handled> handled, TimePoint now) override;
    std::size_t size() const override {
        const std::lock_guard lock(mutex_);
        return set_.size();
    }

private:
    /// Writes a file of what lives and puts it in the place of the old one.
    bool replace(TimePoint now);
    /// One writer's turn: what waits goes to disk, without the lock meanwhile.
    void flush(std::unique_lock<std::mutex>& lock, TimePoint now);

    const std::filesystem::path path_;
    const File lock_file_;

    mutable std::mutex mutex_;
    std::condition_variable flushed_;
    Set set_;                       ///< What is durable.
    File file_;                     ///< Used by whoever holds the turn.
    std::size_t records_ = 0;       ///< In the file, live or not.
    std::size_t replace_at_ = 0;    ///< So many records call for a new file.
    std::vector<Handled> waiting_;  ///< Not yet on disk.
    std::uint64_t asked_ = 0;       ///< Batches ever put into `waiting_`.
    std::uint64_t done_ = 0;        ///< Of these, batches that are durable.
    bool turn_taken_ = false;
    bool broken_ = false;
};

Status FileWindow::load(TimePoint now) {
    file_ = File(open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat info{};
    if (file_.fd() < 0 || fstat(file_.fd(), &info) != 0) return down(path_, "cannot be opened");
    std::string text(std::size_t(info.st_size), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t part = pread(file_.fd(), text.data() + got, text.size() - got, off_t(got));
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return down(path_, "cannot be read");
        got += std::size_t(part);
    }
    // A file shorter than its magic was torn while it was made: nothing had been acknowledged.
    if (!kMagic.starts_with(std::string_view(text).substr(0, kMagic.size())))
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", path_.string() + " is no such window");

    for (std::size_t at = kMagic.size(); at + kRecordBytes <= text.size(); at += kRecordBytes) {
        Handled one;
        if (read_record(std::string_view(text).substr(at, kRecordBytes), one))
            set_.try_emplace({one.device, one.message}, one.until);
    }
    // The new file has neither expired entries nor a torn tail.
    if (!replace(now)) return down(path_, "cannot be written");
    return {};
}

bool FileWindow::replace(TimePoint now) {
    std::string text(kMagic);
    for (auto it = set_.begin(); it != set_.end();) {
        if (it->second < now) {
            it = set_.erase(it);
            continue;
        }
        append_record(text, it->first, it->second);
        ++it;
    }
    std::filesystem::path fresh = path_;
    fresh += ".new";
    File file(open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (file.fd() < 0 || !file.write_all(text) || !file.sync()) return false;
    if (rename(fresh.c_str(), path_.c_str()) != 0 || !sync_folder_of(path_)) return false;
    file_ = std::move(file);
    records_ = set_.size();
    // Twice what lives: each record is rewritten once on average, whatever expires.
    replace_at_ = std::max(kShortestToReplace, records_ * 2);
    return true;
}

void FileWindow::flush(std::unique_lock<std::mutex>& lock, TimePoint now) {
    turn_taken_ = true;
    const std::vector<Handled> batch = std::exchange(waiting_, {});
    const std::uint64_t upto = asked_;
    lock.unlock();
    std::string text;
    text.reserve(batch.size() * kRecordBytes);
    for (const Handled& one : batch) append_record(text, {one.device, one.message}, one.until);
    const bool wrote = file_.write_all(text) && file_.sync();
    lock.lock();

    broken_ = !wrote;
    if (wrote) {
        for (const Handled& one : batch) set_.try_emplace({one.device, one.message}, one.until);
        records_ += batch.size();
        done_ = upto;
        if (records_ >= replace_at_) broken_ = !replace(now);
    }
    turn_taken_ = false;
    flushed_.notify_all();
}

Status FileWindow::remember(std::span<const Handled> handled, TimePoint now) {
    std::unique_lock lock(mutex_);
    if (broken_) return down(path_, "cannot be written");
    if (handled.empty()) return {};
    waiting_.insert(waiting_.end(), handled.begin(), handled.end());
    const std::uint64_t mine = ++asked_;
    while (!broken_ && done_ < mine) {
        if (turn_taken_)
            flushed_.wait(lock);
        else
            flush(lock, now);
    }
    if (done_ >= mine) return {};
    return down(path_, "cannot be written");
}

}  // namespace

Result<std::unique_ptr<DedupWindow>> open_dedup_window(const std::filesystem::path& file,
                                                       TimePoint now) {
    std::filesystem::path lock_path = file;
    lock_path += ".lock";
    File lock_file(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (lock_file.fd() < 0) return down(file, "cannot be opened");
    // The lock goes with the process, however that ends.
    if (flock(lock_file.fd(), LOCK_EX | LOCK_NB) != 0) return down(file, "is in use");
    auto window = std::make_unique<FileWindow>(file, std::move(lock_file));
    IMECE_CHECK(window->load(now));
    return window;
}

std::unique_ptr<DedupWindow> make_memory_dedup_window() {
    return std::make_unique<MemoryWindow>();
}

}  // namespace imece::sdk
