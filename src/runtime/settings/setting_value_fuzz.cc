// Any text as a value of every key: it is refused, or spelled so that it reads as the same value.
#include "base/assert.h"
#include "runtime/settings/key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::runtime;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const Key& key : keys()) {
        const auto value = parse_setting(key, text);
        if (!value) continue;
        const auto again = parse_setting(key, setting_text(*value));
        IMECE_ASSERT(again && *again == *value);
    }
    return 0;
}
