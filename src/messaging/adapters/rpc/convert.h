// Between the wire and the domain.
#pragma once

#include <string>

#include "base/error.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "imece/type/v1/types.pb.h"
#include "messaging/app/inspect_message.h"
#include "messaging/app/record_receipts.h"
#include "messaging/app/submit_messages.h"

namespace imece::messaging {

/// Reads a signed envelope; the result views into `message`. Errors: kInvalidArgument ENVELOPE_MALFORMED, kPermissionDenied CREDENTIAL_INVALID for
/// a credential that is not one.
Result<Submission> to_submission(const imece::type::v1::SignedEnvelope& message);
/// The result views into `receipt`. Errors: kInvalidArgument RECEIPT_MALFORMED.
Result<ReceiptSubmission> to_receipt(const imece::type::v1::SignedReceipt& receipt);
/// What a credential says; also for the copy that comes with identity's events.
/// Errors: kPermissionDenied CREDENTIAL_INVALID.
Result<SignedCredential> to_credential(const imece::type::v1::SignedCredential& credential);

void fill(imece::messaging::v1::Message& out, const Record& record,
          const std::vector<CopyView>& views);
void fill(imece::messaging::v1::CopyExplanation& out, const Record::Copy& copy,
          const CopyView& view);
void fill(imece::messaging::v1::Delivery& out, OutDelivery&& delivery);
imece::messaging::v1::MessageState state_of(End end);

}  // namespace imece::messaging
