#include "messaging/adapters/store_rocks/rocks_store.h"

#include <algorithm>
#include <atomic>
#include <tuple>

#include "base/result.h"
#include "messaging/adapters/store_rocks/records.h"

namespace imece::messaging {
namespace {

using runtime::key_of;
using runtime::KvBatch;
using runtime::KvStore;
using runtime::number_of;

/// kRecords: id → record. kBodies: id → signed envelope, while a copy is pending: so it also says which messages are.
/// kOrder: sequence → id, for as long as the record. kByExpiry: expiry, id → nothing.
/// kOutbox: position → event. kFacts: 'd' device, 'g' group, 'p' position.
enum Family : std::size_t { kRecords, kBodies, kOrder, kByExpiry, kOutbox, kFacts };

std::string id_key(const MessageId& id) {
    return std::string(text_of(id.view()));
}

MessageId id_of(std::string_view key) {
    MessageId id;
    std::copy_n(view_of(key).begin(), std::min(key.size(), id.bytes.size()), id.bytes.begin());
    return id;
}

std::string expiry_key(const Record& record) {
    return key_of(std::uint64_t(to_unix_ms(record.expires_at))) + id_key(record.envelope.id);
}

bool has_pending(const Record& record) {
    return std::ranges::any_of(
        record.copies, [](const Record::Copy& copy) { return copy.state == CopyState::kPending; });
}

CopyState state_after(End end) {
    switch (end) {
        case End::kDelivered: return CopyState::kDelivered;
        case End::kRejected: return CopyState::kRejected;
        case End::kExpired: return CopyState::kExpired;
    }
    return CopyState::kExpired;
}

class RocksStore final : public RocksMessageStore {
public:
    RocksStore(RocksStoreOptions options, Random& random, std::unique_ptr<KvStore> kv)
        : options_(std::move(options)), random_(random), kv_(std::move(kv)) {}

    /// Where the last process left off.
    Status recover() {
        IMECE_CHECK(last_key(kOrder, sequence_));
        std::uint64_t position = 0;
        IMECE_CHECK(last_key(kOutbox, position));
        position_ = committed_position_ = position;
        IMECE_CHECK(kv_->scan(kOutbox, "", "", [this](std::string_view key, std::string_view) {
            oldest_kept_ = number_of(key);
            return false;
        }));
        return {};
    }

    Result<std::vector<Put>> put(
        std::vector<NewMessage> messages,
        const std::function<void(const std::vector<Record>&)>& committed) override {
        IMECE_CHECK(kv_->check_room());
        std::vector<Put> puts;
        std::vector<Record> stored;
        const Status done = commit(
            [&](KvBatch& batch) -> Status {
                puts.clear();
                stored.clear();
                for (NewMessage& message : messages) {
                    IMECE_TRY(const Put put, put_one(batch, message));
                    puts.push_back(put);
                    if (put == Put::kStored) stored.push_back(message.record);
                }
                return {};
            },
            [&] {
                if (!stored.empty()) committed(stored);
            });
        if (!done) return std::unexpected(done.error());
        return puts;
    }

    Result<std::vector<Ended>> end(const std::vector<Ending>& endings) override {
        std::vector<Ended> ended;
        const Status done = commit(
            [&](KvBatch& batch) -> Status {
                ended.clear();
                for (const Ending& ending : endings) {
                    IMECE_TRY(Ended one, end_one(batch, ending));
                    ended.push_back(one);
                }
                return {};
            },
            {});
        if (!done) return std::unexpected(done.error());
        return ended;
    }

    Status reached(std::span<const Reached> copies) override {
        return kv_->commit([&](KvBatch& batch) -> Status {
            for (const Reached& one : copies) IMECE_CHECK(reached_one(batch, one));
            return {};
        });
    }

