// One JSON line per event, to standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/observe/log_level.h"

namespace imece::runtime {

struct LogField {
    using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
    std::string_view key;
    Value value;

    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    LogField(std::string_view k, bool v) : key(k), value(v) {}
    LogField(std::string_view k, double v) : key(k), value(v) {}
    LogField(std::string_view k, int v) : key(k), value(std::int64_t(v)) {}
    LogField(std::string_view k, std::int64_t v) : key(k), value(v) {}
    LogField(std::string_view k, std::uint64_t v) : key(k), value(v) {}
};

/// `log(LogLevel::kInfo, "server_started", {{"port", port}});` No secret and no payload goes in.
/// The trace id of the thread's TraceScope is added. Thread-safe; written as one line.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
/// Lines below the level in force are dropped; the usual one is kInfo until it is set.
void set_usual_log_level(LogLevel level);
/// Another holds for `duration` and is then forgotten by itself.
void set_log_level(LogLevel level, std::chrono::milliseconds duration);
LogLevels::InForce log_level();

/// Names the trace that this thread works for, until it goes.
class TraceScope {
public:
    explicit TraceScope(std::string trace_id);
    ~TraceScope();
    /// Once the id is known.
    void rename(std::string trace_id);
    TraceScope(const TraceScope&) = delete;
    TraceScope& operator=(const TraceScope&) = delete;

private:
    std::string former_;
};

}  // namespace imece::runtime
