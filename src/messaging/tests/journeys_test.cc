#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging/adapters/trace/journeys.h"
#include "messaging/tests/samples.h"
#include "runtime/observe/tracer.h"

namespace imece::messaging {
namespace {

using namespace std::chrono_literals;
using runtime::Span;
using samples::device;
using samples::message_id;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class JourneysTest : public testing::Test {
protected:
    NewMessage message(std::vector<DeviceId> recipients = {device(1)}) {
        NewMessage made = samples::new_message(1, std::move(recipients));
        made.trace_parent = submitted_.header();
        return made;
    }
    std::vector<Span> spans() {
        tracer_.close();
        return tracer_.take(100, 0ms);
    }
    std::vector<std::string> names() {
        std::vector<std::string> out;
        for (const Span& span : spans())
            out.push_back(span.name + (span.error.empty() ? "" : " " + span.error));
        return out;
    }

    SystemRandom random_;
    runtime::Metrics metrics_;
    runtime::Tracer tracer_{{.share = 1}, random_, metrics_};
    runtime::TraceContext submitted_ = tracer_.root();
    std::unique_ptr<JourneyPort> journeys_ = make_journeys(tracer_);
};

TEST_F(JourneysTest, tell_commit_wait_and_delivery_below_the_call) {
    journeys_->begins(message());
    journeys_->stored(message_id(1), Put::kStored);
    journeys_->sent({message_id(1), device(1)});
    journeys_->sent({message_id(1), device(1)});  // Again.
    journeys_->ended({message_id(1), device(1)}, End::kDelivered);
    const auto all = spans();
    std::vector<std::string> names;
    for (const Span& span : all) {
        names.push_back(span.name);
        EXPECT_EQ(span.context.trace_id, submitted_.trace_id);
        EXPECT_EQ(span.context.parent_id, submitted_.span_id);
        EXPECT_LE(span.began, span.ended);
    }
    EXPECT_THAT(names, ElementsAre("message commit", "message wait", "message delivery"));
    EXPECT_THAT(all.back().attributes,
                ElementsAre(testing::Pair("imece.message.sends", "2"),
                            testing::Pair("imece.message.id", to_text(message_id(1))),
                            testing::Pair("imece.message.class", "COMMUNICATION")));
}

TEST_F(JourneysTest, each_copy_has_its_own) {
    journeys_->begins(message({device(1), device(2)}));
    journeys_->stored(message_id(1), Put::kStored);
    journeys_->sent({message_id(1), device(1)});
    journeys_->ended({message_id(1), device(1)}, End::kRejected);
    journeys_->ended({message_id(1), device(2)}, End::kExpired);
    journeys_->ended({message_id(1), device(2)}, End::kExpired);  // Is over already.
    EXPECT_THAT(names(), ElementsAre("message commit", "message wait", "message delivery REJECTED",
                                     "message wait EXPIRED"));
}

TEST_F(JourneysTest, a_delivery_may_overtake_its_commit) {
    journeys_->begins(message());
    journeys_->sent({message_id(1), device(1)});
    journeys_->ended({message_id(1), device(1)}, End::kDelivered);
    journeys_->stored(message_id(1), Put::kStored);
    EXPECT_THAT(names(),
                UnorderedElementsAre("message commit", "message wait", "message delivery"));
}

TEST_F(JourneysTest, what_was_not_stored_is_forgotten) {
    journeys_->begins(message());
    journeys_->stored(message_id(1), Put::kWasThere);
    journeys_->sent({message_id(1), device(1)});
    EXPECT_THAT(names(), ElementsAre());
}

TEST_F(JourneysTest, only_followed_traces_count) {
    submitted_.sampled = false;
    journeys_->begins(message());
    journeys_->stored(message_id(1), Put::kStored);
    journeys_->sent({message_id(1), device(1)});
    NewMessage nothing = samples::new_message(1);
    nothing.trace_parent = "no trace";
    journeys_->begins(nothing);
    journeys_->ended({message_id(1), device(1)}, End::kDelivered);
    EXPECT_THAT(names(), ElementsAre());
}

}  // namespace
}  // namespace imece::messaging
