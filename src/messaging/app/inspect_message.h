// Where a message is, for those who may know.
#pragma once

#include <optional>
#include <vector>

#include "messaging/app/dispatcher.h"
#include "messaging/app/ports.h"

namespace imece::messaging {

/// Who asks: a device sees what it sent or receives; a dispatcher or operator sees all.
struct Viewer {
    std::optional<DeviceId> device;
    bool sees_all = false;
};
struct Inspection {
    Record record;
    std::vector<CopyView> views;  ///< One a copy, in the record's order.
};

class InspectMessage {
public:
    InspectMessage(MessageStore& store, const Dispatcher& dispatcher)
        : store_(store), dispatcher_(dispatcher) {}
    /// Errors: kNotFound MESSAGE_UNKNOWN, also for a viewer who may not know that it exists.
    Result<Inspection> operator()(const Viewer& viewer, const MessageId& id) const;

private:
    MessageStore& store_;
    const Dispatcher& dispatcher_;
};

}  // namespace imece::messaging
