// Files that only the process's user may read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace imece::runtime {

/// Makes `path` and its parents where they are absent, and the last of them mode 0700.
/// Errors: kUnavailable STORE_DOWN.
Status make_private_directory(const std::filesystem::path& path);
/// Replaces the file as a whole, mode 0600; durable when it returns. Errors: kUnavailable STORE_DOWN.
Status write_private_file(const std::filesystem::path& path, std::string_view bytes);
/// Nothing when there is no such file. Errors: kUnavailable STORE_DOWN when it cannot be read.
Result<std::optional<std::string>> read_private_file(const std::filesystem::path& path);

}  // namespace imece::runtime
