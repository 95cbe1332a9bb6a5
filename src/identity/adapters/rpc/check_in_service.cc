#include "identity/adapters/rpc/check_in_service.h"

#include "base/result.h"
#include "identity/adapters/rpc/convert.h"
#include "runtime/rpc/time.h"

namespace imece::identity {

namespace pb = imece::identity::v1;
using runtime::Call;

namespace {

void fill(const CheckIn& check_in, pb::CheckIn& out) {
    out.set_check_in_id(to_text(check_in.id));
    out.set_name(check_in.name);
    out.set_phone(check_in.phone);
    out.set_wellbeing(pb::Wellbeing(int(check_in.wellbeing)));
    out.set_place(check_in.place);
    out.set_note(check_in.note);
    *out.mutable_at() = runtime::to_proto(check_in.at);
}

void fill_with_opening(const CheckIn& check_in, pb::CheckIn& out) {
    fill(check_in, out);
    out.set_recorded_by(check_in.recorded_by);
    out.mutable_opening()->set_salt(std::string(text_of(check_in.salt)));
    out.mutable_opening()->set_bytes(opened_bytes(check_in));
    out.mutable_opening()->set_commitment(std::string(text_of(commitment_of(check_in))));
}

Result<Wellbeing> wellbeing_of(pb::Wellbeing wire) {
    if (wire < pb::SAFE || wire > pb::FOUND)
        return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID",
                    "'wellbeing' is SAFE, NEEDS_HELP, MISSING or FOUND");
    return Wellbeing(int(wire));
}

}  // namespace

grpc::Status CheckInRpc::RecordCheckIn(Context* context, const pb::RecordCheckInRequest* request,
                                       pb::CheckIn* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const CheckInId id, parse_id<CheckInId>(request->check_in_id()));
        IMECE_TRY(const Wellbeing wellbeing, wellbeing_of(request->wellbeing()));
        IMECE_TRY(const CheckIn recorded, use_.record(context_of(call), {.id = id,
                                                                         .name = request->name(),
                                                                         .phone = request->phone(),
                                                                         .wellbeing = wellbeing,
                                                                         .place = request->place(),
                                                                         .note = request->note(),
                                                                         .at = {},
                                                                         .recorded_by = {}}));
        fill_with_opening(recorded, *response);
        return {};
    });
}

grpc::Status CheckInRpc::SearchCheckIns(Context* context, const pb::SearchCheckInsRequest* request,
                                        pb::SearchCheckInsResponse* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const std::vector<CheckIn> found,
                  use_.search(context_of(call), request->phone(), request->name()));
        for (const CheckIn& one : found) fill(one, *response->add_check_ins());
        return {};
    });
}

grpc::Status CheckInRpc::GetCheckIn(Context* context, const pb::GetCheckInRequest* request,
                                    pb::CheckIn* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const CheckInId id, parse_id<CheckInId>(request->check_in_id()));
        IMECE_TRY(const CheckIn found, use_.get(context_of(call), id));
        fill_with_opening(found, *response);
        return {};
    });
}

grpc::Status CheckInRpc::EraseCheckIn(Context* context, const pb::EraseCheckInRequest* request,
                                      pb::EraseCheckInResponse*) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const CheckInId id, parse_id<CheckInId>(request->check_in_id()));
        return use_.erase(context_of(call), id);
    });
}

}  // namespace imece::identity
