// What a command is given by whoever runs it, and how it answers.
#pragma once

#include <google/protobuf/message.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <istream>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace imece::cli {

/// Exit status of every command.
enum Exit {
    kOk = 0,
    kFailed = 1,       ///< The backend or the machine said no.
    kUsage = 2,        ///< The command line is wrong.
    kUnreachable = 3,  ///< No backend answered.
    kRefused = 4,      ///< Not signed in, or without the right.
};
Exit exit_of(const Error& error);

struct Shell {
    std::ostream& out;
    std::ostream& err;
    std::istream& in;
    const Clock& clock;
    Random& random;
    std::function<std::string(const char*)> variable;  ///< Of the environment; empty: not set.
    std::function<void(int)> ended = [](int) {};       ///< Gets the exit status.
};

/// Adds "--json" and a footer with the example and what the exit status means.
void describe(CLI::App& command, bool& json, std::string_view example);

/// Says what failed and what to do now, on `err`; as one line of JSON where `json`.
void print_error(Shell& shell, const Error& error, bool json);
/// Runs `work` as the body of a command: prints its error, sets the exit status.
void run(Shell& shell, bool json, const std::function<Status()>& work);

/// proto3 JSON on one line, with fields that are zero.
std::string json_of(const google::protobuf::Message& message);
/// Text from elsewhere with control characters replaced: what a terminal shows, it must not obey.
std::string plain(std::string_view text);
/// Columns as wide as their widest cell, two spaces apart; the first row is the heading.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

/// "life_critical" → LIFE_CRITICAL: for CLI::CheckedTransformer. All but the unspecified value.
std::map<std::string, int> names_of(const google::protobuf::EnumDescriptor& kind);
/// "90s", "15m", "24h", "7d": for options of a time.
const CLI::Validator& duration_text();

/// The data directory: as `given`; else $IMECE_DATA; else ./var/imece, or ./var/demo where only
/// that is there.
std::filesystem::path data_path(const Shell& shell, const std::string& given);
/// The first line of `file`, or of standard input for "-", without its line end. Errors:
/// kInvalidArgument FILE_UNUSABLE when it cannot be read, is empty or over 4 KiB.
Result<std::string> read_secret(Shell& shell, const std::string& file);
/// Whole or not at all, mode 0600; makes missing folders with mode 0700. Errors: kInvalidArgument
/// FILE_UNUSABLE.
Status write_private(const std::filesystem::path& file, std::string_view text);

}  // namespace imece::cli
