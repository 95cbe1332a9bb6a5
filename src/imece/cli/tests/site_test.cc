// The commands against a real site: identity, discovery and messaging in this process, over a
// socket.
#include <gmock/gmock.h>
#include <grpcpp/impl/service_type.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "discovery/module.h"
#include "identity/module.h"
#include "imece/cli/session_file.h"
#include "imece/cli/tests/terminal.h"
#include "messaging/module.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/modules.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/site_service.h"
#include "runtime/settings/settings.h"
#include "sdk/cpp/device.h"
#include "testkit/fake_clock.h"

namespace imece::cli {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

/// As `imece serve --exercise --target identity,discovery,messaging` puts it together.
class Site {
public:
    Site(const std::filesystem::path& data, const Clock& clock)
        : clock_(clock),
          process_{clock_, random_, metrics_, server_, outboxes_, {"test", true, "0"}, data} {
        std::filesystem::create_directories(data);
        identity::Config identity;
        identity.show_setup_link = [](std::string_view) {};
        modules_.add("identity", {},
                     [this, identity] { return identity::make(process_, identity, door_); });
        modules_.add("discovery", {"identity"},
                     [this] { return discovery::make(process_, discovery::Config{}, door_); });
        modules_.add("messaging", {"discovery"}, [this] {
            return messaging::make(process_, messaging::Config{}, door_, trust_, settings_);
        });
        EXPECT_TRUE(modules_.make("messaging"));
        site_ = runtime::make_site_service(process_, door_, modules_.made());
        bus_ = runtime::make_bus_service(outboxes_, door_, server_);
        server_.add("site", *site_);
        server_.add("bus", *bus_);
        EXPECT_TRUE(server_.start());
        trust_.follow(server_, random_);
        EXPECT_TRUE(modules_.start());
    }
    ~Site() {
        modules_.drain();
        trust_.stop();
        server_.stop(std::chrono::milliseconds(200));
        modules_.stop();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }

private:
    const Clock& clock_;
    SystemRandom random_;
    runtime::Metrics metrics_;
    runtime::Server server_{runtime::RpcConfig{.listen = "127.0.0.1:0"}};
    runtime::Outboxes outboxes_;
    runtime::TrustStore trust_{clock_};
    runtime::Settings settings_;
    runtime::Door door_{
        {.random = random_, .metrics = metrics_, .server = server_, .trust = trust_}};
    runtime::Process process_;
    runtime::Modules modules_;
    std::unique_ptr<grpc::Service> site_;
    std::unique_ptr<grpc::Service> bus_;
};

class SiteTest : public testing::Test {
protected:
    static constexpr const char* kPassword = "correct horse battery";

    std::string file(const std::string& name, const std::string& text) {
        std::ofstream(terminal_.path(name)) << text;
        return terminal_.path(name).string();
    }
    std::string path(const std::string& name) { return terminal_.path(name).string(); }
    /// Runs a command that must succeed, and reads its JSON.
    json::value ask(std::vector<std::string> words, const std::string& input = "") {
        words.push_back("--json");
        const Said said = terminal_.run(words, input);
        EXPECT_EQ(said.status, kOk) << said.err;
        json::error_code bad;
        json::value value = json::parse(said.out, bad);
        EXPECT_FALSE(bad) << said.out;
        return value;
    }
    /// Until it succeeds: news of a new device takes a moment to reach the other services.
    Said until_ok(const std::vector<std::string>& words) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        for (;;) {
            Said said = terminal_.run(words);
            if (said.status == kOk || std::chrono::steady_clock::now() > give_up) return said;
            std::this_thread::yield();
        }
    }
    std::string text(const json::value& value, const char* key) {
        return std::string(value.at(key).as_string());
    }
    void make_operator() {
        const auto user = ask({"user", "add", "ayse", "--role", "operator", "--password-file",
                               file("password", std::string(kPassword) + "\n")});
        EXPECT_EQ(text(user, "name"), "ayse");
        ask({"login", "--user", "ayse", "--password-file", path("password")});
    }
    std::string enrol(const std::string& name, const std::string& token) {
        return text(ask({"device", "enrol", "--token-file", file("token", token), "--key",
                         path(name + ".key"), "--label", name}),
                    "deviceId");
    }

    testkit::TempDir data_;
    testkit::FakeClock clock_{
        std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())};
    Site site_{data_.path() / "site", clock_};
    Terminal terminal_{site_.address()};
    void SetUp() override { terminal_.set("IMECE_DATA", (data_.path() / "site").string()); }
};

