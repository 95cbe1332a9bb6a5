#include "replay/trace/trace_writer.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace imece::replay {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out.append({'\\', c});
        else if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", int(c));
        else
            out.push_back(c);
    }
    return out + "\"";
}

Result<std::unique_ptr<TraceWriter>> TraceWriter::open(const std::filesystem::path& file) {
    std::FILE* opened = std::fopen(file.c_str(), "wbe");
    if (opened == nullptr)
        return fail(ErrorCode::kInvalidArgument, "FILE_INVALID",
                    fmt::format("{}: cannot be written: {}", file.string(), std::strerror(errno)));
    std::setvbuf(opened, nullptr, _IONBF, 0);
    return std::unique_ptr<TraceWriter>(new TraceWriter(opened));
}

TraceWriter::~TraceWriter() {
    (void)flush();
    std::fclose(file_);
}

Status TraceWriter::flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) failed_ = true;
    buffer_.clear();
    if (failed_)
        return fail(ErrorCode::kUnavailable, "STORE_DOWN", "the trace could not be written");
    return {};
}

void TraceWriter::drain_if_full() {
    if (buffer_.size() >= kBufferBytes) (void)flush();
}

void TraceWriter::begin(const Plan& plan, std::uint32_t scale) {
    plan_ = &plan;
    auto out = std::back_inserter(buffer_);
    fmt::format_to(
        out,
        R"({{"t":0,"e":"run","name":{},"seed":{},"scale":{},"horizon":{},"min_samples":{},"promises":{{)",
        json_string(plan.name), plan.seed, scale, plan.horizon, kSamplesMin);
    for (std::size_t c = 0; c < kClasses; ++c) {
        fmt::format_to(out, R"({}"{}":)", c == 0 ? "" : ",", class_name(Class(c)));
        if (kPromises[c].ratio > 0)
            fmt::format_to(out, R"({{"ratio":{},"p95_ms":{}}})", kPromises[c].ratio,
                           kPromises[c].p95_ms);
        else
            buffer_ += R"({"ratio":null,"p95_ms":null})";
    }
    buffer_ += "}}\n";
    for (std::size_t n = 0; n < plan.nodes.size(); ++n)
        fmt::format_to(out, "{{\"t\":0,\"e\":\"node\",\"n\":{},\"kind\":\"{}\"}}\n", n,
                       kind_name(plan.nodes[n].kind));
}

void TraceWriter::contact(Ms at, LogEntry::Kind kind, std::uint32_t a, std::uint32_t b, bool up) {
    auto out = std::back_inserter(buffer_);
    if (kind == LogEntry::Kind::kLink)
        fmt::format_to(out, "{{\"t\":{},\"e\":\"link\",\"a\":{},\"b\":{},\"up\":{}}}\n", at, a, b,
                       up);
    else
        fmt::format_to(out, "{{\"t\":{},\"e\":\"{}\",\"n\":{},\"up\":{}}}\n", at,
                       kind == LogEntry::Kind::kPower ? "power" : "uplink", a, up);
    drain_if_full();
}

void TraceWriter::submit(Ms at, MessageIndex m) {
    const MessagePlan& message = plan_->messages[m];
    auto out = std::back_inserter(buffer_);
    fmt::format_to(out,
                   "{{\"t\":{},\"e\":\"submit\",\"m\":\"{}\",\"n\":{},\"to\":[{}],\"c\":\"{}\","
                   "\"ttl\":{},\"bytes\":{}}}\n",
                   at, to_text(message.id), message.sender,
                   fmt::join(recipients(*plan_, message), ","), class_name(message.cls),
                   message.ttl, plan_->texts[message.text].size());
    drain_if_full();
}

void TraceWriter::refused(Ms at, MessageIndex m, std::string_view reason) {
    fmt::format_to(std::back_inserter(buffer_),
                   "{{\"t\":{},\"e\":\"refused\",\"m\":\"{}\",\"reason\":{}}}\n", at,
                   to_text(plan_->messages[m].id), json_string(reason));
    drain_if_full();
}

void TraceWriter::hop(Ms at, MessageIndex m, NodeIndex from, NodeIndex to) {
    fmt::format_to(std::back_inserter(buffer_),
                   "{{\"t\":{},\"e\":\"hop\",\"m\":\"{}\",\"from\":{},\"to\":{}}}\n", at,
                   to_text(plan_->messages[m].id), from, to);
    drain_if_full();
}

void TraceWriter::at_node(Ms at, std::string_view event, MessageIndex m, NodeIndex n) {
    fmt::format_to(std::back_inserter(buffer_), "{{\"t\":{},\"e\":\"{}\",\"m\":\"{}\",\"n\":{}}}\n",
                   at, event, to_text(plan_->messages[m].id), n);
    drain_if_full();
}

void TraceWriter::accepted(Ms at, MessageIndex m, NodeIndex carrier) {
    at_node(at, "accepted", m, carrier);
}
void TraceWriter::arrive(Ms at, MessageIndex m, NodeIndex recipient) {
    at_node(at, "arrive", m, recipient);
}
void TraceWriter::deliver(Ms at, MessageIndex m, NodeIndex recipient) {
    at_node(at, "deliver", m, recipient);
}
void TraceWriter::ack(Ms at, MessageIndex m, NodeIndex recipient) {
    at_node(at, "ack", m, recipient);
}
void TraceWriter::end(Ms at) {
    fmt::format_to(std::back_inserter(buffer_), "{{\"t\":{},\"e\":\"end\"}}\n", at);
    (void)flush();
}

}  // namespace imece::replay
