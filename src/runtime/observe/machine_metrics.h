// What the process uses, and what its machine has: in /metrics without an exporter beside it.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "runtime/observe/metrics.h"

namespace imece::runtime {

/// process_… under Prometheus' usual names; imece_machine_… of processors, memory and network;
/// imece_data_disk_… of the file system and the device under `data_dir`; imece_cgroup_… the use and the
/// tightest limits of the process's control groups, of either version.
///
/// Until the tokens go. Read from /proc, /sys and statvfs at each scrape; what the machine does not
/// have is absent. Cost: less than 1 ms a scrape.
[[nodiscard]] std::vector<std::shared_ptr<void>> add_machine_metrics(
    Metrics& metrics, const std::filesystem::path& data_dir);

}  // namespace imece::runtime
