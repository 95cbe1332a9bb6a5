// Any text as a checkpoint and its verifier key, a zero byte between; and the same text with a good signature, so that its
// content decides: what opens is the same when it is signed again.
#include <cstdint>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "crypto/checkpoint.h"

namespace {

using namespace imece::crypto;

/// A signed note of `text` by the key "a".
std::string signed_note(std::string_view text, const SigningKey& key,
                        std::string_view verifier_key) {
    const auto hash = *imece::parse_hex(verifier_key.substr(2, 8));
    std::string signature(imece::text_of(hash));
    signature += imece::text_of(key.sign_bare(imece::view_of(text)));
    std::string note = std::string(text) + "\n\xe2\x80\x94 a ";
    imece::append_base64(note, signature);
    return note + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const SigningKey key(Seed{7});
    static const std::string verifier_key = note_verifier_key("a", key.public_key());
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t zero = input.find('\0');
    if (zero != std::string_view::npos)
        (void)open_checkpoint(input.substr(0, zero), input.substr(zero + 1));

    const std::string text = "a\n" + std::string(input.substr(0, zero)) + "\n";
    if (const auto opened = open_checkpoint(signed_note(text, key, verifier_key), verifier_key))
        IMECE_ASSERT(open_checkpoint(sign_checkpoint(*opened, key), verifier_key) == *opened);
    return 0;
}
