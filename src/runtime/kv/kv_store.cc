#include "runtime/kv/kv_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "base/assert.h"
#include "base/result.h"
#include "runtime/observe/log.h"

namespace imece::runtime {
namespace {

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}

Error error_of(const rocksdb::Status& status) {
    if (status.IsCorruption()) return {ErrorCode::kDataLoss, "DATA_MALFORMED", status.ToString()};
    return {ErrorCode::kUnavailable, "STORE_DOWN", status.ToString()};
}

Status status_of(const rocksdb::Status& status) {
    if (status.ok()) return {};
    return std::unexpected(error_of(status));
}

struct Change {
    const std::function<Status(KvBatch&)>* apply = nullptr;
    const std::function<void()>* after = nullptr;
    Status result;
    bool done = false;
    std::condition_variable finished;
};

/// The writes of a group, and where each of them lies, so that later changes of the group see them.
class Batch final : public KvBatch {
public:
    Batch(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
          const std::vector<bool>& blind)
        : db_(db), families_(families), blind_(blind), places_(families.size()) {}

    void put(std::size_t family, std::string_view key, std::string_view value) override {
        check(batch_.Put(families_[family], slice(key), slice(value)));
        // A put ends with its value.
        remember(family, key, {batch_.GetDataSize() - value.size(), value.size(), true});
    }
    void erase(std::size_t family, std::string_view key) override {
        check(batch_.Delete(families_[family], slice(key)));
        remember(family, key, {});
    }
    void erase_range(std::size_t family, std::string_view from, std::string_view to) override {
        // Key by key: ranges here are short, and a range's tombstone slows every later scan.
        std::vector<std::string> keys;
        for (const auto& [key, place] : places_[family])
            if (place.there && key >= from && key < to) keys.push_back(key);
        const std::unique_ptr<rocksdb::Iterator> at(
            db_.NewIterator(rocksdb::ReadOptions(), families_[family]));
        for (at->Seek(slice(from)); at->Valid() && at->key().compare(slice(to)) < 0; at->Next())
            keys.push_back(at->key().ToString());
        check(at->status());
        for (const std::string& key : keys) erase(family, key);
    }
    Result<bool> get(std::size_t family, std::string_view key, std::string& value) override {
        IMECE_ASSERT(!blind_[family]);
        const auto& written = places_[family];
        if (const auto found = written.find(key); found != written.end()) {
            const Place& place = found->second;
            if (place.there) value.assign(batch_.Data(), place.at, place.size);
            return place.there;
        }
        const rocksdb::Status status =
            db_.Get(rocksdb::ReadOptions(), families_[family], slice(key), &value);
        if (status.IsNotFound()) return false;
        if (!status.ok()) return std::unexpected(error_of(status));
        return true;
    }

    /// Runs one change; what it wrote is taken back when it fails.
    Status run(const std::function<Status(KvBatch&)>& change) {
        batch_.SetSavePoint();
        failed_ = rocksdb::Status::OK();
        undo_.clear();
        Status result = change(*this);
        if (result && !failed_.ok()) result = status_of(failed_);
        if (result)
            batch_.PopSavePoint();
        else
            take_back();
        return result;
    }
    rocksdb::WriteBatch* raw() { return &batch_; }

private:
    /// Of a key's newest value in the batch's bytes; not there: the key is erased.
    struct Place {
        std::size_t at = 0;
        std::size_t size = 0;
        bool there = false;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>()(key);
        }
    };
    using Places = std::unordered_map<std::string, Place, Hash, std::equal_to<>>;
    struct Undo {
        std::size_t family;
        Places::value_type* entry;
        std::optional<Place> before;  ///< None: the key was not written in this group.
    };

    void remember(std::size_t family, std::string_view key, const Place& place) {
        if (blind_[family]) return;
        const auto [found, fresh] = places_[family].try_emplace(std::string(key), place);
        undo_.push_back({family, &*found, fresh ? std::nullopt : std::optional(found->second)});
        found->second = place;
    }
    void take_back() {
        batch_.RollbackToSavePoint();
        for (; !undo_.empty(); undo_.pop_back()) {
            const Undo& last = undo_.back();
            Places& places = places_[last.family];
            if (last.before)
                last.entry->second = *last.before;
            else
                places.erase(places.find(last.entry->first));
        }
    }
    void check(const rocksdb::Status& status) {
        if (!status.ok()) failed_ = status;
    }
    rocksdb::DB& db_;
    const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
    const std::vector<bool>& blind_;
    rocksdb::WriteBatch batch_;
    std::vector<Places> places_;  ///< By family.
    std::vector<Undo> undo_;      ///< Of the change that runs.
    rocksdb::Status failed_;
};

