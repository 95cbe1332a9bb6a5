#include "gateway/api/contracts.h"

#include <google/protobuf/descriptor.h>

#include "imece/analytics/v1/analytics.pb.h"
#include "imece/config/v1/config.pb.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/identity/v1/check_in.pb.h"
#include "imece/identity/v1/identity.pb.h"
#include "imece/ledger/v1/ledger.pb.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "imece/process/v1/process.pb.h"
#include "imece/security/v1/security.pb.h"
#include "imece/site/v1/site.pb.h"

namespace imece::gateway {

std::vector<const google::protobuf::ServiceDescriptor*> contracts() {
    std::vector<const google::protobuf::ServiceDescriptor*> services;
    for (const auto* file :
         {site::v1::Site::descriptor()->file(), messaging::v1::Message::descriptor()->file(),
          discovery::v1::Node::descriptor()->file(), identity::v1::User::descriptor()->file(),
          identity::v1::CheckIn::descriptor()->file(),
          security::v1::AuditRecord::descriptor()->file(), ledger::v1::Ledger::descriptor()->file(),
          analytics::v1::Overview::descriptor()->file(), config::v1::Setting::descriptor()->file(),
          process::v1::LogLevelInForce::descriptor()->file()})
        for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
    return services;
}

std::string module_of(const google::protobuf::ServiceDescriptor& service) {
    const std::string& package = service.file()->package();
    const std::size_t from = package.find('.') + 1;
    return package.substr(from, package.find('.', from) - from);
}

}  // namespace imece::gateway
