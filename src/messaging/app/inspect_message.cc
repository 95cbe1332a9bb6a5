#include "messaging/app/inspect_message.h"

#include <algorithm>

#include "base/result.h"

namespace imece::messaging {

Result<Inspection> InspectMessage::operator()(const Viewer& viewer, const MessageId& id) const {
    IMECE_TRY(Record record, store_.find(id));
    const auto is_viewer = [&viewer](const Record::Copy& copy) {
        return copy.device == viewer.device;
    };
    if (!viewer.sees_all && record.envelope.sender != viewer.device &&
        std::ranges::none_of(record.copies, is_viewer))
        return fail(ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no message has this id");
    Inspection inspection{std::move(record), {}};
    for (const Record::Copy& copy : inspection.record.copies)
        inspection.views.push_back(dispatcher_.view({id, copy.device}));
    return inspection;
}

}  // namespace imece::messaging