class RocksStore final : public KvStore {
public:
    RocksStore(Options options, rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> families)
        : options_(std::move(options)),
          db_(db),
          families_(std::move(families)),
          blind_(families_.size()) {
        for (const std::size_t family : options_.blind) blind_[family] = true;
        committer_ = std::thread([this] { commit_loop(); });
    }
    ~RocksStore() override {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
        }
        ready_.notify_all();
        committer_.join();
        for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    }

    Status commit(const std::function<Status(KvBatch&)>& apply,
                  const std::function<void()>& after) override {
        Change change;
        change.apply = &apply;
        change.after = after ? &after : nullptr;
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return queue_.size() < options_.queue_max; });
        queue_.push_back(&change);
        ready_.notify_one();
        change.finished.wait(lock, [&change] { return change.done; });
        return std::move(change.result);
    }

    Status check_room() const override { return check_room(options_.reserve_bytes); }
    Status sync() override { return status_of(db_->SyncWAL()); }

    Result<bool> get(std::size_t family, std::string_view key, std::string& value) const override {
        const rocksdb::Status status =
            db_->Get(rocksdb::ReadOptions(), families_[family], slice(key), &value);
        if (status.IsNotFound()) return false;
        if (!status.ok()) return std::unexpected(error_of(status));
        return true;
    }

    Result<std::vector<std::pair<bool, std::string>>> get_many(
        std::size_t family, const std::vector<std::string>& keys) const override {
        std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
        std::vector<rocksdb::PinnableSlice> values(keys.size());
        std::vector<rocksdb::Status> statuses(keys.size());
        db_->MultiGet(rocksdb::ReadOptions(), families_[family], keys.size(), slices.data(),
                      values.data(), statuses.data());
        std::vector<std::pair<bool, std::string>> found(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (statuses[i].IsNotFound()) continue;
            if (!statuses[i].ok()) return std::unexpected(error_of(statuses[i]));
            found[i] = {true, values[i].ToString()};
        }
        return found;
    }

    Result<std::string> last_key(std::size_t family) const override {
        const std::unique_ptr<rocksdb::Iterator> at(
            db_->NewIterator(rocksdb::ReadOptions(), families_[family]));
        at->SeekToLast();
        if (!at->status().ok()) return std::unexpected(error_of(at->status()));
        return at->Valid() ? at->key().ToString() : std::string();
    }

    Status scan(
        std::size_t family, std::string_view from, std::string_view to,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        rocksdb::ReadOptions options;
        const rocksdb::Slice end = slice(to);
        if (!to.empty()) options.iterate_upper_bound = &end;
        const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, families_[family]));
        for (at->Seek(slice(from)); at->Valid(); at->Next())
            if (!visit(at->key().ToStringView(), at->value().ToStringView())) return {};
        return status_of(at->status());
    }

    Status snapshot(const std::filesystem::path& to) const override {
        rocksdb::Checkpoint* made = nullptr;
        IMECE_CHECK(status_of(rocksdb::Checkpoint::Create(db_.get(), &made)));
        const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
        return status_of(checkpoint->CreateCheckpoint(to.string()));
    }

