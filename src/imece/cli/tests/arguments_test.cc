// What the command line takes and refuses, before and without any backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>

#include "imece/cli/backend.h"
#include "imece/cli/doctor_checks.h"
#include "imece/cli/session_file.h"
#include "imece/cli/tests/terminal.h"
#include "imece/type/v1/types.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string put(const std::filesystem::path& path, const std::string& text, mode_t mode = 0600) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
}

struct UsageCase {
    const char* name;
    std::vector<std::string> words;
    const char* says;  // Part of what is said on standard error.
};
class Usage : public testing::TestWithParam<UsageCase> {};

TEST_P(Usage, is_refused_with_status_2) {
    Terminal terminal;
    const Said said = terminal.run(GetParam().words);
    EXPECT_EQ(said.status, kUsage);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    table, Usage,
    testing::Values(
        UsageCase{"nothing", {}, "subcommand is required"},
        UsageCase{"unknown_command", {"stauts"}, "subcommand is required"},
        UsageCase{"unknown_option", {"status", "--sever", "x"}, "--sever"},
        UsageCase{"group_alone", {"message"}, "subcommand is required"},
        UsageCase{"server_without_port", {"status", "--server", "localhost"}, "host:port"},
        UsageCase{"server_with_port_0", {"status", "--server", "localhost:0"}, "host:port"},
        UsageCase{"server_with_words", {"status", "--server", "localhost:http"}, "host:port"},
        UsageCase{"timeout_0", {"status", "--timeout", "0"}, "--timeout"},
        UsageCase{"user_without_password", {"status", "--user", "ayse"}, "--password-file"},
        UsageCase{"unknown_role", {"user", "add", "x", "--role", "king", "--generate"}, "--role"},
        UsageCase{"no_role", {"user", "add", "x", "--generate"}, "--role"},
        UsageCase{"no_password", {"user", "add", "x", "--role", "operator"}, "password"},
        UsageCase{"two_passwords",
                  {"user", "add", "x", "--role", "operator", "--generate", "--password-file", "f"},
                  "password"},
        UsageCase{"config_without_value", {"config", "set", "messaging.queue_max"}, "VALUE"},
        UsageCase{"config_expect_less", {"config", "set", "k", "1", "--expect", "-1"}, "--expect"},
        UsageCase{"flag_over_100", {"flag", "set", "f", "--percent", "101"}, "--percent"},
        UsageCase{"flag_of_no_role", {"flag", "set", "f", "--role", "king"}, "--role"},
        UsageCase{"secret_without_file", {"secret", "set", "sms.token"}, "--value-file"},
        UsageCase{"no_token", {"device", "enrol", "--key", "k"}, "token"},
        UsageCase{"no_key", {"device", "enrol", "--token", "t"}, "--key"},
        UsageCase{"desk_without_key", {"desk", "add", "112"}, "--key"},
        UsageCase{"quota_0", {"enrolment-token", "create", "--quota", "0"}, "--quota"},
        UsageCase{"expires_in_words",
                  {"enrolment-token", "create", "--expires-in", "soon"},
                  "90s, 15m, 24h or 7d"},
        UsageCase{"unknown_class",
                  {"message", "send", "--as", "k", "--to", "desk:112", "--class", "URGENT", "hi"},
                  "--class"},
        UsageCase{"to_nobody",
                  {"message", "send", "--as", "k", "--to", "everybody", "hi"},
                  "device: and 32 hex digits"},
        UsageCase{"to_half_a_device",
                  {"message", "send", "--as", "k", "--to", "device:12ab", "hi"},
                  "device: and 32 hex digits"},
        UsageCase{"without_text", {"message", "send", "--as", "k", "--to", "desk:112"}, "TEXT"},
        UsageCase{"show_without_id", {"message", "show"}, "ID"},
        UsageCase{"tail_without_source", {"events", "tail"}, "--source"},
        UsageCase{
            "tail_before_time", {"events", "tail", "--source", "x", "--after", "-3"}, "--after"}),
    [](const auto& test) { return test.param.name; });

// One line a command: it has an example that begins with it, and says what the exit status means.
class Help : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Help, teaches) {
    Terminal terminal;
    std::vector<std::string> words = GetParam();
    words.push_back("--help");
    const Said said = terminal.run(words);
    EXPECT_EQ(said.status, kOk);
    std::string example = "Example: imece";
    for (const std::string& word : GetParam()) example += " " + word;
    EXPECT_THAT(said.out, HasSubstr(example));
    EXPECT_THAT(said.out, HasSubstr("Exit status: 0 done, 1 failed, 2"));
    EXPECT_THAT(said.out, HasSubstr("--json"));
}

