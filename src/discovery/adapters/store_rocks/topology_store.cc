#include "discovery/adapters/store_rocks/topology_store.h"

#include <atomic>
#include <fstream>
#include <optional>

#include "base/codec.h"
#include "base/read_id.h"
#include "base/result.h"

namespace imece::discovery {
namespace {

enum Family : std::size_t { kMeta, kDevices, kReports, kLog };
constexpr std::string_view kLogKey = "log";
constexpr std::string_view kBusKey = "bus";
constexpr std::string_view kBootKey = "boot";
constexpr std::uint64_t kJumpAfterLoss = 1'000'000;

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                std::string("discovery's store: ") + what + " is damaged");
}

/// Where the log stands.
struct LogState {
    std::uint64_t last = 0;       ///< The newest position; 0: nothing was announced yet.
    std::uint64_t first = 1;      ///< The oldest position that is kept.
    std::uint64_t last_full = 0;  ///< Of the newest full announcement.
    std::uint64_t version = 0;    ///< Of the newest announcement.

    std::string text() const {
        return Encoder(1).number(last).number(first).number(last_full).number(version).take();
    }
    static std::optional<LogState> from(std::string_view text) {
        Decoder in(text);
        LogState log;
        for (std::uint64_t* part : {&log.last, &log.first, &log.last_full, &log.version})
            *part = in.number<std::uint64_t>();
        return in.ok() ? std::optional(log) : std::nullopt;
    }
};

std::string event_text(const Announcement& announcement) {
    return Encoder(1)
        .fixed(announcement.id.view())
        .time(announcement.at)
        .number(announcement.version)
        .text(announcement.data)
        .take();
}

std::optional<runtime::Event> event_from(std::uint64_t position, std::string_view text) {
    Decoder in(text);
    runtime::Event event;
    event.id = {in.fixed<16>()};
    event.type = "topology.changed.v1";
    event.time = in.time();
    event.subject = std::to_string(in.number<std::uint64_t>());
    event.data = in.text();
    event.position = position;
    return in.ok() ? std::optional(std::move(event)) : std::nullopt;
}

std::string report_text(const StoredReport& report) {
    return Encoder(1).time(report.heard_at).text(report.report).take();
}

std::optional<StoredReport> report_from(std::string_view key, std::string_view text) {
    Decoder in(text);
    NodeId node;
    if (!read_id(key, node)) return std::nullopt;
    StoredReport report{node, in.time(), in.text()};
    return in.ok() ? std::optional(std::move(report)) : std::nullopt;
}

class Store final : public RocksTopologyStore {
public:
    Store(std::unique_ptr<runtime::KvStore> kv, std::function<void()> announced)
        : announced_(std::move(announced)), kv_(std::move(kv)) {}

    /// Learns where the log stands, and starts it anew when the machine was started anew.
    Status open(const std::string& boot_id) {
        IMECE_TRY(LogState log, log_state());
        std::string former;
        IMECE_TRY(const bool known, kv_->get(kMeta, kBootKey, former));
        if (!known || former != boot_id) {
            if (known || log.last > 0) {
                log.last += kJumpAfterLoss;
                log.first = log.last + 1;
                log.last_full = 0;
            }
            IMECE_CHECK(kv_->commit([&](runtime::KvBatch& batch) -> Status {
                batch.erase_range(kLog, {}, runtime::key_of(log.first));
                batch.put(kMeta, kLogKey, log.text());
                batch.put(kMeta, kBootKey, boot_id);
                return {};
            }));
            // Before a position is handed out: or the next loss of power, too, would begin the log right there.
            IMECE_CHECK(kv_->sync());
        }
        last_ = log.last;
        first_ = log.first;
        return {};
    }

    Result<Saved> load() override {
        Saved saved;
        IMECE_TRY(const LogState log, log_state());
        saved.version = log.version;
        bool whole = true;
        IMECE_CHECK(kv_->scan(kDevices, {}, {}, [&](std::string_view key, std::string_view value) {
            DeviceId device;
            const auto public_key = crypto::public_key_from(view_of(value));
            whole = read_id(key, device) && public_key;
            if (whole) saved.devices.emplace_back(device, *public_key);
            return whole;
        }));
        if (!whole) return malformed("a device");
        IMECE_CHECK(kv_->scan(kReports, {}, {}, [&](std::string_view key, std::string_view value) {
            auto report = report_from(key, value);
            whole = report.has_value();
            if (whole) saved.reports.push_back(std::move(*report));
            return whole;
        }));
        if (!whole) return malformed("a report");
        return saved;
    }

