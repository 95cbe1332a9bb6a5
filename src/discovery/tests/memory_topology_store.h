// The store as plain memory: a fake for use cases, and the reference that the contract is tried on.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "discovery/app/ports.h"
#include "runtime/bus/outbox.h"

namespace imece::discovery {

/// What outlives a "process".
struct MemoryDisk {
    std::mutex mutex;
    std::map<DeviceId, crypto::PublicKey> devices;
    std::map<NodeId, StoredReport> reports;
    std::uint64_t bus_position = 0;
    std::uint64_t last = 0;
    std::uint64_t last_full = 0;
    std::uint64_t version = 0;
    std::map<std::uint64_t, runtime::Event> log;
};

class MemoryTopologyStore : public TopologyStore, public runtime::OutboxReader {
public:
    explicit MemoryTopologyStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

    Result<Saved> load() override {
        const std::lock_guard lock(disk_->mutex);
        Saved saved;
        saved.devices = {disk_->devices.begin(), disk_->devices.end()};
        for (const auto& [node, report] : disk_->reports) saved.reports.push_back(report);
        saved.version = disk_->version;
        return saved;
    }
    Status commit(const Change& change) override {
        const std::lock_guard lock(disk_->mutex);
        if (down) return fail(ErrorCode::kUnavailable, "STORE_DOWN", "told to be down");
        for (const NodeId& node : change.forgotten) disk_->reports.erase(node);
        for (const StoredReport& report : change.reports) disk_->reports[report.node] = report;
        if (!change.announcement) return {};
        const Announcement& announcement = *change.announcement;
        const std::uint64_t position = ++disk_->last;
        disk_->version = announcement.version;
        if (announcement.full) {
            disk_->log.erase(disk_->log.begin(), disk_->log.lower_bound(disk_->last_full));
            disk_->last_full = position;
        }
        disk_->log[position] = {.id = announcement.id,
                                .type = "topology.changed.v1",
                                .subject = std::to_string(announcement.version),
                                .time = announcement.at,
                                .data = announcement.data,
                                .position = position};
        return {};
    }
    Result<std::uint64_t> bus_position() override {
        const std::lock_guard lock(disk_->mutex);
        return disk_->bus_position;
    }
    Status put_device(const DeviceId& device, const crypto::PublicKey& key,
                      std::uint64_t position) override {
        const std::lock_guard lock(disk_->mutex);
        if (down) return fail(ErrorCode::kUnavailable, "STORE_DOWN", "told to be down");
        disk_->devices[device] = key;
        disk_->bus_position = position;
        return {};
    }
    Status remove_device(const DeviceId& device, std::uint64_t position) override {
        const std::lock_guard lock(disk_->mutex);
        disk_->devices.erase(device);
        disk_->reports.erase(device);
        disk_->bus_position = position;
        return {};
    }
    Status clear_devices() override {
        const std::lock_guard lock(disk_->mutex);
        disk_->devices.clear();
        disk_->bus_position = 0;
        return {};
    }
    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        const std::lock_guard lock(disk_->mutex);
        const std::uint64_t first = disk_->log.empty() ? 1 : disk_->log.begin()->first;
        if (position > disk_->last || (position > 0 && position + 1 < first))
            return fail(ErrorCode::kOutOfRange, "POSITION_TRIMMED", "gone");
        std::vector<runtime::Event> events;
        for (auto at = disk_->log.upper_bound(position);
             at != disk_->log.end() && events.size() < max; ++at)
            events.push_back(at->second);
        return events;
    }
    std::uint64_t last_position() override {
        const std::lock_guard lock(disk_->mutex);
        return disk_->last;
    }

    bool down = false;

protected:
    std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace imece::discovery
