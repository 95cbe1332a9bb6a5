#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace imece {

void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "imece: assertion failed: %s (%s:%d)\n", what, file, line);
    std::abort();
}

}  // namespace imece
