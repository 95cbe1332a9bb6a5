// Records as bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "messaging/app/ports.h"
#include "runtime/bus/outbox.h"

namespace imece::messaging {

/// The first byte of each is the version of its form. Decoding fails with kDataLoss DATA_MALFORMED.
std::string encode(const Record& record);
Result<Record> decode_record(std::string_view bytes);
std::string encode(const DeviceFact& device);
Result<DeviceFact> decode_device(std::string_view bytes);
std::string encode(const GroupFact& group);
Result<GroupFact> decode_group(std::string_view bytes);
std::string encode(const runtime::Event& event);
/// Its position is the store's key, not in the bytes.
Result<runtime::Event> decode_event(std::string_view bytes);

}  // namespace imece::messaging
