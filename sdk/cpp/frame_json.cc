#include "sdk/cpp/frame_json.h"

#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "base/base64.h"
#include "base/clock.h"
#include "sdk/cpp/proto_time.h"

namespace imece::sdk {
namespace {

namespace json = boost::json;
namespace messaging = imece::messaging::v1;
namespace discovery = imece::discovery::v1;
namespace type = imece::type::v1;

constexpr std::size_t kDepthMax = 16;

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED", what);
}

// Writing. Every string is base64 or ours, so none needs an escape.

void append_bytes(std::string& out, std::string_view name, std::string_view bytes) {
    out += '"';
    out += name;
    out += "\":\"";
    append_base64(out, bytes);
    out += '"';
}

void append(std::string& out, const type::SignedEnvelope& message) {
    out += '{';
    append_bytes(out, "envelope", message.envelope());
    out += ',';
    append_bytes(out, "signature", message.signature());
    if (message.has_credential()) {
        out += ",\"credential\":{";
        append_bytes(out, "credential", message.credential().credential());
        out += ',';
        append_bytes(out, "signature", message.credential().signature());
        out += '}';
    }
    out += '}';
}

void append(std::string& out, const type::SignedReceipt& receipt) {
    out += '{';
    append_bytes(out, "receipt", receipt.receipt());
    out += ',';
    append_bytes(out, "signature", receipt.signature());
    out += '}';
}

void append(std::string& out, const discovery::SignedReport& report) {
    out += '{';
    append_bytes(out, "report", report.report());
    out += ',';
    append_bytes(out, "signature", report.signature());
    out += '}';
}

template <class Items>
void append_list(std::string& out, std::string_view name, const Items& items) {
    out += '"';
    out += name;
    out += "\":[";
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += ',';
        first = false;
        append(out, item);
    }
    out += ']';
}

// Reading. Each read() says whether `value` is a T by proto3 JSON; null stands for the default and
// is not passed in.

template <class Each>
bool each_member(const json::value& value, const Each& each) {
    const json::object* const object = value.if_object();
    if (object == nullptr) return false;
    for (const auto& member : *object)
        if (!member.value().is_null() && !each(std::string_view(member.key()), member.value()))
            return false;
    return true;
}

template <class Each>
bool each_item(const json::value& value, const Each& each) {
    const json::array* const array = value.if_array();
    if (array == nullptr) return false;
    for (const json::value& item : *array)
        if (!each(item)) return false;
    return true;
}

/// Both names that proto3 JSON gives a field.
bool is(std::string_view key, std::string_view camel, std::string_view snake) {
    return key == camel || key == snake;
}

bool read(const json::value& value, std::string& text) {
    const json::string* const string = value.if_string();
    if (string == nullptr) return false;
    text.assign(string->data(), string->size());
    return true;
}

bool read_bytes(const json::value& value, std::string& bytes) {
    const json::string* const string = value.if_string();
    return string != nullptr && parse_base64({string->data(), string->size()}, bytes);
}

template <class Number>
bool read_number(const json::value& value, Number& number) {
    if (const json::string* const text = value.if_string()) {
        const char* const end = text->data() + text->size();
        const auto [stop, bad] = std::from_chars(text->data(), end, number);
        return bad == std::errc() && stop == end;
    }
    json::error_code inexact;
    number = value.to_number<Number>(inexact);
    return !inexact;
}

bool read(const json::value& value, bool& flag) {
    if (!value.is_bool()) return false;
    flag = value.get_bool();
    return true;
}

bool read(const json::value& value, google::protobuf::Timestamp& time) {
    const json::string* const text = value.if_string();
    if (text == nullptr) return false;
    const auto at = parse_rfc3339({text->data(), text->size()});
    if (at) set_time(time, *at);
    return at.has_value();
}

bool read(const json::value& value, messaging::MessageState& state) {
    if (const json::string* const name = value.if_string())
        return messaging::MessageState_Parse(std::string(name->data(), name->size()), &state);
    int number = 0;
    if (!read_number(value, number)) return false;
    state = messaging::MessageState(number);
    return true;
}

bool read(const json::value& value, type::SignedCredential& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key == "credential") return read_bytes(field, *out.mutable_credential());
        if (key == "signature") return read_bytes(field, *out.mutable_signature());
        return true;
    });
}

bool read(const json::value& value, type::SignedEnvelope& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key == "envelope") return read_bytes(field, *out.mutable_envelope());
        if (key == "signature") return read_bytes(field, *out.mutable_signature());
        if (key == "credential") return read(field, *out.mutable_credential());
        return true;
    });
}

bool read(const json::value& value, type::SignedReceipt& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key == "receipt") return read_bytes(field, *out.mutable_receipt());
        if (key == "signature") return read_bytes(field, *out.mutable_signature());
        return true;
    });
}

bool read(const json::value& value, messaging::ItemResult& out) {
    bool flag = false;
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (is(key, "messageId", "message_id")) return read(field, *out.mutable_message_id());
        if (key == "reason") return read(field, *out.mutable_reason());
        if (key == "message") return read(field, *out.mutable_message());
        if (is(key, "wasThere", "was_there")) {
            if (!read(field, flag)) return false;
            out.set_was_there(flag);
        } else if (key == "retry") {
            if (!read(field, flag)) return false;
            out.set_retry(flag);
        }
        return true;
    });
}

