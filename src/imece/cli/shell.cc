#include "imece/cli/shell.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <fstream>

#include "imece/api/v1/options.pb.h"
#include "imece/api/v1/reasons.pb.h"
#include "runtime/config/loader.h"

namespace imece::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSecretMax = 4096;

std::unexpected<Error> unusable(const std::string& message) {
    return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE", message);
}

/// What the contract says to do about a reason.
std::string action_of(std::string_view reason) {
    const auto* found = api::v1::Reason_descriptor()->FindValueByName(std::string(reason));
    return found == nullptr ? "" : found->options().GetExtension(api::v1::info).action();
}

}  // namespace

Exit exit_of(const Error& error) {
    if (error.reason == "ARGUMENT_INVALID") return kUsage;
    if (error.reason == "PEER_UNREACHABLE" || error.reason == "SHUTTING_DOWN" ||
        error.reason == "DEADLINE_PASSED" ||
        (error.code == ErrorCode::kDeadlineExceeded && error.reason == "PEER_ERROR"))
        return kUnreachable;
    if (error.code == ErrorCode::kUnauthenticated || error.code == ErrorCode::kPermissionDenied)
        return kRefused;
    return kFailed;
}

void describe(CLI::App& command, bool& json, std::string_view example) {
    command.add_flag("--json", json, "answer as JSON, one line a result");
    command.footer("Example: " + std::string(example) +
                   "\nExit status: 0 done, 1 failed, 2 wrong command line, 3 no backend answered, "
                   "4 not signed in or without the right.");
}

void print_error(Shell& shell, const Error& error, bool json) {
    const std::string action = action_of(error.reason);
    if (json) {
        shell.err << boost::json::serialize(boost::json::value{{"error",
                                                                {{"code", code_name(error.code)},
                                                                 {"reason", error.reason},
                                                                 {"message", error.message},
                                                                 {"action", action}}}})
                  << '\n';
        return;
    }
    shell.err << "imece: " << plain(error.message) << " [" << error.reason << "]\n";
    if (!action.empty()) shell.err << "  " << action << '\n';
}

void run(Shell& shell, bool json, const std::function<Status()>& work) {
    const Status status = work();
    if (!status) print_error(shell, status.error(), json);
    shell.out.flush();
    shell.ended(status ? kOk : exit_of(status.error()));
}

std::string json_of(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.always_print_primitive_fields = true;
    std::string text;
    // Fails for times out of range only, which no service sends.
    if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}";
    return text;
}

std::string plain(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += plain(row[i]);
            if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
        }
        out << line << '\n';
    }
}

std::map<std::string, int> names_of(const google::protobuf::EnumDescriptor& kind) {
    std::map<std::string, int> names;
    for (int i = 0; i < kind.value_count(); ++i)
        if (kind.value(i)->number() != 0)
            names.emplace(kind.value(i)->name(), kind.value(i)->number());
    return names;
}

const CLI::Validator& duration_text() {
    static const CLI::Validator validator(
        [](const std::string& text) {
            return runtime::parse_duration(text) ? "" : "write a time as 90s, 15m, 24h or 7d";
        },
        "TIME");
    return validator;
}

fs::path data_path(const Shell& shell, const std::string& given) {
    if (!given.empty()) return given;
    if (const std::string set = shell.variable("IMECE_DATA"); !set.empty()) return set;
    std::error_code ignored;
    if (!fs::exists("./var/imece", ignored) && fs::exists("./var/demo", ignored))
        return "./var/demo";
    return "./var/imece";
}

Result<std::string> read_secret(Shell& shell, const std::string& file) {
    std::string line;
    if (file == "-") {
        std::getline(shell.in, line);
    } else {
        std::ifstream in(file, std::ios::binary);
        if (!in) return unusable("cannot read " + file);
        std::getline(in, line);
    }
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.size() > kSecretMax)
        return unusable(file + " must hold the secret on its first line");
    return line;
}

Status write_private(const fs::path& file, std::string_view text) {
    std::error_code failed;
    if (const fs::path folder = file.parent_path(); !folder.empty() && !fs::exists(folder)) {
        fs::create_directories(folder, failed);
        fs::permissions(folder, fs::perms::owner_all, failed);
    }
    const fs::path fresh = file.string() + ".new";
    const int out = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return unusable("cannot write " + file.string());
    const bool written = ::fchmod(out, 0600) == 0 &&
                         ::write(out, text.data(), text.size()) == ssize_t(text.size()) &&
                         ::fsync(out) == 0;
    ::close(out);
    if (written) fs::rename(fresh, file, failed);
    if (!written || failed) return unusable("cannot write " + file.string());
    return {};
}

}  // namespace imece::cli
