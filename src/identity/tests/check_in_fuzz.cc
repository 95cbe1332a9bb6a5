// Any text as a phone number and as a name: it is refused, or comes to a form that reads as itself.
#include "base/assert.h"
#include "identity/domain/check_in.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::identity;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto phone = phone_of(text)) IMECE_ASSERT(phone_of(*phone) == *phone);
    if (const auto words = name_words(text)) {
        std::string name;
        for (const std::string& word : *words) name += word + ' ';
        IMECE_ASSERT(name_words(name) == *words);
    }
    return 0;
}
