#include "bench/limits.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "bench/site.h"
#include "crypto/crypto.h"

namespace imece::bench {
namespace {

std::unexpected<Error> broken(const rocksdb::Status& status) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN", status.ToString());
}

}  // namespace

Result<double> plain_store_rate(std::size_t bytes, std::size_t group, std::size_t records) {
    const WorkDir dir;
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(options, (dir.path() / "store").string(), &opened);
    if (!status.ok()) return broken(status);
    const std::unique_ptr<rocksdb::DB> db(opened);

    SeededRandom random(1);
    const TimePoint now = SystemClock().now();
    Bytes value(bytes);
    random.fill(value);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t written = 0; written < records; written += group) {
        rocksdb::WriteBatch batch;
        for (std::size_t i = 0; i < group; ++i) {
            const auto id = make_uuid_v7(now, random);
            const auto key = text_of(id);
            const auto text = text_of(value);
            batch.Put({key.data(), key.size()}, {text.data(), text.size()});
        }
        if (const auto done = db->Write(synced, &batch); !done.ok()) return broken(done);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return double(records) / took.count();
}

double verify_rate(std::size_t bytes) {
    constexpr std::size_t kEach = 10'000;
    SeededRandom random(1);
    crypto::Seed seed;
    random.fill(seed);
    const crypto::SigningKey key(seed);
    Bytes text(bytes);
    random.fill(text);
    const auto signature = key.sign(crypto::kEnvelopeDomain, text);
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    std::atomic<std::size_t> verified{0};
    const auto began = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> working;
        for (std::size_t core = 0; core < cores; ++core)
            working.emplace_back([&] {
                for (std::size_t i = 0; i < kEach; ++i)
                    verified +=
                        crypto::verify(key.public_key(), crypto::kEnvelopeDomain, text, signature);
            });
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return double(verified) / took.count();
}

}  // namespace imece::bench