    Result<Record> find(const MessageId& id) override {
        std::string bytes;
        IMECE_TRY(const bool found, kv_->get(kRecords, id_key(id), bytes));
        if (!found) return fail(ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no message has this id");
        return decode_record(bytes);
    }

    Result<std::vector<std::string>> envelopes(const std::vector<MessageId>& ids) override {
        std::vector<std::string> keys;
        keys.reserve(ids.size());
        for (const MessageId& id : ids) keys.push_back(id_key(id));
        IMECE_TRY(auto found, kv_->get_many(kBodies, keys));
        std::vector<std::string> bodies;
        bodies.reserve(found.size());
        for (auto& [there, body] : found) bodies.push_back(std::move(body));
        return bodies;
    }

    Status each_pending(const std::function<void(const Record&)>& visit) override {
        Status failed;
        const Status scanned =
            kv_->scan(kBodies, "", "", [&](std::string_view id, std::string_view) {
                const auto record = find(id_of(id));
                if (!record) {
                    failed = std::unexpected(record.error());
                    return false;
                }
                visit(*record);
                return true;
            });
        return failed ? scanned : failed;
    }

    Result<std::vector<Record>> list(std::uint64_t before, std::size_t max) override {
        // Sequences are dense but for what was purged: a window of the order family holds the page.
        std::vector<MessageId> ids;
        std::uint64_t end = before != 0 ? before : UINT64_MAX;
        std::uint64_t highest = 0;
        IMECE_CHECK(last_key(kOrder, highest));
        end = std::min(end, highest + 1);
        while (ids.size() < max && end > 1) {
            const std::uint64_t start = end > max ? end - max : 1;
            std::vector<MessageId> window;
            IMECE_CHECK(kv_->scan(kOrder, key_of(start), key_of(end),
                                  [&](std::string_view, std::string_view id) {
                                      window.push_back(id_of(id));
                                      return true;
                                  }));
            for (auto id = window.rbegin(); id != window.rend() && ids.size() < max; ++id)
                ids.push_back(*id);
            end = start;
        }
        std::vector<Record> records;
        for (const MessageId& id : ids) {
            const auto record = find(id);
            if (record) records.push_back(*record);  // Purged since: left out.
        }
        return records;
    }

    Result<std::size_t> purge(TimePoint before, std::size_t max) override {
        std::vector<MessageId> due;
        const std::string end = key_of(std::uint64_t(to_unix_ms(before)));
        IMECE_CHECK(kv_->scan(kByExpiry, "", end, [&](std::string_view key, std::string_view) {
            due.push_back(id_of(key.substr(8)));
            return due.size() < max;
        }));
        if (due.empty()) return 0;
        std::size_t purged = 0;
        const Status done = kv_->commit([&](KvBatch& batch) -> Status {
            purged = 0;
            for (const MessageId& id : due) {
                IMECE_TRY(const Record record, read(batch, id));
                if (has_pending(record)) continue;
                batch.erase(kRecords, id_key(id));
                batch.erase(kOrder, key_of(record.sequence));
                batch.erase(kByExpiry, expiry_key(record));
                ++purged;
            }
            return {};
        });
        if (!done) return std::unexpected(done.error());
        return purged;
    }

    Result<Facts> facts() override {
        Facts facts;
        Status failed;
        const Status scanned =
            kv_->scan(kFacts, "", "", [&](std::string_view key, std::string_view bytes) {
                if (key.front() == 'd') {
                    if (auto device = decode_device(bytes))
                        facts.devices.push_back(*std::move(device));
                    else
                        failed = std::unexpected(device.error());
                } else if (key.front() == 'g') {
                    if (auto group = decode_group(bytes))
                        facts.groups.push_back(*std::move(group));
                    else
                        failed = std::unexpected(group.error());
                } else {
                    facts.position = number_of(bytes);
                }
                return failed.has_value();
            });
        IMECE_CHECK(failed);
        IMECE_CHECK(scanned);
        return facts;
    }
    Status put_device(const DeviceFact& device, std::uint64_t position) override {
        return put_fact("d" + std::string(text_of(device.device.view())), encode(device), position);
    }
    Status put_group(const GroupFact& group, std::uint64_t position) override {
        return put_fact("g" + std::string(text_of(group.group.view())), encode(group), position);
    }
    Status put_position(std::uint64_t position) override { return put_fact({}, {}, position); }

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        if (position != 0 && position + 1 < oldest_kept_)
            return fail(ErrorCode::kOutOfRange, "POSITION_TRIMMED",
                        "events at this position are gone");
        std::vector<runtime::Event> events;
        Status failed;
        const auto visit = [&](std::string_view key, std::string_view bytes) {
            auto event = decode_event(bytes);
            if (!event) {
                failed = std::unexpected(event.error());
                return false;
            }
            event->position = number_of(key);
            events.push_back(*std::move(event));
            return events.size() < max;
        };
        IMECE_CHECK(kv_->scan(kOutbox, key_of(position + 1), "", visit));
        IMECE_CHECK(failed);
        return events;
    }
    std::uint64_t last_position() override { return committed_position_; }
    Status snapshot(const std::filesystem::path& to) const override { return kv_->snapshot(to); }

private:
    Status last_key(Family family, std::uint64_t& number) {
        IMECE_TRY(const std::string key, kv_->last_key(family));
        number = number_of(key);
        return {};
    }

    /// `after` and the bus are told once the change is durable.
    Status commit(const std::function<Status(KvBatch&)>& change,
                  const std::function<void()>& after) {
        bool told = false;
        return kv_->commit(
            [&](KvBatch& batch) -> Status {
                const auto before = std::pair(sequence_, position_);
                if (auto changed = change(batch); !changed) {
                    std::tie(sequence_, position_) = before;
                    return changed;
                }
                told = position_ != before.second;
                trim(batch);
                return {};
            },
            [&] {
                committed_position_ = position_;
                if (after) after();
                if (told && options_.committed) options_.committed();
            });
    }

