// Dice for plans, and things that go on and off.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "replay/world/plan.h"

namespace imece::replay {

/// One stream of chance a purpose: drawing more for one thing leaves all the others as they were.
class Dice {
public:
    Dice(std::uint64_t seed, std::string_view purpose) : random_(mixed(seed, purpose)) {}

    double unit() { return random_.unit(); }
    bool chance(double p) { return unit() < p; }
    std::uint32_t below(std::size_t bound) { return std::uint32_t(random_.below(bound)); }
    Ms between(Ms low, Ms high) { return low + Ms(random_.below(std::uint64_t(high - low + 1))); }
    /// Exponential with `mean`.
    double wait(double mean) { return -mean * std::log1p(-unit()); }
    double normal() {
        const double radius = std::sqrt(-2 * std::log1p(-unit()));
        return radius * std::cos(2 * 3.14159265358979323846 * unit());
    }
    template <class T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

private:
    static std::uint64_t mixed(std::uint64_t seed, std::string_view purpose) {
        std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a: the same on every machine.
        for (const char c : purpose)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
        return hash ^ (seed * 0x9e3779b97f4a7c15ull);
    }
    SeededRandom random_;
};

/// A thing that is up for `mean_up` and down for `mean_down` on average, each time `shortest` at
/// least: a radio does not notice a shorter contact.
struct OnOff {
    double mean_up = 0;
    double mean_down = 0;
    Ms shortest = 5'000;
};

/// Writes the contacts of one such thing from 0 to `end`; it begins as it is in the long run.
inline void on_off(std::vector<Contact>& out, Dice& dice, ContactKind kind, std::uint32_t index,
                   const OnOff& rhythm, Ms end) {
    bool up = dice.chance(rhythm.mean_up / (rhythm.mean_up + rhythm.mean_down));
    if (up) out.push_back({0, kind, index, true});
    for (Ms at = 0;;) {
        const double mean = up ? rhythm.mean_up : rhythm.mean_down;
        const double rest = std::max(1.0, mean - double(rhythm.shortest));
        at += rhythm.shortest + Ms(dice.wait(rest));
        if (at >= end) return;
        up = !up;
        out.push_back({at, kind, index, up});
    }
}

}  // namespace imece::replay
