// The whole service in a process: over gRPC, fed by identity's events, killed and started again.
#include "discovery/module.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "discovery/tests/wire.h"
#include "imece/bus/v1/bus.grpc.pb.h"
#include "imece/discovery/v1/discovery.grpc.pb.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/trust/v1/trust.pb.h"
#include "runtime/auth/jwt.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "testkit/temp_dir.h"

namespace imece::discovery {
namespace {

/// Identity's log.
class EventLog final : public runtime::OutboxReader {
public:
    void add(std::string type, const google::protobuf::Message& data) {
        const std::lock_guard lock(mutex_);
        runtime::Event event{.type = std::move(type), .data = data.SerializeAsString()};
        event.position = events_.size() + 1;
        event.id.bytes[15] = static_cast<std::uint8_t>(event.position);
        events_.push_back(std::move(event));
    }
    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        const std::lock_guard lock(mutex_);
        std::vector<runtime::Event> out;
        for (const runtime::Event& event : events_)
            if (event.position > position && out.size() < max) out.push_back(event);
        return out;
    }
    std::uint64_t last_position() override {
        const std::lock_guard lock(mutex_);
        return events_.size();
    }

private:
    std::mutex mutex_;
    std::vector<runtime::Event> events_;
};

struct Running {
    Running(const std::filesystem::path& data, EventLog& identity, runtime::TokenKey& key)
        : trust(clock),
          door({.random = random, .metrics = metrics, .server = server, .trust = trust}),
          bus(runtime::make_bus_service(outboxes, door, server)),
          process{clock, random, metrics, server, outboxes, {"test", true, "0"}, data} {
        imece::trust::v1::TrustBundle bundle;
        bundle.set_issuer("test");
        auto& known = *bundle.add_keys();
        known.set_key_id(key.key_id());
        known.set_use(imece::trust::v1::ACCESS_TOKEN);
        known.set_public_key(std::string(text_of(key.public_point())));
        trust.set(bundle);
        outboxes.add("identity", identity);
        server.add("bus", *bus);
        auto made = make(process, Config{}, door);
        EXPECT_TRUE(made) << (made ? "" : made.error().message);
        module = std::move(*made);
        EXPECT_TRUE(server.start());
        EXPECT_TRUE(module->start());
        stub = v1::DiscoveryService::NewStub(server.channel("discovery"));
    }
    ~Running() {
        server.stop(std::chrono::seconds(1));
        module->stop();
    }

