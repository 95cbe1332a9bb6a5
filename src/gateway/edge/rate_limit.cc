#include "gateway/edge/rate_limit.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace imece::gateway {
namespace {

struct SipState {
    std::uint64_t a, b, c, d;

    void round() {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    void take(std::uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

}  // namespace

std::uint64_t sip_hash(const std::array<std::uint64_t, 2>& key, std::string_view text) {
    static_assert(std::endian::native == std::endian::little);
    SipState state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                   key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    const std::uint64_t size = text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), 8);
        state.take(word);
    }
    std::uint64_t last = size << 56;
    if (!text.empty()) std::memcpy(&last, text.data(), text.size());
    state.take(last);
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.a ^ state.b ^ state.c ^ state.d;
}

RateLimit::RateLimit(Rate rate, std::size_t slots, Random& random)
    : key_{random.next_u64(), random.next_u64()},
      buckets_(std::bit_ceil(std::max(slots, kWays)) / kWays) {
    set(rate);
}

void RateLimit::set(Rate rate) {
    const std::int64_t interval = 1'000'000'000 / static_cast<std::int64_t>(rate.per_second);
    interval_ = interval;
    tolerance_ = interval * static_cast<std::int64_t>(rate.burst - 1);
}

std::optional<std::chrono::nanoseconds> RateLimit::take(std::string_view caller, SteadyPoint now) {
    const std::uint64_t hash = sip_hash(key_, caller) | 1;  // 0 marks a free slot.
    const std::size_t index = (hash >> 8) & (buckets_.size() - 1);
    const std::int64_t at =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();

    const std::lock_guard lock(stripes_[index % kStripes]);
    Bucket& bucket = buckets_[index];
    auto slot = std::ranges::find(bucket, hash, &Slot::caller);
    if (slot == bucket.end()) {
        slot = std::ranges::min_element(bucket, {}, &Slot::free_at);
        *slot = Slot{hash, at};
    }
    const std::int64_t free_at = std::max(slot->free_at, at);
    const std::int64_t tolerance = tolerance_;
    if (free_at - at > tolerance) return std::chrono::nanoseconds(free_at - at - tolerance);
    slot->free_at = free_at + interval_;
    return std::nullopt;
}

}  // namespace imece::gateway
