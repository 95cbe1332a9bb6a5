#include "sdk/cpp/frame_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace imece::sdk {
namespace {

namespace messaging = imece::messaging::v1;
namespace util = google::protobuf::util;

/// protobuf's own JSON is the judge of both directions.
template <class T>
T by_protobuf(const std::string& text) {
    T message;
    EXPECT_TRUE(util::JsonStringToMessage(text, &message).ok()) << text;
    return message;
}

std::string any_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = char(i * 37 + size);
    return bytes;
}

imece::type::v1::SignedEnvelope envelope(bool credential) {
    imece::type::v1::SignedEnvelope message;
    message.set_envelope(any_bytes(300));
    message.set_signature(any_bytes(64));
    if (credential) {
        message.mutable_credential()->set_credential(any_bytes(120));
        message.mutable_credential()->set_signature(any_bytes(64));
    }
    return message;
}

messaging::ServerFrame every_field(int kind) {
    messaging::ServerFrame frame;
    if (kind == 0) {
        frame.mutable_welcome()->set_device_id("00112233445566778899aabbccddeeff");
        frame.mutable_welcome()->mutable_now()->set_seconds(1'675'646'254);
        frame.mutable_welcome()->mutable_now()->set_nanos(123'000'000);
    } else if (kind == 1 || kind == 2) {
        auto& results =
            kind == 1 ? *frame.mutable_submit_results() : *frame.mutable_receipt_results();
        results.set_request(UINT64_MAX);
        auto& bad = *results.add_results();
        bad.set_message_id("0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f");
        bad.set_reason("QUEUE_FULL");
        bad.set_message("dolu: \"ş\"\n\\");
        bad.set_retry(true);
        results.add_results()->set_was_there(true);
        results.add_results();
    } else if (kind == 3) {
        for (const bool credential : {true, false}) {
            auto& delivery = *frame.mutable_deliveries()->add_deliveries();
            *delivery.mutable_message() = envelope(credential);
            delivery.set_device_id("00112233445566778899aabbccddeeff");
            delivery.add_path("aa");
            delivery.add_path("bb");
            delivery.set_attempt(UINT32_MAX);
        }
    } else if (kind == 4) {
        for (const auto state : {messaging::DELIVERED, messaging::EXPIRED}) {
            auto& update = *frame.mutable_status_updates()->add_updates();
            update.set_message_id("0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f");
            update.set_state(state);
            update.mutable_receipt()->set_receipt(any_bytes(40));
            update.mutable_receipt()->set_signature(any_bytes(64));
        }
    }
    return frame;
}

TEST(ServerFrame, is_read_as_protobuf_writes_it) {
    for (int kind = 0; kind <= 5; ++kind) {
        for (const bool snake : {false, true}) {
            for (const bool numbers : {false, true}) {
                const messaging::ServerFrame frame = every_field(kind);
                util::JsonPrintOptions options;
                options.preserve_proto_field_names = snake;
                options.always_print_enums_as_ints = numbers;
                options.always_print_primitive_fields = numbers;
                std::string text;
                ASSERT_TRUE(util::MessageToJsonString(frame, &text, options).ok());
                const auto got = parse_server_frame(text);
                ASSERT_TRUE(got) << text;
                EXPECT_TRUE(util::MessageDifferencer::Equals(*got, frame))
                    << text << got->DebugString();
            }
        }
    }
}

TEST(ServerFrame, may_say_more_than_we_know) {
    const auto got = parse_server_frame(
        R"({"later":{"a":[1]},"welcome":{"deviceId":"d","shoes":[{}],"now":null}})");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->welcome().device_id(), "d");
    EXPECT_FALSE(got->welcome().has_now());
    EXPECT_EQ(parse_server_frame(R"({"later":{}})")->frame_case(),
              messaging::ServerFrame::FRAME_NOT_SET);
    EXPECT_TRUE(parse_server_frame(R"({"submitResults":{"request":7}})"));
}

