// imece.ledger.v1.LedgerService and EmergencyService.
#pragma once

#include <memory>

#include "ledger/app/read_ledger.h"
#include "ledger/app/submit_transaction.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}

namespace imece::ledger {

/// All outlive the services.
std::shared_ptr<grpc::Service> make_ledger_service(const ReadLedger& read, runtime::Door& door);
std::shared_ptr<grpc::Service> make_emergency_service(const ReadLedger& read,
                                                      const SubmitTransaction& submit,
                                                      const Clock& clock, Random& random,
                                                      runtime::Door& door);

}  // namespace imece::ledger