INSTANTIATE_TEST_SUITE_P(
    commands, Help,
    testing::Values(
        std::vector<std::string>{"status"}, std::vector<std::string>{"doctor"},
        std::vector<std::string>{"version"}, std::vector<std::string>{"login"},
        std::vector<std::string>{"logout"}, std::vector<std::string>{"user", "add"},
        std::vector<std::string>{"user", "disable"}, std::vector<std::string>{"user", "erase"},
        std::vector<std::string>{"check-in", "add"}, std::vector<std::string>{"check-in", "search"},
        std::vector<std::string>{"device", "enrol"}, std::vector<std::string>{"desk", "add"},
        std::vector<std::string>{"desk", "list"},
        std::vector<std::string>{"enrolment-token", "create"},
        std::vector<std::string>{"message", "send"}, std::vector<std::string>{"message", "show"},
        std::vector<std::string>{"message", "explain"},
        std::vector<std::string>{"topology", "show"}, std::vector<std::string>{"events", "tail"}));

TEST(Commands, say_which_version_this_is) {
    Terminal terminal;
    EXPECT_THAT(terminal.run({"version"}).out, testing::StartsWith("imece "));
    const auto answer = boost::json::parse(terminal.run({"version", "--json"}).out);
    EXPECT_FALSE(answer.at("version").as_string().empty());
}

TEST(Commands, tell_when_nobody_answers) {
    Terminal terminal;  // Port 1 is nobody's.
    const Said said = terminal.run({"status", "--server", "127.0.0.1:1"});
    EXPECT_EQ(said.status, kUnreachable);
    EXPECT_THAT(said.err, HasSubstr("[PEER_UNREACHABLE]"));
    const Said as_json = terminal.run({"status", "--json", "--server", "127.0.0.1:1"});
    EXPECT_EQ(as_json.out, "");
    const auto error = boost::json::parse(as_json.err).at("error");
    EXPECT_EQ(error.at("reason").as_string(), "PEER_UNREACHABLE");
    EXPECT_EQ(error.at("code").as_string(), "UNAVAILABLE");
    EXPECT_FALSE(error.at("action").as_string().empty());
}

TEST(Commands, tell_when_nobody_is_signed_in) {
    Terminal terminal;
    const Said said = terminal.run({"desk", "list", "--server", "127.0.0.1:1"});
    EXPECT_EQ(said.status, kRefused);
    EXPECT_THAT(said.err, HasSubstr("imece login"));
}

TEST(Commands, do_not_carry_a_session_to_another_server) {
    Terminal terminal;
    ASSERT_TRUE(write_session(terminal.path("config") / "imece" / "session.json",
                              {"10.0.0.1:7310", "ayse", "access", "refresh"}));
    const Said said = terminal.run({"desk", "list", "--server", "127.0.0.1:1"});
    EXPECT_EQ(said.status, kRefused);
    EXPECT_THAT(said.err, HasSubstr("signed in at 10.0.0.1:7310"));
}

TEST(Commands, refuse_files_that_cannot_be_used) {
    Terminal terminal;
    const std::string nowhere = terminal.path("nowhere").string();
    EXPECT_EQ(terminal.run({"device", "enrol", "--key", nowhere, "--token-file", nowhere}).status,
              kFailed);
    const std::string empty = put(terminal.path("empty"), "");
    EXPECT_EQ(terminal.run({"device", "enrol", "--key", nowhere, "--token-file", empty}).status,
              kFailed);
    const Said said = terminal.run({"message", "send", "--as", nowhere, "--to", "desk:112", "hi"});
    EXPECT_EQ(said.status, kFailed);
    EXPECT_THAT(said.err, HasSubstr("[DEVICE_FILE_MISSING]"));
    EXPECT_EQ(terminal.run({"status", "--server", "example.org:7310", "--ca", nowhere}).status,
              kFailed);
}

struct ExitCase {
    ErrorCode code;
    const char* reason;
    Exit status;
};
TEST(ExitStatus, follows_the_error) {
    for (const ExitCase& one : {ExitCase{ErrorCode::kUnavailable, "PEER_UNREACHABLE", kUnreachable},
                                ExitCase{ErrorCode::kUnavailable, "STORE_DOWN", kFailed},
                                ExitCase{ErrorCode::kUnavailable, "SHUTTING_DOWN", kUnreachable},
                                ExitCase{ErrorCode::kDeadlineExceeded, "PEER_ERROR", kUnreachable},
                                ExitCase{ErrorCode::kDeadlineExceeded, "MESSAGE_EXPIRED", kFailed},
                                ExitCase{ErrorCode::kUnauthenticated, "LOGIN_REFUSED", kRefused},
                                ExitCase{ErrorCode::kPermissionDenied, "ROLE_MISSING", kRefused},
                                ExitCase{ErrorCode::kInvalidArgument, "ARGUMENT_INVALID", kUsage},
                                ExitCase{ErrorCode::kNotFound, "MESSAGE_UNKNOWN", kFailed}})
        EXPECT_EQ(exit_of({one.code, one.reason, ""}), one.status) << one.reason;
}

