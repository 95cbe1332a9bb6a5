#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/trace.h"

namespace imece::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, goes_on_with_a_span_of_its_own) {
    SeededRandom random(1);
    const TraceContext trace = continue_trace(kParent, random);
    EXPECT_EQ(trace.trace_id_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_TRUE(trace.sampled);
    EXPECT_THAT(trace.header(), Not(HasSubstr("00f067aa0ba902b7")));
    EXPECT_EQ(trace.header().size(), kParent.size());
}

TEST(Trace, begins_anew_where_the_header_is_malformed) {
    for (const std::string& wrong :
         {std::string(), std::string(54, '0'), "ff" + std::string(kParent.substr(2)),
          std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
          std::string("00-4bf92f3577b34da6")}) {
        SeededRandom random(2);
        const std::string id = continue_trace(wrong, random).trace_id_text();
        EXPECT_NE(id, "4bf92f3577b34da6a3ce929d0e0e4736") << wrong;
        EXPECT_NE(id, std::string(32, '0')) << wrong;
    }
}

TEST(Log, writes_one_escaped_line_with_the_trace) {
    testing::internal::CaptureStderr();
    {
        const TraceScope scope("abc");
        log(LogLevel::kInfo, "thing_done", {{"name", "a\"b\n"}, {"count", 3}, {"ok", true}});
    }
    log(LogLevel::kDebug, "not_shown");
    const std::string out = testing::internal::GetCapturedStderr();
    EXPECT_THAT(
        out,
        HasSubstr(
            R"("event":"thing_done","trace_id":"abc","name":"a\"b\u000a","count":3,"ok":true})"));
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(LogLevels, go_back_by_themselves) {
    LogLevels levels;
    SteadyPoint now{std::chrono::hours(1)};
    int asked = 0;
    const auto at = [&] {
        return levels.at([&] {
            ++asked;
            return now;
        });
    };
    EXPECT_EQ(at().level, LogLevel::kInfo);
    EXPECT_EQ(asked, 0);
    levels.set(LogLevel::kDebug, now + std::chrono::seconds(10));
    EXPECT_EQ(at().level, LogLevel::kDebug);
    EXPECT_EQ(at().usual, LogLevel::kInfo);
    EXPECT_EQ(at().left, std::chrono::seconds(10));
    levels.set(LogLevel::kError, now + std::chrono::seconds(5));
    now += std::chrono::milliseconds(4999);
    EXPECT_EQ(at().level, LogLevel::kError);
    now += std::chrono::milliseconds(1);
    EXPECT_EQ(at().level, LogLevel::kInfo);
    EXPECT_EQ(at().left, std::chrono::milliseconds(0));
    levels.set_usual(LogLevel::kWarn);
    EXPECT_EQ(at().level, LogLevel::kWarn);
    levels.set(LogLevel::kDebug, now + std::chrono::seconds(10));
    EXPECT_EQ(at().level, LogLevel::kDebug);
    EXPECT_EQ(at().usual, LogLevel::kWarn);
}

TEST(Log, writes_what_the_level_in_force_lets_through) {
    testing::internal::CaptureStderr();
    set_log_level(LogLevel::kDebug, std::chrono::minutes(1));
    log(LogLevel::kDebug, "in_detail");
    set_log_level(LogLevel::kError, std::chrono::minutes(1));
    log(LogLevel::kWarn, "not_so_bad");
    set_log_level(LogLevel::kInfo, std::chrono::milliseconds(0));
    log(LogLevel::kWarn, "as_usual");
    const std::string out = testing::internal::GetCapturedStderr();
    EXPECT_THAT(out,
                AllOf(HasSubstr("in_detail"), Not(HasSubstr("not_so_bad")), HasSubstr("as_usual")));
}

TEST(Metrics, sources_are_read_at_the_scrape_until_their_token_goes) {
    Metrics metrics;
    auto token = metrics.source([](Samples& samples) {
        samples.add("imece_rain_bytes_total", "Rain.", 3, {{"where", "a"}});
        samples.add("imece_rain_bytes_total", "Rain.", 4, {{"where", "b"}});
        samples.add("imece_sun", "Sun.", 0.5);
    });
    const std::string text = metrics.scrape();
    EXPECT_THAT(text, AllOf(HasSubstr("# TYPE imece_rain_bytes_total counter"),
                            HasSubstr("imece_rain_bytes_total{where=\"a\"} 3"),
                            HasSubstr("imece_rain_bytes_total{where=\"b\"} 4"),
                            HasSubstr("# TYPE imece_sun gauge"), HasSubstr("imece_sun 0.5")));
    token.reset();
    EXPECT_THAT(metrics.scrape(), Not(HasSubstr("imece_rain")));
}

TEST(Metrics, gauges_are_read_at_the_scrape_until_their_token_goes) {
    Metrics metrics;
    double value = 1;
    auto token = metrics.gauge("imece_things", "Things.", {{"kind", "a"}}, [&] { return value; });
    metrics.counter("imece_calls_total", "Calls.").add(2);
    metrics.counter("imece_calls_total", "Calls.").add(1);
    metrics.seconds("imece_call_seconds", "Time.").observe(0.003);
    value = 7;
    EXPECT_THAT(metrics.scrape(), HasSubstr("imece_things{kind=\"a\"} 7"));
    EXPECT_THAT(metrics.scrape(), HasSubstr("imece_calls_total 3"));
    EXPECT_THAT(metrics.scrape(), HasSubstr("imece_call_seconds_bucket{le=\"0.005\"} 1"));
    token.reset();
    EXPECT_THAT(metrics.scrape(), Not(HasSubstr("imece_things{")));
}

}  // namespace
}  // namespace imece::runtime