TEST(ServerFrame, that_breaks_the_contract_is_refused) {
    std::string deep = R"({"x":)";
    for (int i = 0; i < 40; ++i) deep += '[';
    for (int i = 0; i < 40; ++i) deep += ']';
    deep += '}';
    for (const std::string& text : {
             std::string(),
             std::string("{"),
             std::string("null"),
             std::string("[]"),
             std::string("7"),
             std::string("{} {}"),
             std::string("{'welcome':{}}"),
             deep,
             std::string(R"({"welcome":[]})"),
             std::string(R"({"welcome":"x"})"),
             std::string(R"({"welcome":{"deviceId":7}})"),
             std::string(R"({"welcome":{"now":"yesterday"}})"),
             std::string(R"({"welcome":{},"statusUpdates":{}})"),
             std::string(R"({"submitResults":{"request":-1}})"),
             std::string(R"({"submitResults":{"request":"1x"}})"),
             std::string(R"({"submitResults":{"request":"18446744073709551616"}})"),
             std::string(R"({"submitResults":{"request":1.5}})"),
             std::string(R"({"submitResults":{"results":{}}})"),
             std::string(R"({"submitResults":{"results":[7]}})"),
             std::string(R"({"submitResults":{"results":[{"retry":"yes"}]}})"),
             std::string(R"({"submitResults":{"results":[{"wasThere":1}]}})"),
             std::string(R"({"deliveries":{"deliveries":[{"attempt":4294967296}]}})"),
             std::string(R"({"deliveries":{"deliveries":[{"path":[null]}]}})"),
             std::string(R"({"deliveries":{"deliveries":[{"message":{"envelope":"*"}}]}})"),
             std::string(R"({"deliveries":{"deliveries":[{"message":{"credential":[]}}]}})"),
             std::string(R"({"statusUpdates":{"updates":{}}})"),
             std::string(R"({"statusUpdates":{"updates":[{"state":"LOST"}]}})"),
             std::string(R"({"statusUpdates":{"updates":[{"state":{}}]}})"),
             std::string(R"({"statusUpdates":{"updates":[{"receipt":{"receipt":3}}]}})"),
         }) {
        const auto got = parse_server_frame(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "ANSWER_MALFORMED") << text;
    }
}

TEST(ClientFrame, is_written_as_protobuf_reads_it) {
    messaging::ClientFrame frames[5];
    frames[0].mutable_hello()->set_credit(64);
    frames[0].mutable_hello()->set_carries(true);
    frames[0].mutable_hello()->set_capacity_bytes_per_s(9600);
    frames[1].mutable_submit()->set_request(UINT64_MAX);
    *frames[1].mutable_submit()->add_messages() = envelope(true);
    *frames[1].mutable_submit()->add_messages() = envelope(false);
    frames[2].mutable_receipts()->set_request(3);
    for (int i = 0; i < 2; ++i) {
        auto& receipt = *frames[2].mutable_receipts()->add_receipts();
        receipt.set_receipt(any_bytes(45));
        receipt.set_signature(any_bytes(64));
    }
    frames[3].mutable_credit()->set_add(12);
    for (const auto& frame : frames) {
        std::string text;
        append_json(text, frame);
        EXPECT_TRUE(
            util::MessageDifferencer::Equals(by_protobuf<messaging::ClientFrame>(text), frame))
            << text;
    }
}

TEST(Reports, are_written_and_their_results_read) {
    imece::discovery::v1::SignedReport reports[2];
    reports[0].set_report(any_bytes(99));
    reports[0].set_signature(any_bytes(64));
    reports[1].set_report(any_bytes(1));
    const auto request =
        by_protobuf<imece::discovery::v1::ReportNodesRequest>(reports_json(reports));
    ASSERT_EQ(request.reports_size(), 2);
    EXPECT_EQ(request.reports(0).report(), reports[0].report());
    EXPECT_EQ(request.reports(0).signature(), reports[0].signature());

    const auto answer =
        parse_report_results(R"({"results":[{},{"reason":"REPORT_STALE","message":"old"}]})");
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->results_size(), 2);
    EXPECT_EQ(answer->results(0).reason(), "");
    EXPECT_EQ(answer->results(1).reason(), "REPORT_STALE");
    EXPECT_FALSE(parse_report_results(R"({"results":[{"reason":1}]})"));
}

}  // namespace
}  // namespace imece::sdk
