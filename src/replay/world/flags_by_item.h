// What one node knows of each bundle.
#pragma once

#include <cstdint>
#include <vector>

namespace imece::replay {

/// A hash table from a bundle's number to sixteen flags; absent is 0. Open addressing, eight bytes an
/// entry; entries are never taken out.
class FlagsByItem {
public:
    std::uint16_t get(std::uint32_t item) const {
        if (slots_.empty()) return 0;
        for (std::size_t i = home(item);; i = (i + 1) & (slots_.size() - 1)) {
            if (slots_[i].item == item) return slots_[i].flags;
            if (slots_[i].item == kEmpty) return 0;
        }
    }
    void set(std::uint32_t item, std::uint16_t flags) { slot(item).flags |= flags; }
    void clear(std::uint32_t item, std::uint16_t flags) {
        if (get(item) & flags) slot(item).flags &= std::uint16_t(~flags);
    }
    /// Calls `visit(item, flags)` for every entry, in an order that only the history decides.
    template <class Visit>
    void each(Visit visit) const {
        for (const Slot& s : slots_)
            if (s.item != kEmpty) visit(s.item, s.flags);
    }
    std::size_t size() const { return used_; }

private:
    static constexpr std::uint32_t kEmpty = UINT32_MAX;
    struct Slot {
        std::uint32_t item = kEmpty;
        std::uint16_t flags = 0;
    };

    std::size_t home(std::uint32_t item) const {
        return (item * 0x9e3779b1u >> 7) & (slots_.size() - 1);
    }
    Slot& slot(std::uint32_t item) {
        if (slots_.empty() || used_ * 4 >= slots_.size() * 3) grow();
        for (std::size_t i = home(item);; i = (i + 1) & (slots_.size() - 1)) {
            if (slots_[i].item == item) return slots_[i];
            if (slots_[i].item == kEmpty) {
                slots_[i].item = item;
                ++used_;
                return slots_[i];
            }
        }
    }
    void grow() {
        std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
        old.swap(slots_);
        used_ = 0;
        for (const Slot& s : old)
            if (s.item != kEmpty) slot(s.item).flags = s.flags;
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace imece::replay
