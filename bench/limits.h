// What this machine allows at the moment: the limits beside the rates of messages.
#pragma once

#include <cstddef>

#include "base/error.h"

namespace imece::bench {

/// Records of `bytes` a second that one thread writes to a fresh RocksDB, `group` of them in a synced
/// batch, until `records` are written. No index, no event, no check: only the bytes.
/// Errors: kUnavailable STORE_DOWN.
Result<double> plain_store_rate(std::size_t bytes, std::size_t group, std::size_t records);

/// Signatures over `bytes` a second that all cores together verify while they do nothing else: no message
/// is taken without one.
double verify_rate(std::size_t bytes);

}  // namespace imece::bench
