#include "runtime/observe/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/clock.h"

namespace imece::runtime {
namespace {

LogLevels levels;
thread_local std::string current_trace;

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error"};

void append_quoted(fmt::memory_buffer& line, std::string_view text) {
    line.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line.push_back('\\');
            line.push_back(c);
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(line), "\\u{:04x}", byte);
        } else {
            line.push_back(c);
        }
    }
    line.push_back('"');
}

void append_value(fmt::memory_buffer& line, const LogField::Value& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) return append_quoted(line, *text);
    std::visit(
        [&line](const auto& scalar) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(scalar)>, std::string_view>)
                fmt::format_to(std::back_inserter(line), "{}", scalar);
        },
        value);
}

}  // namespace

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < log_level().level) return;
    const auto now = std::chrono::time_point_cast<Duration>(
        std::chrono::system_clock::now());  // Wall, not site.
    fmt::memory_buffer line;
    fmt::format_to(std::back_inserter(line), R"({{"time":"{}","level":"{}","event":)",
                   to_rfc3339(now), kLevelNames[int(level)]);
    append_quoted(line, event);
    if (!current_trace.empty()) {
        line.append(std::string_view(R"(,"trace_id":)"));
        append_quoted(line, current_trace);
    }
    for (const LogField& field : fields) {
        line.push_back(',');
        append_quoted(line, field.key);
        line.push_back(':');
        append_value(line, field.value);
    }
    line.append(std::string_view("}\n"));
    // One write a line: lines of several threads do not mix, and nothing is lost in a buffer at a crash.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void set_usual_log_level(LogLevel level) {
    levels.set_usual(level);
}

void set_log_level(LogLevel level, std::chrono::milliseconds duration) {
    levels.set(level, std::chrono::steady_clock::now() + duration);
}

LogLevels::InForce log_level() {
    return levels.at(std::chrono::steady_clock::now);
}

TraceScope::TraceScope(std::string trace_id)
    : former_(std::exchange(current_trace, std::move(trace_id))) {}

void TraceScope::rename(std::string trace_id) {
    current_trace = std::move(trace_id);
}

TraceScope::~TraceScope() {
    current_trace = std::move(former_);
}

}  // namespace imece::runtime
