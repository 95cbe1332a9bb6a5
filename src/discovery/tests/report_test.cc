#include "discovery/domain/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct CheckedCase {
    const char* name;
    void (*change)(Report&);
    std::string_view reason;  // Empty: within the limits.
};
class Checked : public testing::TestWithParam<CheckedCase> {};

TEST_P(Checked, says) {
    Report report = report_of(1, 1, {hears(2), hears(3)});
    GetParam().change(report);
    const Result<Report> got = checked(report, kStart, ReportLimits{});
    EXPECT_EQ(got ? "" : got.error().reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    table, Checked,
    testing::Values(
        CheckedCase{"valid", [](Report&) {}, ""},
        CheckedCase{"alone", [](Report& r) { r.neighbours.clear(); }, ""},
        CheckedCase{"no_node", [](Report& r) { r.node = {}; }, "REPORT_MALFORMED"},
        CheckedCase{"no_sequence", [](Report& r) { r.sequence = 0; }, "REPORT_MALFORMED"},
        CheckedCase{"no_time", [](Report& r) { r.at = {}; }, "REPORT_MALFORMED"},
        CheckedCase{"ahead_at_limit", [](Report& r) { r.at += 5min; }, ""},
        CheckedCase{"ahead_over_limit", [](Report& r) { r.at += 5min + 1ms; }, "REPORT_IN_FUTURE"},
        CheckedCase{"battery_full", [](Report& r) { r.battery_percent = 100; }, ""},
        CheckedCase{"battery_over", [](Report& r) { r.battery_percent = 101; }, "REPORT_MALFORMED"},
        CheckedCase{"sleep_at_limit", [](Report& r) { r.asleep_until = r.at + 168h; }, ""},
        CheckedCase{"sleep_over_limit", [](Report& r) { r.asleep_until = r.at + 168h + 1ms; },
                    "REPORT_MALFORMED"},
        CheckedCase{"corner_of_the_world", [](Report& r) { r.position = {-90, 180}; }, ""},
        CheckedCase{"latitude_over", [](Report& r) { r.position = {90.001, 0}; },
                    "REPORT_MALFORMED"},
        CheckedCase{"longitude_under", [](Report& r) { r.position = {0, -180.001}; },
                    "REPORT_MALFORMED"},
        CheckedCase{"latitude_nan", [](Report& r) { r.position = {kNan, 0}; }, "REPORT_MALFORMED"},
        CheckedCase{"quality_zero", [](Report& r) { r.neighbours[0].quality = 0; }, ""},
        CheckedCase{"quality_over", [](Report& r) { r.neighbours[0].quality = 1.01; },
                    "REPORT_MALFORMED"},
        CheckedCase{"quality_negative", [](Report& r) { r.neighbours[0].quality = -0.1; },
                    "REPORT_MALFORMED"},
        CheckedCase{"quality_nan", [](Report& r) { r.neighbours[0].quality = kNan; },
                    "REPORT_MALFORMED"},
        CheckedCase{"own_neighbour", [](Report& r) { r.neighbours[0].node = r.node; },
                    "REPORT_MALFORMED"},
        CheckedCase{"neighbour_twice", [](Report& r) { r.neighbours.push_back(hears(2)); },
                    "REPORT_MALFORMED"},
        CheckedCase{"neighbour_without_id", [](Report& r) { r.neighbours[1].node = {}; },
                    "REPORT_MALFORMED"},
        CheckedCase{"neighbours_at_limit",
                    [](Report& r) {
                        r.neighbours.clear();
                        for (std::uint32_t i = 2; i < 2 + 1024; ++i)
                            r.neighbours.push_back(hears(i));
                    },
                    ""},
        CheckedCase{"neighbours_over_limit",
                    [](Report& r) {
                        r.neighbours.clear();
                        for (std::uint32_t i = 2; i < 3 + 1024; ++i)
                            r.neighbours.push_back(hears(i));
                    },
                    "REPORT_MALFORMED"}),
    [](const auto& test) { return test.param.name; });

TEST(Report, neighbours_come_out_sorted) {
    const auto got = checked(report_of(1, 1, {hears(9), hears(2), hears(5)}), kStart, {});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->neighbours[0].node, node(2));
    EXPECT_EQ(got->neighbours[2].node, node(9));
}

TEST(Report, a_carried_report_is_dated_by_its_node_but_never_ahead_of_now) {
    const Report report = report_of(1, 1, {}, kStart);
    EXPECT_EQ(heard_at(report, kStart + 40s, true), kStart + 40s);
    EXPECT_EQ(heard_at(report, kStart + 40s, false), kStart);
    EXPECT_EQ(heard_at(report, kStart - 40s, false), kStart - 40s);
}

TEST(Position, is_blurred_to_a_hundredth_of_a_degree) {
    EXPECT_EQ(blurred({37.57584, 36.93721}), (Position{37.58, 36.94}));
    EXPECT_EQ(blurred({-37.57584, -36.93721}), (Position{-37.58, -36.94}));
}

TEST(Position, distances_are_those_of_the_atlas) {
    EXPECT_NEAR(distance_km({41.0082, 28.9784}, {39.9334, 32.8597}), 350, 2);  // Istanbul, Ankara.
    EXPECT_NEAR(distance_km({0, 0}, {0, 180}), 20015, 1);
    EXPECT_EQ(distance_km({37, 36}, {37, 36}), 0);
}

}  // namespace
}  // namespace imece::discovery
