// Writes a run as JSON Lines; docs/trace.md is the format.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "replay/trace/run_log.h"

namespace imece::replay {

/// Buffers about 1 MiB. One thread.
class TraceWriter final : public TraceSink {
public:
    /// Errors: kInvalidArgument FILE_INVALID when the file cannot be made.
    static Result<std::unique_ptr<TraceWriter>> open(const std::filesystem::path& file);
    ~TraceWriter() override;
    TraceWriter(const TraceWriter&) = delete;
    TraceWriter& operator=(const TraceWriter&) = delete;

    /// What is buffered goes to the file. Errors: kUnavailable STORE_DOWN when any write failed so far.
    Status flush();

    void begin(const Plan& plan, std::uint32_t scale) override;
    void contact(Ms at, LogEntry::Kind kind, std::uint32_t a, std::uint32_t b, bool up) override;
    void submit(Ms at, MessageIndex m) override;
    void refused(Ms at, MessageIndex m, std::string_view reason) override;
    void accepted(Ms at, MessageIndex m, NodeIndex carrier) override;
    void hop(Ms at, MessageIndex m, NodeIndex from, NodeIndex to) override;
    void arrive(Ms at, MessageIndex m, NodeIndex recipient) override;
    void deliver(Ms at, MessageIndex m, NodeIndex recipient) override;
    void ack(Ms at, MessageIndex m, NodeIndex recipient) override;
    void end(Ms at) override;

private:
    explicit TraceWriter(std::FILE* file) : file_(file) {}
    void at_node(Ms at, std::string_view event, MessageIndex m, NodeIndex n);
    void drain_if_full();

    std::FILE* file_;
    std::string buffer_;
    bool failed_ = false;
    const Plan* plan_ = nullptr;
};

/// `text` as a JSON string with its quotes.
std::string json_string(std::string_view text);

}  // namespace imece::replay