    Status commit(const Change& change) override {
        LogState log;
        const auto write = [&](runtime::KvBatch& batch) -> Status {
            for (const NodeId& node : change.forgotten) batch.erase(kReports, text_of(node.view()));
            for (const StoredReport& report : change.reports)
                batch.put(kReports, text_of(report.node.view()), report_text(report));
            if (!change.announcement) return {};
            std::string text;
            IMECE_TRY(const bool known, batch.get(kMeta, kLogKey, text));
            const auto stored = known ? LogState::from(text) : LogState{};
            if (!stored) return malformed("the log's state");
            log = *stored;
            append(batch, log, *change.announcement);
            return {};
        };
        if (!change.announcement) return kv_->commit(write);
        return kv_->commit(write, [&] {
            last_ = log.last;
            first_ = log.first;
            announced_();
        });
    }

    Result<std::uint64_t> bus_position() override {
        std::string text;
        IMECE_CHECK(kv_->get(kMeta, kBusKey, text));
        return runtime::number_of(text);
    }

    Status put_device(const DeviceId& device, const crypto::PublicKey& key,
                      std::uint64_t position) override {
        return kv_->commit([&](runtime::KvBatch& batch) -> Status {
            batch.put(kDevices, text_of(device.view()), text_of(key));
            batch.put(kMeta, kBusKey, runtime::key_of(position));
            return {};
        });
    }

    Status remove_device(const DeviceId& device, std::uint64_t position) override {
        return kv_->commit([&](runtime::KvBatch& batch) -> Status {
            batch.erase(kDevices, text_of(device.view()));
            batch.erase(kReports, text_of(device.view()));
            batch.put(kMeta, kBusKey, runtime::key_of(position));
            return {};
        });
    }

    Status clear_devices() override {
        return kv_->commit([](runtime::KvBatch& batch) -> Status {
            batch.erase_range(kDevices, {}, std::string(17, '\xff'));
            batch.put(kMeta, kBusKey, runtime::key_of(0));
            return {};
        });
    }

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        // The end of the log may have been lost in a crash of the machine: who is past it starts
        // anew.
        if (position > last_) return trimmed();
        std::vector<runtime::Event> events;
        bool whole = true;
        IMECE_CHECK(kv_->scan(kLog, runtime::key_of(position + 1), {},
                              [&](std::string_view key, std::string_view value) {
                                  if (events.size() >= max) return false;
                                  auto event = event_from(runtime::number_of(key), value);
                                  whole = event.has_value();
                                  if (whole) events.push_back(std::move(*event));
                                  return whole;
                              }));
        if (!whole) return malformed("an event");
        // Asked of what was read, so that a trim in between cannot go unseen.
        const bool gap =
            events.empty() ? position + 1 < first_ : events.front().position != position + 1;
        if (position > 0 && gap) return trimmed();
        return events;
    }

    std::uint64_t last_position() override { return last_; }
    Status snapshot(const std::filesystem::path& to) const override { return kv_->snapshot(to); }

private:
    static std::unexpected<Error> trimmed() {
        return fail(ErrorCode::kOutOfRange, "POSITION_TRIMMED",
                    "the log of discovery no longer holds what follows this position");
    }

    static void append(runtime::KvBatch& batch, LogState& log, const Announcement& announcement) {
        log.last += 1;
        log.version = announcement.version;
        if (announcement.full) {
            const std::uint64_t keep_from = log.last_full > 0 ? log.last_full : log.first;
            batch.erase_range(kLog, runtime::key_of(log.first), runtime::key_of(keep_from));
            log.first = keep_from;
            log.last_full = log.last;
        }
        batch.put(kLog, runtime::key_of(log.last), event_text(announcement));
        batch.put(kMeta, kLogKey, log.text());
    }

    Result<LogState> log_state() const {
        std::string text;
        IMECE_TRY(const bool known, kv_->get(kMeta, kLogKey, text));
        if (!known) return LogState{};
        const auto log = LogState::from(text);
        if (!log) return malformed("the log's state");
        return *log;
    }

    std::function<void()> announced_;
    std::atomic<std::uint64_t> last_{0};
    std::atomic<std::uint64_t> first_{1};
    std::unique_ptr<runtime::KvStore> kv_;  // Goes first: its thread calls announced_.
};

}  // namespace

Result<std::unique_ptr<RocksTopologyStore>> make_rocks_topology_store(
    RocksTopologyOptions options) {
    IMECE_TRY(auto kv, options.open({.path = options.path,
                                     .families = {"meta", "devices", "reports", "log"},
                                     .block_cache_bytes = 4 << 20,
                                     .memtable_bytes = 4 << 20,
                                     .sync = false}));
    auto store = std::make_unique<Store>(std::move(kv), std::move(options.announced));
    IMECE_CHECK(store->open(options.boot_id));
    return store;
}

std::string machine_boot_id() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    return id;
}

}  // namespace imece::discovery
