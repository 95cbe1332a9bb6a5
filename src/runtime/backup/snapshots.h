// The stores of a process that a backup cannot copy by their files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "base/error.h"

namespace imece::runtime {

/// Filled while modules are made; read from then on.
class Snapshots {
public:
    /// Writes what is committed at one moment to `to`, which is not there yet, while the store goes on.
    using Take = std::function<Status(const std::filesystem::path& to)>;

    /// `directory` is the store's own.
    void add(const std::filesystem::path& directory, Take take) {
        stores_.emplace(directory.lexically_normal(), std::move(take));
    }
    /// Null for a directory that is no such store.
    const Take* find(const std::filesystem::path& directory) const {
        const auto found = stores_.find(directory.lexically_normal());
        return found == stores_.end() ? nullptr : &found->second;
    }

private:
    std::map<std::filesystem::path, Take> stores_;
};

}  // namespace imece::runtime
