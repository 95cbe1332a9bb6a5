#include "runtime/rpc/site_service.h"

#include "imece/site/v1/site.grpc.pb.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"

namespace imece::runtime {
namespace {

class SiteService final : public imece::site::v1::SiteService::Service {
public:
    SiteService(const Process& process, Door& door, std::vector<std::string> services)
        : process_(process), door_(door), services_(std::move(services)) {}

    grpc::Status GetSite(grpc::ServerContext* context,
                         const imece::site::v1::GetSiteRequest* request,
                         imece::site::v1::Site* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            response->set_name(process_.site.name);
            response->set_exercise(process_.site.exercise);
            response->set_time_scale(process_.clock.scale());
            response->set_version(process_.site.version);
            *response->mutable_now() = to_proto(process_.clock.now());
            for (const std::string& service : services_) response->add_services(service);
            response->set_grpc_port(process_.server.port());
            return {};
        });
    }

private:
    const Process& process_;
    Door& door_;
    std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_site_service(const Process& process, Door& door,
                                                 std::vector<std::string> services) {
    return std::make_unique<SiteService>(process, door, std::move(services));
}

}  // namespace imece::runtime
