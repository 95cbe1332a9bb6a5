// A promise of a port as a function that says what is wrong, so that it can be held against good adapters and against
// deliberately broken ones. An empty answer: it holds.
#pragma once

#include <sstream>
#include <string>

/// Leaves the clause with the place and the words of `condition` unless that is true.
#define IMECE_HOLDS(condition)                                                        \
    do {                                                                              \
        if (!(condition)) {                                                           \
            std::ostringstream said;                                                  \
            said << __FILE__ << ':' << __LINE__ << ": does not hold: " << #condition; \
            return said.str();                                                        \
        }                                                                             \
    } while (false)
