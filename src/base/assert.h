// Assertions for programmer errors, on in every build. Input is never asserted, it is refused.
#pragma once

namespace imece {
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);
}

#define IMECE_ASSERT(condition) \
    ((condition) ? void(0) : ::imece::assertion_failed(#condition, __FILE__, __LINE__))
