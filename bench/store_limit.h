// What this machine's disk and the store's engine allow: the limit beside the rates of messages.
#pragma once

#include <cstddef>

#include "base/error.h"

namespace imece::bench {

/// Records of `bytes` a second that one thread writes to a fresh RocksDB, `group` of them in a synced
/// batch, until `records` are written. No index, no event, no check: only the bytes.
/// Errors: kUnavailable STORE_DOWN.
Result<double> plain_store_rate(std::size_t bytes, std::size_t group, std::size_t records);

}  // namespace imece::bench
