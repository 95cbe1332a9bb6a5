#include "analytics/adapters/rpc/analytics_service.h"

#include "base/result.h"
#include "imece/analytics/v1/analytics.grpc.pb.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::analytics {
namespace {

namespace pb = imece::analytics::v1;
using runtime::to_proto;

constexpr std::uint32_t kWindowDefault = 3600;
constexpr std::uint32_t kStepDefault = 60;

Duration window_of(std::uint32_t seconds) {
    return std::chrono::seconds(seconds == 0 ? kWindowDefault : seconds);
}

/// What a class's standing and a bucket have alike.
template <class Wire>
void fill_counts(const Tally& tally, Wire& wire) {
    wire.set_accepted(tally.accepted);
    wire.set_delivered(tally.delivered);
    wire.set_rejected(tally.rejected);
    wire.set_expired(tally.expired);
    wire.set_expired_unreachable(tally.expired_unreachable);
    wire.set_latency_p50_s(tally.latency.quantile(0.5));
    wire.set_latency_p95_s(tally.latency.quantile(0.95));
    wire.set_latency_p99_s(tally.latency.quantile(0.99));
}

void fill(const ClassStanding& standing, pb::ClassStanding& wire) {
    fill_counts(standing.tally, wire);
    wire.set_priority(imece::type::v1::Priority(standing.priority));
    wire.set_judgement(pb::Judgement(standing.judgement));
    wire.set_delivered_share(standing.tally.delivered_share());
    wire.set_promised_share(standing.promise.share);
    wire.set_promised_p95_s(standing.promise.p95_s);
    if (standing.oldest_waiting != TimePoint{})
        *wire.mutable_oldest_waiting_accepted_at() = to_proto(standing.oldest_waiting);
}

void fill(const NetworkView& network, pb::Overview& wire) {
    for (const IslandView& island : network.islands) {
        pb::Island& out = *wire.add_islands();
        out.set_island_id(island.name);
        out.set_nodes(island.nodes);
        out.set_has_uplink(island.has_uplink);
        *out.mutable_since() = to_proto(island.since);
    }
    wire.set_islands_total(network.islands_total);
    wire.set_nodes_alive(network.nodes.alive);
    wire.set_nodes_suspect(network.nodes.suspect);
    wire.set_nodes_dead(network.nodes.dead);
    wire.set_nodes_asleep(network.nodes.asleep);
}

void fill(const Overview& overview, bool exercise, pb::Overview& wire) {
    *wire.mutable_at() = to_proto(overview.at);
    wire.set_window_s(std::uint32_t(overview.window / std::chrono::seconds(1)));
    wire.set_exercise(exercise);
    for (const ClassStanding& standing : overview.classes) fill(standing, *wire.add_classes());
    fill(overview.network, wire);
    wire.set_accepted_per_s(overview.accepted_per_s);
    wire.set_delivered_per_s(overview.delivered_per_s);
    for (const SourceView& source : overview.sources) {
        pb::Source& out = *wire.add_sources();
        out.set_service(source.service);
        out.set_connected(source.connected);
        if (source.counted_to != TimePoint{})
            *out.mutable_counted_to() = to_proto(source.counted_to);
    }
}

DeliveryQuery to_query(const pb::QueryDeliveryRequest& request) {
    DeliveryQuery query;
    if (request.has_from()) query.from = runtime::from_proto(request.from());
    if (request.has_to()) query.to = runtime::from_proto(request.to());
    query.step = std::chrono::seconds(request.step_s() == 0 ? kStepDefault : request.step_s());
    if (request.priority() != imece::type::v1::PRIORITY_UNSPECIFIED)
        query.priority = Priority(request.priority());
    return query;
}

using Base = pb::AnalyticsService::WithCallbackMethod_WatchOverview<pb::AnalyticsService::Service>;

class Service final : public Base {
public:
    explicit Service(const AnalyticsServiceDeps& deps) : deps_(deps) {}

    grpc::Status GetOverview(grpc::ServerContext* context, const pb::GetOverviewRequest* request,
                             pb::Overview* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const Overview overview, deps_.overview(window_of(request->window_s())));
            fill(overview, deps_.exercise, *response);
            return {};
        });
    }

    grpc::ServerWriteReactor<pb::Overview>* WatchOverview(
        grpc::CallbackServerContext* context, const pb::WatchOverviewRequest* request) override {
        const auto call = deps_.door.open_stream(
            *context, "imece.analytics.v1.AnalyticsService.WatchOverview", request);
        if (!call) return OverviewFeed::refuse(call.error());
        return deps_.feed.open(window_of(request->window_s()));
    }

    grpc::Status QueryDelivery(grpc::ServerContext* context,
                               const pb::QueryDeliveryRequest* request,
                               pb::QueryDeliveryResponse* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const auto buckets, deps_.delivery(to_query(*request)));
            for (const Bucket& bucket : buckets) {
                pb::DeliveryBucket& wire = *response->add_buckets();
                *wire.mutable_from() = to_proto(bucket.key.start);
                wire.set_priority(imece::type::v1::Priority(bucket.key.priority));
                fill_counts(bucket.tally, wire);
            }
            return {};
        });
    }

private:
    const AnalyticsServiceDeps deps_;
};

}  // namespace

OverviewFeed::Message to_message(const Overview& overview, bool exercise) {
    auto message = std::make_shared<pb::Overview>();
    fill(overview, exercise, *message);
    return message;
}

std::shared_ptr<grpc::Service> make_analytics_service(const AnalyticsServiceDeps& deps) {
    return std::make_shared<Service>(deps);
}

}  // namespace imece::analytics
