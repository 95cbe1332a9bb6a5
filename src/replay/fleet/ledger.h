// An outside record of what a backend acknowledged, to hold against it after a crash.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace imece::replay {

/// Appends "accepted ID" and "acked ID DEVICE" lines; what was added is durable after sync().
class Ledger {
public:
    /// Errors: kInvalidArgument FILE_INVALID when the file cannot be made.
    static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& file);
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    void add(std::string_view line);
    void sync();

private:
    explicit Ledger(int file) : file_(file) {}
    int file_;
    std::string waiting_;
};

}  // namespace imece::replay