bool read(const json::value& value, messaging::Results& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key == "request") {
            std::uint64_t request = 0;
            if (!read_number(field, request)) return false;
            out.set_request(request);
        } else if (key == "results") {
            return each_item(
                field, [&](const json::value& item) { return read(item, *out.add_results()); });
        }
        return true;
    });
}

bool read(const json::value& value, messaging::Delivery& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key == "message") return read(field, *out.mutable_message());
        if (is(key, "deviceId", "device_id")) return read(field, *out.mutable_device_id());
        if (key == "path")
            return each_item(field,
                             [&](const json::value& node) { return read(node, *out.add_path()); });
        if (key == "attempt") {
            std::uint32_t attempt = 0;
            if (!read_number(field, attempt)) return false;
            out.set_attempt(attempt);
        }
        return true;
    });
}

bool read(const json::value& value, messaging::Deliveries& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key != "deliveries") return true;
        return each_item(
            field, [&](const json::value& item) { return read(item, *out.add_deliveries()); });
    });
}

bool read(const json::value& value, messaging::Welcome& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (is(key, "deviceId", "device_id")) return read(field, *out.mutable_device_id());
        if (key == "now") return read(field, *out.mutable_now());
        return true;
    });
}

bool read(const json::value& value, messaging::StatusUpdate& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (is(key, "messageId", "message_id")) return read(field, *out.mutable_message_id());
        if (key == "receipt") return read(field, *out.mutable_receipt());
        if (key == "state") {
            messaging::MessageState state{};
            if (!read(field, state)) return false;
            out.set_state(state);
        }
        return true;
    });
}

bool read(const json::value& value, messaging::StatusUpdates& out) {
    return each_member(value, [&](std::string_view key, const json::value& field) {
        if (key != "updates") return true;
        return each_item(field,
                         [&](const json::value& item) { return read(item, *out.add_updates()); });
    });
}

bool read(const json::value& value, messaging::ServerFrame& out) {
    int frames = 0;  // Of a oneof, JSON may name one.
    const bool right = each_member(value, [&](std::string_view key, const json::value& field) {
        ++frames;
        if (key == "welcome") return read(field, *out.mutable_welcome());
        if (is(key, "submitResults", "submit_results"))
            return read(field, *out.mutable_submit_results());
        if (is(key, "receiptResults", "receipt_results"))
            return read(field, *out.mutable_receipt_results());
        if (key == "deliveries") return read(field, *out.mutable_deliveries());
        if (is(key, "statusUpdates", "status_updates"))
            return read(field, *out.mutable_status_updates());
        --frames;
        return true;
    });
    return right && frames <= 1;
}

/// Parses `text` in one block of memory and reads a `Message` of it.
template <class Message, class Read>
Result<Message> parse(std::string_view text, const Read& read_message) {
    json::error_code bad;
    json::parse_options options;
    options.max_depth = kDepthMax;
    json::monotonic_resource memory(text.size() + 1024);
    const json::value value = json::parse({text.data(), text.size()}, bad, &memory, options);
    if (bad) return malformed("not JSON");
    Message message;
    if (!read_message(value, message)) return malformed("a field has the wrong type");
    return message;
}

}  // namespace

void append_json(std::string& out, const messaging::ClientFrame& frame) {
    const auto request = [&](std::uint64_t number) {
        out += "\"request\":\"";
        out += std::to_string(number);
        out += "\",";
    };
    switch (frame.frame_case()) {
        case messaging::ClientFrame::kHello:
            out += "{\"hello\":{\"credit\":";
            out += std::to_string(frame.hello().credit());
            out += ",\"carries\":";
            out += frame.hello().carries() ? "true" : "false";
            out += ",\"capacityBytesPerS\":";
            out += std::to_string(frame.hello().capacity_bytes_per_s());
            break;
        case messaging::ClientFrame::kSubmit:
            out += "{\"submit\":{";
            request(frame.submit().request());
            append_list(out, "messages", frame.submit().messages());
            break;
        case messaging::ClientFrame::kReceipts:
            out += "{\"receipts\":{";
            request(frame.receipts().request());
            append_list(out, "receipts", frame.receipts().receipts());
            break;
        case messaging::ClientFrame::kCredit:
            out += "{\"credit\":{\"add\":";
            out += std::to_string(frame.credit().add());
            break;
        case messaging::ClientFrame::FRAME_NOT_SET: out += "{}"; return;
    }
    out += "}}";
}

Result<messaging::ServerFrame> parse_server_frame(std::string_view text) {
    return parse<messaging::ServerFrame>(
        text,
        [](const json::value& value, messaging::ServerFrame& out) { return read(value, out); });
}

std::string reports_json(std::span<const discovery::SignedReport> reports) {
    std::string out = "{";
    append_list(out, "reports", reports);
    out += '}';
    return out;
}

Result<discovery::ReportNodesResponse> parse_report_results(std::string_view text) {
    const auto read_result = [](const json::value& value, discovery::ReportResult& out) {
        return each_member(value, [&](std::string_view key, const json::value& field) {
            if (key == "reason") return read(field, *out.mutable_reason());
            if (key == "message") return read(field, *out.mutable_message());
            return true;
        });
    };
    return parse<discovery::ReportNodesResponse>(
        text, [&](const json::value& value, discovery::ReportNodesResponse& out) {
            return each_member(value, [&](std::string_view key, const json::value& field) {
                if (key != "results") return true;
                return each_item(field, [&](const json::value& item) {
                    return read_result(item, *out.add_results());
                });
            });
        });
}

}  // namespace imece::sdk
