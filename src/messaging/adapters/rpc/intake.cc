#include "messaging/adapters/rpc/intake.h"

#include "messaging/adapters/rpc/convert.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;

void set_error(pb::ItemResult& out, const Error& error) {
    out.set_reason(std::string(error.reason));
    out.set_message(error.message);
    out.set_retry(error.code == ErrorCode::kUnavailable ||
                  error.code == ErrorCode::kResourceExhausted ||
                  error.reason == "CREDENTIAL_UNKNOWN" || error.reason == "DESTINATION_UNKNOWN");
}

}  // namespace

void submit_all(SubmitMessages& submit,
                const google::protobuf::RepeatedPtrField<imece::type::v1::SignedEnvelope>& messages,
                const std::string& trace_parent, ItemResults& results) {
    std::vector<Submission> submissions;
    std::vector<pb::ItemResult*> places;
    for (const auto& message : messages) {
        pb::ItemResult& result = *results.Add();
        auto submission = to_submission(message);
        if (!submission) {
            set_error(result, submission.error());
            continue;
        }
        result.set_message_id(to_text(submission->envelope.id));
        submission->trace_parent = trace_parent;
        submissions.push_back(*std::move(submission));
        places.push_back(&result);
    }
    const auto accepted = submit(std::move(submissions));
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (accepted[i])
            places[i]->set_was_there(accepted[i]->was_there);
        else
            set_error(*places[i], accepted[i].error());
    }
}

void record_all(const RecordReceipts& record, const DeviceId& bringer,
                const google::protobuf::RepeatedPtrField<imece::type::v1::SignedReceipt>& receipts,
                ItemResults& results) {
    std::vector<ReceiptSubmission> submissions;
    std::vector<pb::ItemResult*> places;
    for (const auto& receipt : receipts) {
        pb::ItemResult& result = *results.Add();
        auto submission = to_receipt(receipt);
        if (!submission) {
            set_error(result, submission.error());
            continue;
        }
        result.set_message_id(to_text(submission->copy.message));
        submissions.push_back(*std::move(submission));
        places.push_back(&result);
    }
    const auto recorded = record(bringer, std::move(submissions));
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (recorded[i])
            places[i]->set_was_there(recorded[i]->was_there);
        else
            set_error(*places[i], recorded[i].error());
    }
}

}  // namespace imece::messaging
