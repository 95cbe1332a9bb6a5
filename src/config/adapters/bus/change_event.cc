#include "config/adapters/bus/change_event.h"

#include "imece/config/v1/events.pb.h"

namespace imece::config {
namespace {

struct Told {
    const char* type;
    std::string data;
};

Told told_of(const Change& change) {
    switch (change.kind) {
        case ChangeKind::kSecretSet:
        case ChangeKind::kSecretDeleted: {
            v1::SecretChanged data;
            data.set_name(change.subject);
            data.set_deleted(change.kind == ChangeKind::kSecretDeleted);
            return {"secret.changed.v1", data.SerializeAsString()};
        }
        case ChangeKind::kSealingKeyRotated: return {"sealing_key.rotated.v1", {}};
        case ChangeKind::kSettingSet:
        case ChangeKind::kSettingReset: break;
    }
    v1::SettingChanged data;
    data.set_key(change.subject);
    data.set_value(change.after);
    return {"config.changed.v1", data.SerializeAsString()};
}

}  // namespace

runtime::Event event_of(const Change& change) {
    Told told = told_of(change);
    return {.id = change.id,
            .type = told.type,
            .subject = change.subject,
            .time = change.at,
            .trace_parent = change.trace_parent,
            .actor = change.actor,
            .data = std::move(told.data),
            .position = change.revision};
}

}  // namespace imece::config
