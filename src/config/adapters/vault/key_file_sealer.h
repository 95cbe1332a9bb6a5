// The sealing key in a private file of this machine.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/random.h"
#include "config/app/ports.h"

namespace imece::config {

enum class KeyFile {
    kOpen,
    kSealed,
    kLocked
};  ///< Locked: sealed, and its passphrase is not there or wrong.

class KeyFileSealer : public Sealer {
public:
    virtual KeyFile state() const = 0;
};

/// Reads the keys of `file`, or makes a key and the file where it is absent. `passphrase` seals the keys there from now
/// on; empty: they lie open, mode 0600. A damaged file is never replaced: what it sealed hangs on it.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED; kResourceExhausted OVERLOADED without 64 MiB of memory.
/// Cost: 0.2 s with a passphrase.
Result<std::unique_ptr<KeyFileSealer>> open_key_file(const std::filesystem::path& file,
                                                     const std::string& passphrase, Random& random);

}  // namespace imece::config
