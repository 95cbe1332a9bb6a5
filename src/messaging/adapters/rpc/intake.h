// Batches from the wire through the use cases, to results on the wire.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "imece/messaging/v1/messaging.pb.h"
#include "messaging/app/record_receipts.h"
#include "messaging/app/submit_messages.h"

namespace imece::messaging {

using ItemResults = google::protobuf::RepeatedPtrField<imece::messaging::v1::ItemResult>;

/// One result an item, in their order, whatever becomes of it.
void submit_all(SubmitMessages& submit,
                const google::protobuf::RepeatedPtrField<imece::type::v1::SignedEnvelope>& messages,
                const std::string& trace_parent, ItemResults& results);
void record_all(const RecordReceipts& record, const DeviceId& bringer,
                const google::protobuf::RepeatedPtrField<imece::type::v1::SignedReceipt>& receipts,
                ItemResults& results);

}  // namespace imece::messaging