    SystemClock clock;
    SystemRandom random;
    runtime::Metrics metrics;
    runtime::Outboxes outboxes;
    runtime::Server server{runtime::RpcConfig{.listen = ""}};
    runtime::TrustStore trust;
    runtime::Door door;
    std::unique_ptr<grpc::Service> bus;
    runtime::Process process;
    std::unique_ptr<runtime::Module> module;
    std::unique_ptr<v1::DiscoveryService::Stub> stub;
};

class ModuleTest : public testing::Test {
protected:
    void enrol(const Phone& phone) {
        imece::identity::v1::DeviceEnrolled enrolled;
        enrolled.set_device_id(std::string(text_of(phone.id.view())));
        enrolled.set_public_key(std::string(text_of(phone.key.public_key())));
        identity_.add("device.enrolled.v1", enrolled);
    }
    std::string token(const std::string& kind, const std::string& subject,
                      std::vector<std::string> roles = {}) {
        const auto now = SystemClock().now();
        return key_.sign({.issuer = "test",
                          .subject = subject,
                          .kind = kind,
                          .session_id = "s",
                          .roles = std::move(roles),
                          .issued_at = now,
                          .expires_at = now + 15min});
    }
    std::string device_token(const Phone& phone) { return token("device", to_text(phone.id)); }
    std::string operator_token() {
        return token("user", "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f", {"OPERATOR"});
    }
    template <class Method, class Request, class Response>
    grpc::Status call(Running& running, Method method, const std::string& bearer,
                      const Request& request, Response& response) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 10s);
        if (!bearer.empty()) context.AddMetadata("authorization", "Bearer " + bearer);
        return (running.stub.get()->*method)(&context, request, &response);
    }
    using Stub = v1::DiscoveryService::Stub;
    /// Sends until the phone's enrolment has come through the bus.
    std::string report(Running& running, const Phone& phone, const v1::NodeReport& wire) {
        const SignedReport signed_report = phone.sign(wire);
        v1::ReportNodesRequest request;
        auto& item = *request.add_reports();
        item.set_report(signed_report.report);
        item.set_signature(signed_report.signature);
        const auto give_up = std::chrono::steady_clock::now() + 10s;
        for (;;) {
            v1::ReportNodesResponse response;
            const auto got =
                call(running, &Stub::ReportNodes, device_token(phone), request, response);
            if (!got.ok()) return got.error_message();
            if (response.results(0).reason() != "NODE_NOT_ENROLLED" ||
                std::chrono::steady_clock::now() > give_up)
                return response.results(0).reason();
            std::this_thread::yield();
        }
    }
    /// Reads discovery's events from the beginning until `enough` says so.
    void read_events(Running& running,
                     const std::function<bool(const v1::TopologyChanged&)>& enough) {
        auto bus = imece::bus::v1::BusService::NewStub(running.server.channel("discovery"));
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 10s);
        running.server.sign_as_service(context, "discovery", "messaging");
        imece::bus::v1::SubscribeRequest request;
        request.set_source("discovery");
        auto reader = bus->Subscribe(&context, request);
        imece::bus::v1::Events batch;
        bool done = false;
        while (!done && reader->Read(&batch)) {
            for (const auto& event : batch.events()) {
                v1::TopologyChanged changed;
                ASSERT_TRUE(changed.ParseFromString(event.data()));
                EXPECT_EQ(event.type(), "topology.changed.v1");
                done = done || enough(changed);
            }
        }
        EXPECT_TRUE(done);
        context.TryCancel();
        (void)reader->Finish();
    }

    testkit::TempDir dir_;
    EventLog identity_;
    runtime::TokenKey key_ = runtime::TokenKey::generate();
    const Phone a_{1};
    const Phone b_{2};
};

TEST_F(ModuleTest, reports_become_topology_and_events_and_outlive_the_process) {
    enrol(a_);
    enrol(b_);
    std::uint64_t version = 0;
    {
        Running running(dir_.path(), identity_, key_);
        const TimePoint now = running.clock.now();
        v1::NodeReport wire = a_.wire(1, now);
        wire.set_has_uplink(true);
        wire.mutable_position()->set_latitude(37.57584);
        auto& heard = *wire.add_neighbours();
        heard.set_node_id(std::string(text_of(b_.id.view())));
        heard.set_quality(0.75);
        EXPECT_EQ(report(running, a_, wire), "");
        EXPECT_EQ(report(running, b_, b_.wire(1, now - 1s)), "");
        EXPECT_EQ(report(running, b_, b_.wire(1, now)), "REPORT_STALE");

        v1::Topology topology;
        ASSERT_TRUE(
            call(running, &Stub::GetTopology, operator_token(), v1::GetTopologyRequest{}, topology)
                .ok());
        EXPECT_EQ(topology.nodes_size(), 2);
        EXPECT_EQ(topology.components_size(), topology.links_size() == 1 ? 1 : 2);

        v1::GetNodeRequest ask;
        ask.set_node_id(to_text(a_.id));
        v1::Node node;
        ASSERT_TRUE(call(running, &Stub::GetNode, device_token(b_), ask, node).ok());
        EXPECT_EQ(node.state(), v1::ALIVE);
        EXPECT_EQ(node.position().latitude(), 37.58);
        ASSERT_TRUE(call(running, &Stub::GetNode, device_token(a_), ask, node).ok());
        EXPECT_EQ(node.position().latitude(), 37.57584);
        v1::ListNodesRequest list;
        list.set_page_size(1);
        v1::ListNodesResponse page;
        ASSERT_TRUE(call(running, &Stub::ListNodes, operator_token(), list, page).ok());
        EXPECT_EQ(page.nodes_size(), 1);
        EXPECT_FALSE(page.next_page_token().empty());
        v1::SuggestPeersRequest peers;
        peers.set_node_id(to_text(a_.id));
        v1::SuggestPeersResponse suggested;
        ASSERT_TRUE(call(running, &Stub::SuggestPeers, device_token(a_), peers, suggested).ok());
        ASSERT_EQ(suggested.peers_size(), 1);
        EXPECT_EQ(suggested.peers(0).node_id(), to_text(b_.id));

        std::set<std::string> told;
        read_events(running, [&](const v1::TopologyChanged& changed) {
            EXPECT_EQ(changed.base_version(), version);
            version = changed.version();
            for (const auto& change : changed.nodes()) told.insert(change.node_id());
            return told.size() == 2;
        });
        EXPECT_NE(running.metrics.scrape().find("imece_discovery_nodes{state=\"alive\"} 2"),
                  std::string::npos);
    }
    Running running(dir_.path(), identity_, key_);
    v1::Topology topology;
    ASSERT_TRUE(
        call(running, &Stub::GetTopology, operator_token(), v1::GetTopologyRequest{}, topology)
            .ok());
    EXPECT_EQ(topology.nodes_size(), 2);
    bool full_again = false;
    read_events(running, [&](const v1::TopologyChanged& changed) {
        full_again |= changed.base_version() == 0 && changed.version() > version;
        return full_again;
    });
}

