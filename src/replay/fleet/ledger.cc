#include "replay/fleet/ledger.h"

#include <fcntl.h>
#include <unistd.h>

namespace imece::replay {

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& file) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (opened < 0)
        return fail(ErrorCode::kInvalidArgument, "FILE_INVALID", "cannot write " + file.string());
    return std::unique_ptr<Ledger>(new Ledger(opened));
}

Ledger::~Ledger() {
    sync();
    ::close(file_);
}

void Ledger::add(std::string_view line) {
    waiting_.append(line).push_back('\n');
}

void Ledger::sync() {
    std::string_view left = waiting_;
    while (!left.empty()) {
        const ssize_t written = ::write(file_, left.data(), left.size());
        if (written <= 0) break;
        left.remove_prefix(std::size_t(written));
    }
    if (!waiting_.empty()) fdatasync(file_);
    waiting_.clear();
}

}  // namespace imece::replay
