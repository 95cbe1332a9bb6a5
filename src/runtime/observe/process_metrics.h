// What the process uses of its machine, under Prometheus' usual names.
#pragma once

#include <memory>
#include <vector>

#include "runtime/observe/metrics.h"

namespace imece::runtime {

/// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds and
/// process_start_time_seconds, until the tokens go. Reads /proc.
[[nodiscard]] std::vector<std::shared_ptr<void>> add_process_metrics(Metrics& metrics);

}  // namespace imece::runtime