TEST_F(ModuleTest, a_revoked_device_is_taken_out) {
    enrol(a_);
    Running running(dir_.path(), identity_, key_);
    EXPECT_EQ(report(running, a_, a_.wire(1, running.clock.now())), "");
    const auto told = [&](v1::NodeState state) {
        read_events(running, [&](const v1::TopologyChanged& changed) {
            return changed.nodes_size() == 1 && changed.nodes(0).state() == state;
        });
    };
    told(v1::ALIVE);
    imece::identity::v1::DeviceRevoked revoked;
    revoked.set_device_id(std::string(text_of(a_.id.view())));
    identity_.add("device.revoked.v1", revoked);
    running.outboxes.committed("identity");
    told(v1::NODE_STATE_UNSPECIFIED);
    v1::GetNodeRequest ask;
    ask.set_node_id(to_text(a_.id));
    v1::Node node;
    const auto got = call(running, &Stub::GetNode, operator_token(), ask, node);
    EXPECT_EQ(got.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(runtime::from_grpc(got).reason, "NODE_UNKNOWN");
}

TEST_F(ModuleTest, refusals_have_their_reasons) {
    Running running(dir_.path(), identity_, key_);
    const auto reason = [](const grpc::Status& status) {
        return runtime::from_grpc(status).reason;
    };
    v1::Node node;
    v1::GetNodeRequest ask;
    ask.set_node_id("xyz");
    EXPECT_EQ(reason(call(running, &Stub::GetNode, operator_token(), ask, node)), "ID_MALFORMED");
    EXPECT_EQ(reason(call(running, &Stub::GetNode, "", ask, node)), "TOKEN_MISSING");
    ask.set_node_id(to_text(a_.id));
    EXPECT_EQ(reason(call(running, &Stub::GetNode, operator_token(), ask, node)), "NODE_UNKNOWN");
    v1::Topology topology;
    EXPECT_EQ(reason(call(running, &Stub::GetTopology, device_token(a_), v1::GetTopologyRequest{},
                          topology)),
              "ROLE_MISSING");
    v1::ReportNodesRequest empty;
    v1::ReportNodesResponse results;
    EXPECT_EQ(reason(call(running, &Stub::ReportNodes, device_token(a_), empty, results)),
              "FIELD_INVALID");
    EXPECT_EQ(reason(call(running, &Stub::ReportNodes, operator_token(), empty, results)),
              "ROLE_MISSING");
    v1::ListNodesRequest list;
    list.set_page_token("nonsense");
    v1::ListNodesResponse page;
    EXPECT_EQ(reason(call(running, &Stub::ListNodes, operator_token(), list, page)),
              "PAGE_TOKEN_INVALID");
    v1::SuggestPeersRequest peers;
    peers.set_node_id(to_text(a_.id));
    v1::SuggestPeersResponse suggested;
    EXPECT_EQ(reason(call(running, &Stub::SuggestPeers, operator_token(), peers, suggested)),
              "NODE_UNKNOWN");
}

}  // namespace
}  // namespace imece::discovery
