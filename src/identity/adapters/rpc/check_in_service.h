// CheckInService over gRPC.
#pragma once

#include "identity/app/check_ins.h"
#include "imece/identity/v1/check_in.grpc.pb.h"
#include "runtime/rpc/door.h"

namespace imece::identity {

struct CheckInUseCases {
    RecordCheckIn record;
    SearchCheckIns search;
    GetCheckIn get;
    EraseCheckIn erase;
};

class CheckInRpc final : public imece::identity::v1::CheckInService::Service {
public:
    /// Both outlive this.
    CheckInRpc(runtime::Door& door, const CheckInUseCases& use) : door_(door), use_(use) {}

    using Context = grpc::ServerContext;
    grpc::Status RecordCheckIn(Context* context,
                               const imece::identity::v1::RecordCheckInRequest* request,
                               imece::identity::v1::CheckIn* response) override;
    grpc::Status SearchCheckIns(Context* context,
                                const imece::identity::v1::SearchCheckInsRequest* request,
                                imece::identity::v1::SearchCheckInsResponse* response) override;
    grpc::Status GetCheckIn(Context* context, const imece::identity::v1::GetCheckInRequest* request,
                            imece::identity::v1::CheckIn* response) override;
    grpc::Status EraseCheckIn(Context* context,
                              const imece::identity::v1::EraseCheckInRequest* request,
                              imece::identity::v1::EraseCheckInResponse* response) override;

private:
    runtime::Door& door_;
    const CheckInUseCases& use_;
};

}  // namespace imece::identity
