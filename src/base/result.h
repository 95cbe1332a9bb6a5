// Passing an error on. Not for coroutines.
#pragma once

#include <utility>

#include "base/error.h"

#define IMECE_CAT2(a, b) a##b
#define IMECE_CAT(a, b) IMECE_CAT2(a, b)

/// `IMECE_TRY(auto user, store.find(id));` binds the value, or returns the error to our caller.
#define IMECE_TRY(decl, ...)                                                  \
    auto IMECE_CAT(try_, __LINE__) = (__VA_ARGS__);                           \
    if (!IMECE_CAT(try_, __LINE__))                                           \
        return std::unexpected(std::move(IMECE_CAT(try_, __LINE__)).error()); \
    decl = *std::move(IMECE_CAT(try_, __LINE__))

/// `IMECE_CHECK(admit(message, now));` goes on, or returns the error of a Status to our caller.
#define IMECE_CHECK(...)                                         \
    do {                                                         \
        if (auto checked_ = (__VA_ARGS__); !checked_)            \
            return std::unexpected(std::move(checked_).error()); \
    } while (false)
