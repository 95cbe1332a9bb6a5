#include "discovery/adapters/rpc/discovery_service.h"

#include "base/result.h"
#include "imece/discovery/v1/discovery.grpc.pb.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::discovery {
namespace {

using runtime::to_proto;

std::optional<DeviceId> device_of(const runtime::Principal& principal) {
    if (principal.kind != runtime::Principal::Kind::kDevice) return std::nullopt;
    const auto id = parse_id<DeviceId>(principal.subject);
    return id ? std::optional(*id) : std::nullopt;
}

Viewer viewer_of(const runtime::Principal& principal) {
    using enum imece::type::v1::Role;
    return {.sees_places =
                principal.has(RESPONDER) || principal.has(DISPATCHER) || principal.has(OPERATOR),
            .device = device_of(principal)};
}

void fill(const NodeView& view, v1::Node& wire) {
    wire.set_node_id(to_text(view.node));
    wire.set_state(static_cast<v1::NodeState>(view.state));
    *wire.mutable_last_heard_at() = to_proto(view.last_heard_at);
    *wire.mutable_state_since() = to_proto(view.state_since);
    wire.set_battery_percent(view.battery_percent);
    wire.set_has_uplink(view.has_uplink);
    if (view.position) {
        wire.mutable_position()->set_latitude(view.position->latitude);
        wire.mutable_position()->set_longitude(view.position->longitude);
    }
    wire.set_component(view.component);
    wire.set_links(view.links);
}

void fill(const PeerScore& peer, v1::PeerSuggestion& wire) {
    wire.set_node_id(to_text(peer.node));
    wire.set_score(peer.total);
    wire.set_latency(peer.latency);
    wire.set_bandwidth(peer.bandwidth);
    wire.set_reliability(peer.reliability);
    wire.set_trust(peer.trust);
    wire.set_geography(peer.geography);
}

class Service final : public v1::DiscoveryService::Service {
public:
    Service(const discovery::ReportNodes& report, const ViewTopology& view, const Clock& clock,
            runtime::Door& door)
        : report_(report), view_(view), clock_(clock), door_(door) {}

    grpc::Status ReportNodes(grpc::ServerContext* context, const v1::ReportNodesRequest* request,
                             v1::ReportNodesResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            std::vector<SignedReport> reports;
            reports.reserve(static_cast<std::size_t>(request->reports_size()));
            for (const auto& wire : request->reports())
                reports.push_back({wire.report(), wire.signature()});
            for (const Status& result : report_(reports, device_of(call.principal))) {
                auto& wire = *response->add_results();
                if (result) continue;
                wire.set_reason(std::string(result.error().reason));
                wire.set_message(result.error().message);
            }
            return {};
        });
    }

    grpc::Status GetNode(grpc::ServerContext* context, const v1::GetNodeRequest* request,
                         v1::Node* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const auto id, parse_id<DeviceId>(request->node_id()));
            IMECE_TRY(const NodeView node, view_.node(id, viewer_of(call.principal)));
            fill(node, *response);
            return {};
        });
    }

    grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                           v1::ListNodesResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(auto page, view_.nodes(static_cast<std::size_t>(request->page_size()),
                                             request->page_token(), viewer_of(call.principal)));
            for (const NodeView& node : page.nodes) fill(node, *response->add_nodes());
            response->set_next_page_token(std::move(page.next));
            return {};
        });
    }

    grpc::Status GetTopology(grpc::ServerContext* context, const v1::GetTopologyRequest* request,
                             v1::Topology* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            const Snapshot snapshot = view_.snapshot(viewer_of(call.principal));
            response->set_version(snapshot.version);
            *response->mutable_at() = to_proto(clock_.now());
            for (const NodeView& node : snapshot.nodes) fill(node, *response->add_nodes());
            for (const LinkChange& link : snapshot.links) {
                auto& wire = *response->add_links();
                wire.set_from(to_text(link.a));
                wire.set_to(to_text(link.b));
                wire.set_quality(link.value.quality);
                wire.set_latency_ms(link.value.latency_ms);
                wire.set_bandwidth_kbps(link.value.bandwidth_kbps);
            }
            for (std::size_t i = 0; i < snapshot.components.size(); ++i) {
                auto& wire = *response->add_components();
                wire.set_number(static_cast<std::uint32_t>(i));
                wire.set_nodes(snapshot.components[i].nodes);
                wire.set_has_uplink(snapshot.components[i].has_uplink);
            }
            return {};
        });
    }

    grpc::Status SuggestPeers(grpc::ServerContext* context, const v1::SuggestPeersRequest* request,
                              v1::SuggestPeersResponse* response) override {
        return door_.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const auto id, parse_id<DeviceId>(request->node_id()));
            IMECE_TRY(const auto peers, view_.peers(id, viewer_of(call.principal)));
            for (const PeerScore& peer : peers) fill(peer, *response->add_peers());
            return {};
        });
    }

private:
    const discovery::ReportNodes& report_;
    const ViewTopology& view_;
    const Clock& clock_;
    runtime::Door& door_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_discovery_service(const ReportNodes& report,
                                                      const ViewTopology& view, const Clock& clock,
                                                      runtime::Door& door) {
    return std::make_shared<Service>(report, view, clock, door);
}

}  // namespace imece::discovery