TEST(SessionFile, is_for_its_owner_alone) {
    const testkit::TempDir dir;
    const auto file = dir.path() / "imece" / "session.json";
    EXPECT_FALSE(read_session(file)->has_value());
    ASSERT_TRUE(write_session(file, {"127.0.0.1:7310", "ayse", "a", "r"}));
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    ASSERT_EQ(::stat(file.parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    const auto session = read_session(file);
    ASSERT_TRUE(session && *session);
    EXPECT_EQ((*session)->user, "ayse");
    EXPECT_EQ((*session)->refresh_token, "r");

    ::chmod(file.c_str(), 0644);
    EXPECT_EQ(read_session(file).error().reason, "FILE_UNUSABLE");
    for (const char* text : {"", "{", "[]", "{\"server\":1}", "{\"server\":\"x\"}"}) {
        put(file, text);
        EXPECT_EQ(read_session(file).error().reason, "FILE_UNUSABLE") << text;
    }
}

TEST(Output, keeps_the_terminal_safe_and_columns_straight) {
    EXPECT_EQ(plain("a\x1b[31mb\n"), "a?[31mb?");
    std::ostringstream out;
    print_table(out, {{"NAME", "N"}, {"a", "10"}, {"longer", "2"}});
    EXPECT_EQ(out.str(), "NAME    N\na       10\nlonger  2\n");
}

Health health_of(const std::vector<Finding>& findings, const std::string& check) {
    for (const Finding& finding : findings)
        if (finding.check == check) return finding.health;
    ADD_FAILURE() << "no finding on " << check;
    return Health::kOk;
}

TEST(Doctor, looks_at_the_data_directory) {
    const testkit::TempDir dir;
    const auto data = dir.path() / "data";
    EXPECT_EQ(health_of(check_data(data), "data"), Health::kFailed);

    put(data / "identity" / "store.db", std::string(3000, 'x'));
    ::chmod((data / "identity").c_str(), 0700);
    ::chmod(data.c_str(), 0755);
    EXPECT_EQ(health_of(check_data(data), "permissions"), Health::kFailed);
    ::chmod(data.c_str(), 0700);
    EXPECT_EQ(health_of(check_data(data), "permissions"), Health::kOk);
    put(data / "clock", "1 0 0", 0644);
    EXPECT_EQ(health_of(check_data(data), "permissions"), Health::kWarning);
    ::chmod((data / "clock").c_str(), 0600);

    put(data / "setup-link", "http://127.0.0.1:8080/setup#t");
    EXPECT_EQ(health_of(check_data(data), "operator"), Health::kWarning);
    EXPECT_EQ(health_of(check_data(data), "process"), Health::kWarning);
    const auto findings = check_data(data);
    EXPECT_TRUE(std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.what == "identity holds 2.9 KiB"; }));
}

TEST(Doctor, looks_at_the_backend) {
    const TimePoint now = from_unix_ms(1'675'646'254'000);
    const auto health = [&](const std::string& version, TimePoint at, bool exercise,
                            const char* check) {
        imece::site::v1::Site site;
        site.set_version(version);
        site.set_exercise(exercise);
        *site.mutable_now() = runtime::to_proto(at);
        return health_of(check_site(site, now), check);
    };
    EXPECT_EQ(health("0", now, false, "version"), Health::kWarning);
    EXPECT_EQ(health(IMECE_VERSION, now, false, "version"), Health::kOk);
    EXPECT_EQ(health("0", now + 4999ms, false, "time"), Health::kOk);
    EXPECT_EQ(health("0", now - 5s, false, "time"), Health::kWarning);
    EXPECT_EQ(health("0", now - 5h, true, "time"), Health::kOk);
    EXPECT_EQ(health_of(check_site(fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", ""), now),
                        "backend"),
              Health::kFailed);
    EXPECT_EQ(health_of(check_port("gateway", "127.0.0.1:1"), "gateway"), Health::kFailed);
    EXPECT_EQ(health_of(check_port("gateway", "nonsense"), "gateway"), Health::kFailed);
    EXPECT_EQ(check_clock().size(), 1u);
}

TEST(Doctor, fails_when_something_failed_and_says_what_to_do) {
    Terminal terminal;
    const Said said = terminal.run({"doctor", "--server", "127.0.0.1:1", "--http", "127.0.0.1:1"});
    EXPECT_EQ(said.status, kFailed);
    EXPECT_THAT(said.out, HasSubstr("failed   backend: "));
    EXPECT_THAT(said.out, HasSubstr("-> start it: imece serve"));
    const Said as_json =
        terminal.run({"doctor", "--json", "--server", "127.0.0.1:1", "--http", "127.0.0.1:1"});
    std::istringstream lines(as_json.out);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        EXPECT_FALSE(boost::json::parse(line).at("check").as_string().empty());
    EXPECT_GE(count, 5);
}

TEST(DataPath, is_given_or_in_the_environment_or_where_serve_puts_it) {
    Terminal terminal;
    std::istringstream in;
    std::ostringstream out;
    SystemClock clock;
    SystemRandom random;
    std::string set = "/srv/imece";
    const Shell shell{.out = out,
                      .err = out,
                      .in = in,
                      .clock = clock,
                      .random = random,
                      .variable = [&](const char*) { return set; }};
    EXPECT_EQ(data_path(shell, "/here"), "/here");
    EXPECT_EQ(data_path(shell, ""), "/srv/imece");
    set.clear();
    EXPECT_EQ(data_path(shell, "").parent_path(), "./var");
}

}  // namespace
}  // namespace imece::cli
