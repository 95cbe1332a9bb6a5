#include "crypto/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/base64.h"
#include "base/result.h"

namespace imece::crypto {
namespace {

constexpr std::size_t kNoteBytesMax = 4096;
constexpr char kEd25519 = 0x01;  // The algorithm's number in signed notes.
constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";  // An em dash and a space.

using KeyHash = std::array<std::uint8_t, 4>;

std::unexpected<Error> invalid(const char* what) {
    return fail(ErrorCode::kInvalidArgument, "CHECKPOINT_INVALID", what);
}

std::string base64(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

/// The one spelling that signed notes have.
std::optional<std::string> strict_base64(std::string_view text) {
    std::string bytes;
    if (!parse_base64(text, bytes) || base64(bytes) != text) return std::nullopt;
    return bytes;
}

std::string tagged(const PublicKey& key) {
    return kEd25519 + std::string(text_of(key));
}

KeyHash key_hash(std::string_view name, const PublicKey& key) {
    const Digest digest = sha256(view_of(std::string(name) + '\n' + tagged(key)));
    KeyHash hash{};
    std::copy_n(digest.begin(), hash.size(), hash.begin());
    return hash;
}

/// Takes what stands before the next `separator` off `text`, with the separator; nothing where there is none.
std::optional<std::string_view> take(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end + 1);
    return taken;
}

struct VerifierKey {
    std::string_view name;
    KeyHash hash{};
    PublicKey key{};
};

Result<VerifierKey> parse_verifier_key(std::string_view text) {
    VerifierKey out;
    const auto name = take(text, '+');
    const auto hash = take(text, '+');
    const auto bytes = strict_base64(text);
    if (!name || name->empty() || !hash || !bytes || bytes->size() != 1 + out.key.size() ||
        bytes->front() != kEd25519)
        return invalid("the verifier key is not NAME+HASH+KEY of an Ed25519 key");
    out.name = *name;
    std::copy(bytes->begin() + 1, bytes->end(), out.key.begin());
    out.hash = key_hash(out.name, out.key);
    if (to_hex(out.hash) != *hash) return invalid("the verifier key's hash is not that of its key");
    return out;
}

/// Whether a line of signatures is one by `key` over `text`.
bool signed_by(std::string_view line, const VerifierKey& key, std::string_view text) {
    if (!line.starts_with(kSignatureMark)) return false;
    line.remove_prefix(kSignatureMark.size());
    const auto name = take(line, ' ');
    const auto bytes = strict_base64(line);
    if (name != key.name || !bytes || bytes->size() < key.hash.size()) return false;
    const ByteView view = view_of(*bytes);
    return std::ranges::equal(view.first(key.hash.size()), key.hash) &&
           verify_bare(key.key, view_of(text), view.subspan(key.hash.size()));
}

}  // namespace

std::string note_verifier_key(std::string_view name, const PublicKey& key) {
    return std::string(name) + '+' + to_hex(key_hash(name, key)) + '+' + base64(tagged(key));
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
    const std::string text = checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' +
                             base64(text_of(checkpoint.root)) + '\n';
    std::string signature(text_of(key_hash(checkpoint.origin, key.public_key())));
    signature += text_of(key.sign_bare(view_of(text)));
    return text + '\n' + std::string(kSignatureMark) + checkpoint.origin + ' ' + base64(signature) +
           '\n';
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key) {
    if (note.size() > kNoteBytesMax) return invalid("the checkpoint is over 4 KiB");
    IMECE_TRY(const VerifierKey key, parse_verifier_key(verifier_key));
    const std::size_t blank = note.rfind("\n\n");
    if (blank == std::string_view::npos || !note.ends_with('\n'))
        return invalid("the checkpoint is no signed note");
    std::string_view text = note.substr(0, blank + 1);
    bool is_signed = false;
    for (std::string_view lines = note.substr(blank + 2); !is_signed && !lines.empty();)
        is_signed = signed_by(take(lines, '\n').value_or(std::string_view()), key, text);
    if (!is_signed) return invalid("the checkpoint is not signed by this key");

    Checkpoint out;
    const auto origin = take(text, '\n');
    const auto size = take(text, '\n');
    const auto root = take(text, '\n');
    if (!origin || !size || !root || *origin != key.name)
        return invalid("the checkpoint is of another log");
    const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), out.size);
    const auto bytes = strict_base64(*root);
    if (error != std::errc() || std::to_string(out.size) != *size || !bytes ||
        bytes->size() != out.root.size())
        return invalid("the checkpoint's size or root is malformed");
    out.origin = *origin;
    std::ranges::copy(view_of(*bytes), out.root.begin());
    return out;
}

}  // namespace imece::crypto
