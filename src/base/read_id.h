// Ids as the bytes of a wire field or of a stored key.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace imece {

/// False, and `id` as it was, when `bytes` are not the 16 of an id.
template <class AnyId>
bool read_id(std::string_view bytes, AnyId& id) {
    if (bytes.size() != id.bytes.size()) return false;
    std::ranges::copy(view_of(bytes), id.bytes.begin());
    return true;
}

}  // namespace imece
