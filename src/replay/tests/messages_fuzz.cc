// Any bytes as a table of texts: refused, or texts that can be sent.
#include "base/assert.h"
#include "replay/world/message_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::replay;
    const auto file = parse_messages({reinterpret_cast<const char*>(data), size}, "a.csv");
    if (!file) return 0;
    for (const TextOfClass& entry : file->texts) {
        IMECE_ASSERT(!entry.text.empty() && entry.text.size() <= kTextBytesMax);
        IMECE_ASSERT(std::size_t(entry.cls) < kClasses);
    }
    return 0;
}
