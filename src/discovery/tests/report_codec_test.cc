#include "discovery/adapters/rpc/report_codec.h"

#include <gtest/gtest.h>

#include "discovery/tests/wire.h"

namespace imece::discovery {
namespace {

struct DecodeCase {
    const char* name;
    void (*change)(v1::NodeReport&);
    std::string_view reason;  // After decoding and checking.
};
class Decode : public testing::TestWithParam<DecodeCase> {};

TEST_P(Decode, says) {
    v1::NodeReport wire = Phone(1).wire(1);
    wire.add_neighbours()->set_node_id(std::string(16, 'n'));
    GetParam().change(wire);
    const std::string bytes = wire.SerializeAsString();
    auto got = decode_report(view_of(bytes));
    if (got) got = checked(*got, kStart, {});
    EXPECT_EQ(got ? "" : got.error().reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    table, Decode,
    testing::Values(
        DecodeCase{"valid", [](v1::NodeReport&) {}, ""},
        DecodeCase{"empty", [](v1::NodeReport& w) { w.Clear(); }, "REPORT_MALFORMED"},
        DecodeCase{"short_id", [](v1::NodeReport& w) { w.mutable_node_id()->pop_back(); },
                   "REPORT_MALFORMED"},
        DecodeCase{"long_id", [](v1::NodeReport& w) { w.mutable_node_id()->push_back('x'); },
                   "REPORT_MALFORMED"},
        DecodeCase{"id_of_zeros", [](v1::NodeReport& w) { w.set_node_id(std::string(16, '\0')); },
                   "REPORT_MALFORMED"},
        DecodeCase{"short_neighbour",
                   [](v1::NodeReport& w) { w.mutable_neighbours(0)->set_node_id("n"); },
                   "REPORT_MALFORMED"},
        DecodeCase{"without_time", [](v1::NodeReport& w) { w.clear_at(); }, "REPORT_MALFORMED"},
        DecodeCase{"at_the_end_of_time",
                   [](v1::NodeReport& w) { w.mutable_at()->set_seconds(INT64_MAX); },
                   "REPORT_IN_FUTURE"},
        DecodeCase{"before_time", [](v1::NodeReport& w) { w.mutable_at()->set_seconds(INT64_MIN); },
                   "REPORT_MALFORMED"},
        DecodeCase{"asleep_for_ever",
                   [](v1::NodeReport& w) { w.mutable_asleep_until()->set_seconds(INT64_MAX); },
                   "REPORT_MALFORMED"},
        DecodeCase{"1024_neighbours",
                   [](v1::NodeReport& w) {
                       for (std::uint32_t i = 1; i < 1024; ++i)
                           w.add_neighbours()->set_node_id(std::string(text_of(node(i).view())));
                   },
                   ""},
        DecodeCase{"1025_neighbours",
                   [](v1::NodeReport& w) {
                       for (std::uint32_t i = 1; i < 1025; ++i)
                           w.add_neighbours()->set_node_id(std::string(text_of(node(i).view())));
                   },
                   "REPORT_MALFORMED"}),
    [](const auto& test) { return test.param.name; });

TEST(DecodeReport, keeps_every_field) {
    v1::NodeReport wire = Phone(1).wire(9, kStart + 5ms);
    wire.set_battery_percent(42);
    wire.set_has_uplink(true);
    *wire.mutable_asleep_until() = runtime::to_proto(kStart + 1h);
    wire.mutable_position()->set_latitude(-1.5);
    wire.mutable_position()->set_longitude(2.5);
    auto& heard = *wire.add_neighbours();
    heard.set_node_id(std::string(text_of(node(3).view())));
    heard.set_quality(0.25);
    heard.set_latency_ms(7);
    heard.set_bandwidth_kbps(8);
    const std::string bytes = wire.SerializeAsString();
    const auto got = decode_report(view_of(bytes));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->node, Phone(1).id);
    EXPECT_EQ(got->sequence, 9u);
    EXPECT_EQ(got->at, kStart + 5ms);
    EXPECT_EQ(got->battery_percent, 42u);
    EXPECT_TRUE(got->has_uplink);
    EXPECT_EQ(got->asleep_until, kStart + 1h);
    EXPECT_EQ(got->position, (Position{-1.5, 2.5}));
    ASSERT_EQ(got->neighbours.size(), 1u);
    EXPECT_EQ(got->neighbours[0].node, node(3));
    EXPECT_EQ(got->neighbours[0].quality, 0.25);
    EXPECT_EQ(got->neighbours[0].latency_ms, 7u);
    EXPECT_EQ(got->neighbours[0].bandwidth_kbps, 8u);
}

}  // namespace
}  // namespace imece::discovery
