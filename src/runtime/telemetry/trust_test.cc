// Who may say that a trace is followed.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "imece/site/v1/site.grpc.pb.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/outbox.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/site_service.h"
#include "testkit/fake_clock.h"

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

enum class From { kStranger, kForger, kGateway, kService };

struct TrustCase {
    const char* name;
    From from;
    bool asks;     ///< The sampled flag.
    double share;  ///< Of ours.
    bool followed;
};

class Trust : public testing::TestWithParam<TrustCase> {
protected:
    Trust() {
        server_.add("site", *service_);
        EXPECT_TRUE(server_.start());
    }
    ~Trust() override { server_.stop(0ms); }

    void call(From from, bool asks) {
        grpc::ClientContext context;
        context.AddMetadata("traceparent", std::string("00-") + kTrace + "-00f067aa0ba902b7-" +
                                               (asks ? "01" : "00"));
        if (from == From::kForger) context.AddMetadata(kTraceVoucher, "Service trace 0123456789");
        if (from == From::kGateway) server_.vouch_for_trace(context, "site");
        if (from == From::kService) server_.sign_as_service(context, "site", "ledger");
        imece::site::v1::Site site;
        const auto stub = imece::site::v1::SiteService::NewStub(server_.channel("site"));
        EXPECT_TRUE(stub->GetSite(&context, {}, &site).ok());
    }

    testkit::FakeClock clock_;
    SystemRandom random_;
    Metrics metrics_;
    Server server_{RpcConfig{.listen = ""}};
    Outboxes outboxes_;
    TrustStore trust_{clock_};
    Tracer tracer_{{.share = GetParam().share}, random_, metrics_};
    Door door_{{.random = random_,
                .metrics = metrics_,
                .server = server_,
                .trust = trust_,
                .tracer = &tracer_}};
    Process process_{clock_, random_, metrics_, server_, outboxes_, {"test", true, "0"}, "."};
    std::unique_ptr<grpc::Service> service_ = make_site_service(process_, door_, {});
};

TEST_P(Trust, decides) {
    call(GetParam().from, GetParam().asks);
    tracer_.close();
    const auto spans = tracer_.take(10, 0ms);
    ASSERT_EQ(spans.size(), GetParam().followed ? 1U : 0U);
    if (spans.empty()) return;
    EXPECT_EQ(spans[0].name, "imece.site.v1.SiteService/GetSite");
    EXPECT_EQ(spans[0].context.trace_id_text(), kTrace);  // Kept, whoever asks.
    EXPECT_GE(spans[0].ended, spans[0].began);
}

INSTANTIATE_TEST_SUITE_P(
    table, Trust,
    testing::Values(TrustCase{"stranger_asks", From::kStranger, true, 0, false},
                    TrustCase{"stranger_asks_not", From::kStranger, false, 1, true},
                    TrustCase{"forger_asks", From::kForger, true, 0, false},
                    TrustCase{"gateway_asks", From::kGateway, true, 0, true},
                    TrustCase{"gateway_asks_not", From::kGateway, false, 1, false},
                    TrustCase{"service_asks", From::kService, true, 0, true},
                    TrustCase{"service_asks_not", From::kService, false, 1, false}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace imece::runtime
