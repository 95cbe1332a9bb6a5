// AnalyticsService on gRPC.
#pragma once

#include <memory>

#include "analytics/adapters/rpc/overview_feed.h"
#include "analytics/app/view_delivery.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}

namespace imece::analytics {

/// `exercise`: of the site.
OverviewFeed::Message to_message(const Overview& overview, bool exercise);

struct AnalyticsServiceDeps {
    const ViewOverview& overview;
    const QueryDelivery& delivery;
    OverviewFeed& feed;
    runtime::Door& door;
    bool exercise = false;
};
/// Outlives the server, and the deps outlive it.
std::shared_ptr<grpc::Service> make_analytics_service(const AnalyticsServiceDeps& deps);

}  // namespace imece::analytics