TEST_F(SiteTest, from_the_first_operator_to_a_delivered_word) {
    // Without an operator: the first user is one.
    Said said = terminal_.run({"user", "add", "x", "--role", "citizen", "--generate"});
    EXPECT_EQ(said.status, kUsage);
    make_operator();
    EXPECT_FALSE(std::filesystem::exists(data_.path() / "site" / "setup-link"));
    const auto made =
        ask({"user", "add", "mehmet", "--role", "responder", "--role", "dispatcher", "--generate"});
    EXPECT_EQ(made.at("roles").as_array().size(), 2u);
    EXPECT_GE(made.at("password").as_string().size(), 20u);

    // Devices and a desk.
    const auto token = ask({"enrolment-token", "create", "--quota", "2", "--expires-in", "1h",
                            "--class", "life_critical", "--class", "COMMUNICATION"});
    EXPECT_EQ(token.at("quota").as_int64(), 2);
    const std::string sender = enrol("sender", text(token, "token"));
    EXPECT_EQ(enrol("sender", text(token, "token")), sender);  // Safe to repeat.
    const std::string receiver = enrol("receiver", text(token, "token"));
    struct stat info{};
    ASSERT_EQ(::stat(path("sender.key").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto desk =
        ask({"desk", "add", "112 Hatay", "--key", path("desk.key"), "--device", receiver});
    EXPECT_EQ(desk.at("deviceIds").as_array().size(), 1u);
    said = terminal_.run({"desk", "list"});
    EXPECT_THAT(said.out, HasSubstr("112 Hatay"));

    // Messages, to a device and to a desk.
    for (const std::string& to : {"device:" + receiver, std::string("desk:112 Hatay")}) {
        said = until_ok({"message", "send", "--as", path("sender.key"), "--to", to, "--class",
                         "LIFE_CRITICAL", "--ttl", "2h", "two people under the stairs"});
        ASSERT_EQ(said.status, kOk) << said.err;
        EXPECT_THAT(said.out, HasSubstr("(exercise)"));
        const std::string id = said.out.substr(0, said.out.find('\n'));
        const auto message = ask({"message", "show", id});
        EXPECT_EQ(text(message, "senderDeviceId"), sender);
        EXPECT_EQ(text(message, "priority"), "LIFE_CRITICAL");
        EXPECT_TRUE(message.at("exercise").as_bool());
        const auto explained = ask({"message", "explain", id, "--as", path("sender.key")});
        EXPECT_EQ(text(explained.at("message"), "messageId"), id);
        EXPECT_THAT(terminal_.run({"message", "explain", id}).out, HasSubstr("why     "));
        EXPECT_THAT(terminal_.run({"message", "show", id}).out, HasSubstr("LIFE_CRITICAL"));
    }

    // What the services tell each other.
    said = terminal_.run(
        {"events", "tail", "--source", "messaging", "--after", "0", "--count", "2", "--json"});
    EXPECT_EQ(said.status, kOk) << said.err;
    std::istringstream lines(said.out);
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const auto event = json::parse(line);
    EXPECT_EQ(text(event, "type"), "message.accepted.v1");
    EXPECT_EQ(text(event.at("data"), "priority"), "LIFE_CRITICAL");
    said =
        terminal_.run({"events", "tail", "--source", "identity", "--after", "0", "--count", "1"});
    EXPECT_THAT(said.out, HasSubstr("user.created.v1"));
    EXPECT_EQ(terminal_.run({"events", "tail", "--source", "weather", "--after", "0"}).status,
              kFailed);

    // The state of things.
    const auto status = ask({"status"});
    EXPECT_TRUE(status.at("site").at("exercise").as_bool());
    EXPECT_EQ(status.at("queues").at("classes").as_array().size(), 5u);
    EXPECT_THAT(terminal_.run({"status"}).out, HasSubstr("LIFE_CRITICAL"));
    EXPECT_THAT(terminal_.run({"topology", "show", "--nodes"}).out, HasSubstr("0 nodes"));
    EXPECT_TRUE(ask({"topology", "show"}).at("nodes").as_array().empty());
    EXPECT_THAT(terminal_.run({"doctor"}).out, HasSubstr("ok       backend: site test answers"));
}

TEST_F(SiteTest, users_go_and_come_back_and_people_check_in) {
    make_operator();
    ask({"user", "add", "mehmet", "--role", "citizen", "--password-file", path("password")});
    const std::vector<std::string> as_mehmet{"check-in",        "search",        "--phone",
                                             "05321234567",     "--user",        "mehmet",
                                             "--password-file", path("password")};
    const auto recorded = ask({"check-in", "add", "Ayşe Yılmaz", "--phone", "+90 532 123 45 67",
                               "--is", "needs_help", "--place", "Antakya"});
    EXPECT_EQ(text(recorded, "wellbeing"), "NEEDS_HELP");
    EXPECT_THAT(terminal_.run(as_mehmet).out, HasSubstr("NEEDS_HELP"));
    EXPECT_THAT(terminal_.run({"check-in", "search", "--name", "yilmaz ays"}).out,
                HasSubstr("Ayşe Yılmaz"));

    EXPECT_EQ(terminal_.run({"user", "disable", "mehmet"}).out, "disabled mehmet\n");
    EXPECT_THAT(terminal_.run({"user", "list"}).out, HasSubstr("CITIZEN"));
    EXPECT_THAT(terminal_.run(as_mehmet).err, HasSubstr("[LOGIN_REFUSED]"));
    EXPECT_EQ(terminal_.run({"user", "enable", "mehmet"}).out, "enabled mehmet\n");
    EXPECT_EQ(terminal_.run(as_mehmet).status, kOk);
    const auto exported = ask({"user", "export", "mehmet"});
    EXPECT_EQ(text(exported.at("user"), "name"), "mehmet");
    EXPECT_EQ(exported.at("sessions").as_array().size(), 1u);  // The other ended with disabling.
    EXPECT_EQ(terminal_.run({"user", "end-sessions", "mehmet"}).status, kOk);
    EXPECT_THAT(terminal_.run({"user", "erase", "ayse"}).err, HasSubstr("[LAST_OPERATOR]"));
    EXPECT_EQ(terminal_.run({"user", "erase", "mehmet"}).status, kOk);
    EXPECT_THAT(terminal_.run({"user", "export", "mehmet"}).err, HasSubstr("[USER_UNKNOWN]"));
    EXPECT_EQ(terminal_.run({"check-in", "erase", text(recorded, "checkInId")}).status, kOk);
    EXPECT_THAT(terminal_.run({"check-in", "search", "--phone", "05321234567"}).out,
                Not(HasSubstr("Ayşe")));
}

TEST_F(SiteTest, without_the_right_it_is_status_4) {
    make_operator();
    ask({"user", "add", "mehmet", "--role", "citizen", "--password-file", path("password")});
    EXPECT_EQ(
        terminal_.run({"topology", "show", "--user", "mehmet", "--password-file", path("password")})
            .status,
        kRefused);
    const Said wrong = terminal_.run(
        {"login", "--user", "mehmet", "--password-file", file("wrong", "not the password")});
    EXPECT_EQ(wrong.status, kRefused);
    EXPECT_THAT(wrong.err, HasSubstr("[LOGIN_REFUSED]"));
    // Anyone may see the status; by name only those with the right see the queues.
    EXPECT_EQ(
        terminal_.run({"status", "--user", "mehmet", "--password-file", path("password")}).status,
        kRefused);
    EXPECT_EQ(terminal_
                  .run({"user", "add", "ali", "--role", "citizen", "--generate", "--as-user",
                        "mehmet", "--as-password-file", path("password")})
                  .status,
              kRefused);

    const auto out = terminal_.run({"logout"});
    EXPECT_EQ(out.status, kOk) << out.err;
    EXPECT_EQ(terminal_.run({"topology", "show"}).status, kRefused);
    EXPECT_THAT(terminal_.run({"status"}).out, HasSubstr("queues    not shown"));
}

TEST_F(SiteTest, the_session_is_renewed_and_ends_with_its_refresh_token) {
    make_operator();
    const auto file = terminal_.path("config") / "imece" / "session.json";
    const std::string before = (*read_session(file))->access_token;
    clock_.advance(std::chrono::minutes(16));
    EXPECT_EQ(terminal_.run({"desk", "list"}).status, kOk);
    const std::string after = (*read_session(file))->access_token;
    EXPECT_NE(after, before);
    EXPECT_EQ(terminal_.run({"desk", "list"}).status, kOk);
    EXPECT_EQ((*read_session(file))->access_token, after);
    clock_.advance(std::chrono::minutes(16));
    EXPECT_EQ(
        terminal_.run({"events", "tail", "--source", "identity", "--after", "0", "--count", "1"})
            .status,
        kOk);
    clock_.advance(std::chrono::hours(8 * 24));
    const Said said = terminal_.run({"desk", "list"});
    EXPECT_EQ(said.status, kRefused);
    EXPECT_THAT(said.err, HasSubstr("[REFRESH_REFUSED]"));
}

TEST_F(SiteTest, the_secrets_stay_in_their_files) {
    const Said added =
        terminal_.run({"user", "add", "ayse", "--role", "OPERATOR", "--password-file", "-"},
                      std::string(kPassword) + "\n");
    EXPECT_EQ(added.status, kOk) << added.err;
    const Said said = terminal_.run(
        {"login", "--user", "ayse", "--json", "--password-file", file("password", kPassword)});
    const auto session = read_session(terminal_.path("config") / "imece" / "session.json");
    ASSERT_TRUE(session && *session);
    EXPECT_THAT(said.out, testing::Not(HasSubstr((*session)->access_token)));
    EXPECT_THAT(said.out, testing::Not(HasSubstr((*session)->refresh_token)));
    EXPECT_THAT(added.out, testing::Not(HasSubstr(kPassword)));
}

}  // namespace
}  // namespace imece::cli
