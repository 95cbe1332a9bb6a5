#include "runtime/settings/key.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/result.h"
#include "imece/config/v1/keys.pb.h"
#include "runtime/config/loader.h"

namespace imece::runtime {
namespace {

namespace pb = imece::config::v1;

constexpr std::size_t kTextMax = 64;

Result<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(ErrorCode::kInvalidArgument, "SETTING_INVALID", "not a whole number");
    return number;
}

/// What `text` says, without the key's bounds.
Result<std::uint64_t> parse_amount(KeyKind kind, std::string_view text) {
    if (kind == KeyKind::kNumber) return parse_number(text);
    IMECE_TRY(const auto duration, parse_duration(text));
    return std::uint64_t(duration.count());
}

std::string amount_text(KeyKind kind, std::uint64_t amount) {
    return kind == KeyKind::kNumber ? std::to_string(amount)
                                    : duration_text(Duration(std::int64_t(amount)));
}

bool has_bounds(KeyKind kind) {
    return kind == KeyKind::kNumber || kind == KeyKind::kDuration;
}

/// What the contract says wrongly is our own fault, and found at the first start.
Key key_of(const pb::KeyInfo& info) {
    Key key{.name = info.name(),
            .kind = KeyKind(info.kind()),
            .words = {info.words().begin(), info.words().end()},
            .default_value = info.default_value(),
            .means = info.means()};
    if (has_bounds(key.kind)) {
        const auto least = parse_amount(key.kind, info.least());
        const auto most = parse_amount(key.kind, info.most());
        IMECE_ASSERT(least && most && *least <= *most);
        key.least = *least;
        key.most = *most;
    }
    const auto by_default = parse_setting(key, key.default_value);
    IMECE_ASSERT(by_default && setting_text(*by_default) == key.default_value);
    return key;
}

std::vector<Key> read_keys() {
    std::vector<Key> all;
    const auto* listed = pb::Key_descriptor();
    for (int i = 0; i < listed->value_count(); ++i)
        if (listed->value(i)->number() != 0)
            all.push_back(key_of(listed->value(i)->options().GetExtension(pb::key)));
    std::ranges::sort(all, {}, &Key::name);
    return all;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

std::unexpected<Error> invalid(const Key& key) {
    return fail(ErrorCode::kInvalidArgument, "SETTING_INVALID",
                "'" + key.name + "' is " + key.bounds());
}

}  // namespace

std::string Key::least_text() const {
    return has_bounds(kind) ? amount_text(kind, least) : "";
}

std::string Key::most_text() const {
    return has_bounds(kind) ? amount_text(kind, most) : "";
}

std::string Key::bounds() const {
    switch (kind) {
        case KeyKind::kNumber: return "a number from " + least_text() + " to " + most_text();
        case KeyKind::kDuration: return "a duration from " + least_text() + " to " + most_text();
        case KeyKind::kChoice: return "one of: " + joined(words);
        case KeyKind::kFlag: return "on, off, a percentage, roles, or both as '25% operator'";
    }
    return "";
}

const std::vector<Key>& keys() {
    static const std::vector<Key> all = read_keys();
    return all;
}

const Key* find_key(std::string_view name) {
    const auto found = std::ranges::lower_bound(keys(), name, {}, &Key::name);
    return found != keys().end() && found->name == name ? &*found : nullptr;
}

Result<SettingValue> parse_setting(const Key& key, std::string_view text) {
    if (text.empty() || text.size() > kTextMax) return invalid(key);
    if (key.kind == KeyKind::kFlag) {
        const auto flag = parse_flag(text);
        if (!flag) return invalid(key);
        return *flag;
    }
    if (key.kind == KeyKind::kChoice) {
        if (std::ranges::find(key.words, text) == key.words.end()) return invalid(key);
        return std::string(text);
    }
    const auto amount = parse_amount(key.kind, text);
    if (!amount || *amount < key.least || *amount > key.most) return invalid(key);
    if (key.kind == KeyKind::kNumber) return *amount;
    return Duration(std::int64_t(*amount));
}

std::string setting_text(const SettingValue& value) {
    if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
    if (const auto* duration = std::get_if<Duration>(&value)) return duration_text(*duration);
    if (const auto* flag = std::get_if<Flag>(&value)) return flag_text(*flag);
    return std::get<std::string>(value);
}

std::string settings_markdown() {
    std::string out =
        "# Settings\n\n"
        "What a site may change while it runs: `imece config set KEY VALUE`, or `PUT "
        "/v1/config/KEY`. What is set\n"
        "here goes before the start-up configuration; `imece config reset KEY` lets that hold "
        "again.\n\n"
        "| Key | What may be set | Default | What it is |\n|---|---|---|---|\n";
    for (const Key& key : keys())
        out += "| `" + key.name + "` | " + key.bounds() + " | " + key.default_value + " | " +
               key.means + " |\n";
    return out;
}

}  // namespace imece::runtime
