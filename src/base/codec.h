// A small binary form for what is stored or signed: fixed-width big-endian numbers, length-prefixed text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace imece {

class Encoder {
public:
    explicit Encoder(std::uint8_t version) { number<std::uint8_t>(version); }

    template <class Number>
    Encoder& number(Number value) {
        for (std::size_t i = sizeof(Number); i-- > 0;)
            out_.push_back(char(std::uint64_t(value) >> (8 * i) & 0xff));
        return *this;
    }
    Encoder& time(TimePoint at) { return number(std::uint64_t(to_unix_ms(at))); }
    Encoder& fixed(ByteView bytes) {
        out_.append(text_of(bytes));
        return *this;
    }
    Encoder& text(std::string_view value) {
        number(std::uint32_t(value.size()));
        out_.append(value);
        return *this;
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// Reads what Encoder wrote. Past the end, or after any failure, everything is zero and ok() is false:
/// check once, at the end.
class Decoder {
public:
    explicit Decoder(std::string_view bytes) : left_(bytes) { version_ = number<std::uint8_t>(); }

    std::uint8_t version() const { return version_; }
    template <class Number>
    Number number() {
        const std::string_view bytes = take(sizeof(Number));
        std::uint64_t value = 0;
        for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
        return Number(value);
    }
    TimePoint time() { return from_unix_ms(std::int64_t(number<std::uint64_t>())); }
    template <std::size_t N>
    std::array<std::uint8_t, N> fixed() {
        std::array<std::uint8_t, N> out{};
        const std::string_view bytes = take(N);
        for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = std::uint8_t(bytes[i]);
        return out;
    }
    std::string text() { return std::string(take(number<std::uint32_t>())); }
    /// Everything was read, nothing was missing and nothing is left.
    bool ok() const { return !failed_ && left_.empty(); }
    /// Nothing was missing so far.
    bool good() const { return !failed_; }

private:
    std::string_view take(std::size_t size) {
        if (failed_ || left_.size() < size) {
            failed_ = true;
            return {};
        }
        const std::string_view bytes = left_.substr(0, size);
        left_.remove_prefix(size);
        return bytes;
    }
    std::string_view left_;
    bool failed_ = false;
    std::uint8_t version_ = 0;
};

}  // namespace imece
