// What discovery needs of the world.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "crypto/crypto.h"
#include "discovery/domain/topology.h"

namespace imece::discovery {

/// A node's newest report as it came, and when it proves that the node was there.
struct StoredReport {
    NodeId node;
    TimePoint heard_at;
    std::string report;
};

/// One topology.changed.v1.
struct Announcement {
    EventId id;
    TimePoint at;
    std::uint64_t version = 0;
    bool full = false;  ///< It starts from an empty topology.
    std::string data;
};

struct Change {
    std::vector<StoredReport> reports;
    std::vector<NodeId> forgotten;  ///< Their reports go, before the new ones come.
    std::optional<Announcement> announcement;
};

struct Saved {
    std::vector<std::pair<DeviceId, crypto::PublicKey>> devices;
    std::vector<StoredReport> reports;
    std::uint64_t version = 0;  ///< Of the newest announcement; 0: none.
};

/// Where discovery's memory outlives the process. Adapters: rocks.
///
/// A crash of the machine may lose the last moments: nodes report again within seconds, and
/// identity's events come again from the position that is left. What is left is always a state that
/// was there, whole, and announcements have no gap. Any thread; fails with kUnavailable STORE_DOWN.
/// All adapters pass tests/topology_store_contract.h.
class TopologyStore {
public:
    virtual ~TopologyStore() = default;
    /// Everything, at start. Errors: kDataLoss DATA_MALFORMED.
    virtual Result<Saved> load() = 0;
    /// All of it or nothing. The announcement gets the next position of the log. A full one drops
    /// what was announced before the full one before it: whoever lags by less goes on undisturbed.
    virtual Status commit(const Change& change) = 0;

    /// The position of identity's log up to which devices are known; 0: none of it.
    virtual Result<std::uint64_t> bus_position() = 0;
    /// Keeps the key, and the position of the event that brought it.
    virtual Status put_device(const DeviceId& device, const crypto::PublicKey& key,
                              std::uint64_t position) = 0;
    /// Removes the device with its report, and keeps the position.
    virtual Status remove_device(const DeviceId& device, std::uint64_t position) = 0;
    /// Forgets all devices; the position is 0 again.
    virtual Status clear_devices() = 0;
};

/// The wire forms, which only the adapters know.
using DecodeReport = std::function<Result<Report>(ByteView)>;
using EncodeDelta = std::function<std::string(const Delta&)>;

}  // namespace imece::discovery