    Result<Put> put_one(KvBatch& batch, NewMessage& message) {
        Record& record = message.record;
        const std::string key = id_key(record.envelope.id);
        std::string bytes;
        IMECE_TRY(const bool known, batch.get(kRecords, key, bytes));
        if (known) {
            IMECE_TRY(const Record there, decode_record(bytes));
            return there.digest == record.digest ? Put::kWasThere : Put::kIdTaken;
        }
        record.sequence = ++sequence_;
        batch.put(kRecords, key, encode(record));
        batch.put(kBodies, key, message.signed_envelope);
        batch.put(kOrder, key_of(record.sequence), key);
        batch.put(kByExpiry, expiry_key(record), "");
        tell(batch, options_.accepted_event(record, message.trace_parent));
        return Put::kStored;
    }

    Result<Ended> end_one(KvBatch& batch, const Ending& ending) {
        const std::string key = id_key(ending.copy.message);
        std::string bytes;
        IMECE_TRY(const bool known, batch.get(kRecords, key, bytes));
        if (!known) return Ended{Ended::Outcome::kUnknownMessage, {}, {}};
        IMECE_TRY(Record record, decode_record(bytes));
        Ended ended{Ended::Outcome::kRecorded, record.envelope.sender, record.envelope.priority};
        const auto copy =
            std::ranges::find(record.copies, ending.copy.target, &Record::Copy::device);
        if (copy == record.copies.end()) {
            ended.outcome = Ended::Outcome::kNotARecipient;
            return ended;
        }
        if (copy->state != CopyState::kPending) {
            ended.outcome = Ended::Outcome::kWasThere;
            return ended;
        }
        copy->state = state_after(ending.end);
        copy->ended_at = ending.at;
        if (copy->reachable_at == TimePoint{}) copy->reachable_at = ending.reachable_at;
        batch.put(kRecords, key, encode(record));
        if (!has_pending(record)) batch.erase(kBodies, key);
        tell(batch, options_.ended_event(record, ending));
        return ended;
    }

    static Status reached_one(KvBatch& batch, const Reached& one) {
        const std::string key = id_key(one.copy.message);
        std::string bytes;
        IMECE_TRY(const bool known, batch.get(kRecords, key, bytes));
        if (!known) return {};
        IMECE_TRY(Record record, decode_record(bytes));
        const auto copy = std::ranges::find(record.copies, one.copy.target, &Record::Copy::device);
        if (copy == record.copies.end() || copy->state != CopyState::kPending ||
            copy->reachable_at != TimePoint{})
            return {};
        copy->reachable_at = one.reachable_at;
        batch.put(kRecords, key, encode(record));
        return {};
    }

    static Result<Record> read(KvBatch& batch, const MessageId& id) {
        std::string bytes;
        IMECE_TRY(const bool found, batch.get(kRecords, id_key(id), bytes));
        if (!found)
            return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "an index names a lost record");
        return decode_record(bytes);
    }

    void tell(KvBatch& batch, runtime::Event event) {
        event.id.bytes = make_uuid_v7(event.time, random_);
        batch.put(kOutbox, key_of(++position_), encode(event));
    }

    void trim(KvBatch& batch) {
        // In steps, so that most commits do nothing here.
        constexpr std::uint64_t kStep = 1024;
        if (position_ < oldest_kept_ + options_.outbox_events_max + kStep) return;
        // Not beyond what was committed before: a change cannot take back what its own group wrote.
        const std::uint64_t first_kept =
            std::min(position_ - options_.outbox_events_max + 1, committed_position_.load() + 1);
        batch.erase_range(kOutbox, key_of(oldest_kept_), key_of(first_kept));
        oldest_kept_ = first_kept;
    }

    Status put_fact(const std::string& key, const std::string& value, std::uint64_t position) {
        return kv_->commit([&](KvBatch& batch) -> Status {
            if (!key.empty()) batch.put(kFacts, key, value);
            batch.put(kFacts, "p", key_of(position));
            return {};
        });
    }

    const RocksStoreOptions options_;
    Random& random_;
    std::uint64_t sequence_ = 0;  ///< This and position_: touched on the commit thread only.
    std::uint64_t position_ = 0;
    std::atomic<std::uint64_t> committed_position_{0};
    std::atomic<std::uint64_t> oldest_kept_{0};
    std::unique_ptr<KvStore> kv_;  ///< Last: its commit thread uses the members above.
};

}  // namespace

Result<std::unique_ptr<RocksMessageStore>> make_rocks_store(RocksStoreOptions options,
                                                            Random& random) {
    IMECE_TRY(
        auto kv,
        options.open({.path = options.path,
                      .families = {"records", "bodies", "order", "by_expiry", "outbox", "facts"},
                      .blind = {kBodies, kOrder, kByExpiry, kOutbox, kFacts}}));
    auto store = std::make_unique<RocksStore>(std::move(options), random, std::move(kv));
    IMECE_CHECK(store->recover());
    return store;
}

}  // namespace imece::messaging
