// What site this process serves, and its clock.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/config/table.h"

namespace imece {

inline constexpr const char* kVersion = IMECE_VERSION;

/// The `[site]` table.
struct SiteConfig {
    std::string name = "imece";
    bool exercise = false;
    std::uint64_t time_scale = 1;
    std::uint64_t began_ms =
        0;  ///< Of an exercise in several processes, since 1970; 0: the data directory says.

    void describe(runtime::ConfigTable& table);
};

/// The data directory of one process: made with mode 0700, locked while the process lives.
class DataDir {
public:
    /// Errors: kFailedPrecondition DATA_DIR_REFUSED when another process has it, or when it holds an
    /// exercise and this site is real, or the other way round; kUnavailable STORE_DOWN.
    static Result<DataDir> open(const std::filesystem::path& path, const SiteConfig& site);
    DataDir(DataDir&& other) noexcept;
    DataDir& operator=(DataDir&&) = delete;
    ~DataDir();

    const std::filesystem::path& path() const { return path_; }
    /// The site's clock. In an exercise it goes on from where it was, also after a crash or with another scale: its
    /// origin lies in the directory.
    Result<std::unique_ptr<SystemClock>> clock(const SiteConfig& site) const;

private:
    DataDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::filesystem::path path_;
    int lock_;
};

}  // namespace imece