private:
    void commit_loop() {
        // RocksDB counts each comparison of keys in a thread-local variable otherwise.
        rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
        std::deque<Change*> group;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                group.swap(queue_);
            }
            room_.notify_all();
            while (!group.empty()) commit_group(group);
        }
    }

    /// Commits a prefix of `group` whose size stays within group_bytes_max.
    void commit_group(std::deque<Change*>& group) {
        Batch batch(*db_, families_, blind_);
        std::vector<Change*> taken;
        while (!group.empty() && batch.raw()->GetDataSize() < options_.group_bytes_max) {
            Change* change = group.front();
            group.pop_front();
            change->result = batch.run(*change->apply);
            taken.push_back(change);
        }
        const Status written = batch.raw()->Count() == 0 ? Status() : write(batch);
        for (Change* change : taken) {
            if (change->result && !written) change->result = written;
            if (change->result && change->after != nullptr) (*change->after)();
        }
        const std::scoped_lock lock(mutex_);
        for (Change* change : taken) {
            change->done = true;
            change->finished.notify_one();
        }
    }

    Status write(Batch& batch) {
        IMECE_CHECK(failed_);
        IMECE_CHECK(check_room(options_.reserve_bytes / 2));
        rocksdb::WriteOptions options;
        options.sync = options_.sync;
        const rocksdb::Status written = db_->Write(options, batch.raw());
        if (written.ok()) return {};
        log(LogLevel::kError, "store_write_failed",
            {{"cause", written.ToString()}, {"remedy", "make room, then start the process anew"}});
        failed_ = status_of(written);
        return failed_;
    }

    Status check_room(std::uint64_t wanted) const {
        std::error_code unknown;
        const auto disk = std::filesystem::space(options_.path, unknown);
        if (unknown || disk.available >= wanted) return {};
        return fail(ErrorCode::kUnavailable, "STORE_FULL",
                    "the disk has " + std::to_string(disk.available >> 20) + " MiB left");
    }

    const Options options_;
    Status failed_;  ///< The first write that failed. Of the commit thread.
    const std::unique_ptr<rocksdb::DB> db_;
    const std::vector<rocksdb::ColumnFamilyHandle*> families_;
    std::vector<bool> blind_;  ///< By family.
    std::mutex mutex_;
    std::condition_variable ready_;
    std::condition_variable room_;
    std::deque<Change*> queue_;
    bool stopping_ = false;
    std::thread committer_;
};

}  // namespace

Result<std::unique_ptr<KvStore>> KvStore::open(Options options) {
    std::error_code ignored;
    std::filesystem::create_directories(options.path, ignored);
    std::filesystem::permissions(options.path, std::filesystem::perms::owner_all, ignored);

    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    rocksdb::ColumnFamilyOptions family;
    family.write_buffer_size = options.memtable_bytes;
    // Most look-ups are for a key that is new: a filter answers them without a walk through the memtable.
    family.memtable_whole_key_filtering = true;
    family.memtable_prefix_bloom_size_ratio = 0.02;
    // What is young is soon rewritten, and bodies are ciphertext: only the last level is worth compressing.
    family.compression = rocksdb::kNoCompression;
    family.bottommost_compression = rocksdb::kSnappyCompression;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DBOptions db_options;
    db_options.create_if_missing = true;
    db_options.create_missing_column_families = true;
    db_options.max_open_files = 256;
    db_options.keep_log_file_num = 2;
    db_options.max_background_jobs = 2;
    db_options.stats_dump_period_sec = 0;  // An idle process does nothing.
    db_options.stats_persist_period_sec = 0;
    // A torn tail of the log is what a crash leaves: it was never acknowledged. Anything else is damage.
    db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;

    std::vector<rocksdb::ColumnFamilyDescriptor> families{
        {rocksdb::kDefaultColumnFamilyName, family}};
    for (const std::string& name : options.families) families.emplace_back(name, family);
    std::vector<std::string> there;  // None when there is no store yet; a damaged one fails below.
    rocksdb::DB::ListColumnFamilies(db_options, options.path.string(), &there);
    for (const std::string& name : there)
        if (std::ranges::find(families, name, &rocksdb::ColumnFamilyDescriptor::name) ==
            families.end())
            families.emplace_back(name, family);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(db_options, options.path.string(), families, &handles, &db);
    if (!status.ok()) return std::unexpected(error_of(status));
    // Ours are numbered from 0; RocksDB's own default family is not used.
    db->DestroyColumnFamilyHandle(handles.front());
    handles.erase(handles.begin());
    for (; handles.size() > options.families.size(); handles.pop_back()) {
        const rocksdb::Status dropped = db->DropColumnFamily(handles.back());
        if (!dropped.ok())
            log(LogLevel::kError, "store_family_not_dropped", {{"cause", dropped.ToString()}});
        db->DestroyColumnFamilyHandle(handles.back());
    }
    return std::make_unique<RocksStore>(std::move(options), db, std::move(handles));
}

std::string key_of(std::uint64_t number) {
    std::string key(8, '\0');
    for (std::size_t i = 8; i-- > 0; number >>= 8) key[i] = char(number & 0xff);
    return key;
}

std::uint64_t number_of(std::string_view key) {
    if (key.size() < 8) return 0;
    std::uint64_t number = 0;
    for (const char byte : key.substr(0, 8))
        number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

}  // namespace imece::runtime
