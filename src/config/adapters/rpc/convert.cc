#include "config/adapters/rpc/convert.h"

#include "base/assert.h"
#include "base/result.h"
#include "runtime/rpc/time.h"
#include "runtime/settings/key.h"

namespace imece::config {

using runtime::to_proto;

Status ContractKeys::check_key(const std::string& key) const {
    if (runtime::find_key(key) != nullptr) return {};
    return fail(ErrorCode::kNotFound, "SETTING_UNKNOWN", "no setting has this key");
}

Result<std::string> ContractKeys::check_value(const std::string& key,
                                              const std::string& value) const {
    IMECE_CHECK(check_key(key));
    IMECE_TRY(const runtime::SettingValue parsed,
              runtime::parse_setting(*runtime::find_key(key), value));
    return runtime::setting_text(parsed);
}

Caller caller_of(const runtime::Call& call) {
    const bool service = call.principal.kind == runtime::Principal::Kind::kService;
    return {.actor = (service ? "service:" : "user:") + call.principal.subject,
            .trace_parent = call.trace.header()};
}

void fill(const std::string& key, const std::optional<Setting>& set, v1::Setting& wire) {
    const runtime::Key* info = runtime::find_key(key);
    IMECE_ASSERT(info != nullptr);
    wire.set_key(key);
    wire.set_value(set ? set->value : info->default_value);
    wire.set_is_set(set.has_value());
    if (set) {
        wire.set_revision(set->revision);
        *wire.mutable_changed_at() = to_proto(set->changed_at);
        wire.set_actor(set->actor);
    }
    wire.set_kind(v1::Kind(int(info->kind)));
    wire.set_default_value(info->default_value);
    wire.set_least(info->least_text());
    wire.set_most(info->most_text());
    for (const std::string& word : info->words) wire.add_words(word);
    wire.set_means(info->means);
}

void fill(const Change& change, v1::SettingChange& wire) {
    wire.set_revision(change.revision);
    wire.set_key(change.subject);
    wire.set_before(change.before);
    wire.set_after(change.after);
    *wire.mutable_changed_at() = to_proto(change.at);
    wire.set_actor(change.actor);
}

void fill(const Secret& secret, v1::Secret& wire) {
    wire.set_name(secret.name);
    wire.set_revision(secret.revision);
    *wire.mutable_changed_at() = to_proto(secret.changed_at);
    wire.set_actor(secret.actor);
}

}  // namespace imece::config
