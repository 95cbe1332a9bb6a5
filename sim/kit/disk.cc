#include "sim/kit/disk.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/assert.h"
#include "base/result.h"

namespace imece::sim {
namespace {

using runtime::KvBatch;
using runtime::KvStore;

std::unexpected<Error> down() {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN", "the machine is about to crash");
}

}  // namespace

/// A store on a volume.
class SimKv final : public KvStore {
public:
    SimKv(Disk& disk, Disk::Volume& volume, Options options)
        : disk_(disk), volume_(volume), options_(std::move(options)) {}

    Status commit(const std::function<Status(KvBatch&)>& change,
                  const std::function<void()>& after) override {
        const std::scoped_lock lock(disk_.mutex_);
        if (disk_.down_) return down();
        Batch batch(*this);
        IMECE_CHECK(change(batch));
        if (!batch.writes.empty()) IMECE_CHECK(write(std::move(batch.writes)));
        if (after) after();
        return {};
    }

    Status check_room() const override { return {}; }  // A full disk is not simulated.
    Status sync() override {
        const std::scoped_lock lock(disk_.mutex_);
        if (disk_.down_) return down();
        Disk::sync(volume_);
        return {};
    }

    Result<bool> get(std::size_t family, std::string_view key, std::string& value) const override {
        const std::scoped_lock lock(disk_.mutex_);
        if (disk_.down_) return down();
        const auto& entries = volume_.now[family];
        const auto found = entries.find(key);
        if (found == entries.end()) return false;
        value = found->second;
        return true;
    }

    Result<std::vector<std::pair<bool, std::string>>> get_many(
        std::size_t family, const std::vector<std::string>& keys) const override {
        std::vector<std::pair<bool, std::string>> found(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            IMECE_TRY(found[i].first, get(family, keys[i], found[i].second));
        }
        return found;
    }

    Result<std::string> last_key(std::size_t family) const override {
        const std::scoped_lock lock(disk_.mutex_);
        if (disk_.down_) return down();
        const auto& entries = volume_.now[family];
        return entries.empty() ? std::string() : entries.rbegin()->first;
    }

    Status scan(
        std::size_t family, std::string_view from, std::string_view to,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        std::vector<std::pair<std::string, std::string>> range;
        {
            const std::scoped_lock lock(disk_.mutex_);
            if (disk_.down_) return down();
            const auto& entries = volume_.now[family];
            const auto end = to.empty() ? entries.end() : entries.lower_bound(to);
            range.assign(entries.lower_bound(from), end);
        }
        for (const auto& [key, value] : range)
            if (!visit(key, value)) break;
        return {};
    }

    Status snapshot(const std::filesystem::path&) const override {
        return fail(ErrorCode::kUnavailable, "STORE_DOWN", "a simulated disk has no backups");
    }

private:
    /// A change's own writes lie over what is there.
    struct Batch final : KvBatch {
        explicit Batch(const SimKv& of) : kv(of) {}
        void put(std::size_t family, std::string_view key, std::string_view value) override {
            writes.push_back({family, std::string(key), std::string(value)});
        }
        void erase(std::size_t family, std::string_view key) override {
            writes.push_back({family, std::string(key), std::nullopt});
        }
        void erase_range(std::size_t family, std::string_view from, std::string_view to) override {
            std::vector<std::string> keys;
            const auto& entries = kv.volume_.now[family];
            for (auto at = entries.lower_bound(from); at != entries.end() && at->first < to; ++at)
                keys.push_back(at->first);
            if (!kv.is_blind(family))
                for (const Disk::Write& one : writes)
                    if (one.family == family && one.key >= from && one.key < to)
                        keys.push_back(one.key);
            for (const std::string& key : keys) erase(family, key);
        }
        Result<bool> get(std::size_t family, std::string_view key, std::string& value) override {
            IMECE_ASSERT(!kv.is_blind(family));
            for (const Disk::Write& one : writes | std::views::reverse) {
                if (one.family != family || one.key != key) continue;
                if (one.value) value = *one.value;
                return one.value.has_value();
            }
            return kv.get(family, key, value);
        }
        const SimKv& kv;
        Disk::Commit writes;
    };

    bool is_blind(std::size_t family) const {
        return std::ranges::find(options_.blind, family) != options_.blind.end();
    }

    Status write(Disk::Commit commit) {
        const bool fails = disk_.fails_in_ == 1;
        if (disk_.fails_in_ > 0) --disk_.fails_in_;
        if (fails) {
            volume_.unsynced.push_back(std::move(commit));
            volume_.under_way = true;
            disk_.down_ = true;
            disk_.went_down_();
            return down();
        }
        Disk::apply(volume_.now, commit, commit.size());
        volume_.unsynced.push_back(std::move(commit));
        if (options_.sync) Disk::sync(volume_);
        return {};
    }

    Disk& disk_;
    Disk::Volume& volume_;
    const Options options_;
};

Result<std::unique_ptr<KvStore>> Disk::open(const KvStore::Options& options) {
    const std::scoped_lock lock(mutex_);
    if (down_) return sim::down();
    Volume& volume = volumes_[options.path.string()];
    volume.now.resize(options.families.size());
    volume.durable.resize(options.families.size());
    sync(volume);
    return std::make_unique<SimKv>(*this, volume, options);
}

void Disk::crash(Crash how) {
    const std::scoped_lock lock(mutex_);
    for (auto& [name, volume] : volumes_) {
        if (how == Crash::kPower) {
            lose_power(volume);
        } else if (volume.under_way) {
            if (random_.below(2) == 0)
                apply(volume.now, volume.unsynced.back(), volume.unsynced.back().size());
            else
                volume.unsynced.pop_back();
        }
        volume.under_way = false;
    }
    fails_in_ = 0;
    down_ = false;
}

void Disk::lose_power(Volume& volume) {
    // None and all are rarer by chance alone than they are in life.
    const std::size_t written = volume.unsynced.size();
    const std::array<std::size_t, 4> left{0, written, random_.below(written + 1),
                                          random_.below(written + 1)};
    const std::size_t kept = left[random_.below(left.size())];
    for (std::size_t i = 0; i < kept; ++i)
        apply(volume.durable, volume.unsynced[i], volume.unsynced[i].size());
    if (tears && kept < volume.unsynced.size())
        apply(volume.durable, volume.unsynced[kept], random_.below(volume.unsynced[kept].size()));
    volume.unsynced.clear();
    volume.now = volume.durable;
}

void Disk::sync(Volume& volume) {
    for (const Commit& one : volume.unsynced) apply(volume.durable, one, one.size());
    volume.unsynced.clear();
}

void Disk::apply(Families& families, const Commit& commit, std::size_t writes) {
    for (std::size_t i = 0; i < writes; ++i) {
        const Write& one = commit[i];
        if (one.value)
            families[one.family][one.key] = *one.value;
        else
            families[one.family].erase(one.key);
    }
}

}  // namespace imece::sim
