// Following the config service, and going on without it.
#include "runtime/settings/settings.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "imece/config/v1/config.grpc.pb.h"
#include "imece/config/v1/events.pb.h"
#include "imece/ledger/v1/events.pb.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/module.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"
#include "runtime/settings/key.h"
#include "testkit/fake_clock.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

namespace pb = imece::config::v1;
using namespace std::chrono_literals;

/// A service's log in memory.
class MemoryLog : public OutboxReader {
public:
    MemoryLog(Outboxes& outboxes, const char* source) : outboxes_(outboxes), source_(source) {
        outboxes.add(source, *this);
    }

    void append(const char* type, const std::string& data) {
        {
            const std::scoped_lock lock(mutex_);
            Event event;
            event.type = type;
            event.data = data;
            event.position = events_.size() + 1;
            events_.push_back(std::move(event));
        }
        outboxes_.committed(source_);
    }
    Result<std::vector<Event>> read_after(std::uint64_t position, std::size_t max) override {
        const std::scoped_lock lock(mutex_);
        std::vector<Event> out;
        for (std::size_t i = position; i < events_.size() && out.size() < max; ++i)
            out.push_back(events_[i]);
        return out;
    }
    std::uint64_t last_position() override {
        const std::scoped_lock lock(mutex_);
        return events_.size();
    }

private:
    Outboxes& outboxes_;
    const char* const source_;
    std::mutex mutex_;
    std::vector<Event> events_;
};

/// The config service in memory: what is set, and the log of it.
class FakeConfig final : public pb::ConfigService::Service {
public:
    explicit FakeConfig(Outboxes& outboxes) : log_(outboxes, "config") {}

    void set(const std::string& key, const std::string& value) {
        {
            const std::scoped_lock lock(mutex_);
            if (value.empty())
                values_.erase(key);
            else
                values_[key] = value;
            ++revision_;
        }
        pb::SettingChanged change;
        change.set_key(key);
        change.set_value(value);
        log_.append("config.changed.v1", change.SerializeAsString());
    }
    void tell(const char* type) {
        {
            const std::scoped_lock lock(mutex_);
            ++revision_;
        }
        log_.append(type, "");
    }
    grpc::Status ListSettings(grpc::ServerContext*, const pb::ListSettingsRequest*,
                              pb::ListSettingsResponse* response) override {
        const std::scoped_lock lock(mutex_);
        response->set_revision(revision_);
        for (const auto& [key, value] : values_) {
            pb::Setting& setting = *response->add_settings();
            setting.set_key(key);
            setting.set_value(value);
            setting.set_is_set(true);
        }
        pb::Setting& unset = *response->add_settings();
        unset.set_key("messaging.body_bytes_max");
        unset.set_value("16384");
        return grpc::Status::OK;
    }

private:
    MemoryLog log_;
    std::mutex mutex_;
    std::map<std::string, std::string> values_;
    std::uint64_t revision_ = 0;
};

/// The ledger's log in memory.
class FakeLedger {
public:
    explicit FakeLedger(Outboxes& outboxes) : log_(outboxes, "ledger") {}

    /// What is in force from now on.
    void tell(const std::vector<std::pair<imece::ledger::v1::Level, TimePoint>>& emergencies) {
        imece::ledger::v1::EmergencyChanged data;
        for (const auto& [level, expires_at] : emergencies) {
            auto& one = *data.add_emergencies();
            one.set_level(level);
            *one.mutable_expires_at() = to_proto(expires_at);
        }
        log_.append("emergency.changed.v1", data.SerializeAsString());
    }

private:
    MemoryLog log_;
};

/// A process, with the config service in it or without.
class Host {
public:
    explicit Host(bool with_config) {
        if (with_config) server_.add("config", config);
        server_.add("bus", *bus_);
        EXPECT_TRUE(server_.start());
    }
    ~Host() { server_.stop(1s); }
    Process& process() { return process_; }

private:
    testkit::FakeClock clock_;
    SystemRandom random_;
    Metrics metrics_;
    Outboxes outboxes_;
    Server server_{RpcConfig{.listen = ""}};
    TrustStore trust_{clock_};
    Process process_{clock_, random_, metrics_, server_, outboxes_, {"test", true, "0"}, "."};
    Door door_{{.random = random_, .metrics = metrics_, .server = server_, .trust = trust_}};
    std::unique_ptr<grpc::Service> bus_ = make_bus_service(outboxes_, door_, server_);

public:
    FakeConfig config{outboxes_};
    FakeLedger ledger{outboxes_};
};

class SettingsTest : public testing::Test {
protected:
    std::filesystem::path file() const { return dir_.path() / "settings"; }
    void open() { settings_ = std::make_unique<Settings>(file(), clock_, metrics_); }
    void follow(Host& host) {
        open();
        heard_ = settings_->on_change([this](const Settings& now) {
            const std::scoped_lock lock(mutex_);
            revision_ = now.revision();
            level_ = now.level();
            changed_.notify_all();
        });
        settings_->follow(host.process());
    }
    bool wait_for(std::uint64_t revision) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return revision_ >= revision; });
    }
    bool wait_for(EmergencyLevel level) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return level_ == level; });
    }
    void stop() {
        heard_.reset();
        settings_.reset();
    }
    std::uint64_t maintenance_share() const {
        return settings_->number("messaging.queue_share_maintenance", 60);
    }
    std::uint64_t queue_max() const { return settings_->number("messaging.queue_max", 7); }

    testkit::TempDir dir_;
    testkit::FakeClock clock_;
    Metrics metrics_;
    SystemRandom random_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t revision_ = 0;
    EmergencyLevel level_ = EmergencyLevel::kNormal;
    std::unique_ptr<Settings> settings_;
    std::shared_ptr<void> heard_;
};

TEST_F(SettingsTest, what_is_not_set_is_as_its_user_says) {
    const Settings none;
    EXPECT_EQ(none.number("messaging.queue_max", 7), 7u);
    EXPECT_EQ(none.duration("messaging.ttl_max", 5s), 5s);
    EXPECT_EQ(none.choice("process.log_level", "warn"), "warn");
    EXPECT_TRUE(none.is_on("gateway.web_sockets", {}));
    EXPECT_EQ(none.revision(), 0u);
}

TEST_F(SettingsTest, hears_what_is_set_and_then_each_change) {
    Host host(true);
    host.config.set("messaging.queue_max", "5000");
    host.config.set("gateway.web_sockets", "operator");
    follow(host);
    ASSERT_TRUE(wait_for(2));
    EXPECT_EQ(queue_max(), 5000u);
    EXPECT_EQ(settings_->number("messaging.body_bytes_max", 9), 9u) << "told, but not set";
    EXPECT_FALSE(settings_->is_on("gateway.web_sockets", {"user:1", {"CITIZEN"}}));
    host.config.set("messaging.queue_max", "6000");
    host.config.set("messaging.ttl_max", "1h");
    host.config.set("process.log_level", "error");
    ASSERT_TRUE(wait_for(5));
    EXPECT_EQ(queue_max(), 6000u);
    EXPECT_EQ(settings_->duration("messaging.ttl_max", 5s), 1h);
    EXPECT_EQ(settings_->choice("process.log_level", "info"), "error");
    host.config.set("messaging.queue_max", "");
    host.config.tell("secret.changed.v1");
    ASSERT_TRUE(wait_for(7));
    EXPECT_EQ(queue_max(), 7u);
    stop();
}

TEST_F(SettingsTest, goes_on_with_the_last_known_good_where_the_service_is_gone) {
    {
        Host host(true);
        host.config.set("messaging.queue_max", "5000");
        follow(host);
        ASSERT_TRUE(wait_for(1));
        stop();
    }
    struct stat info{};
    ASSERT_EQ(::stat(file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    Host host(false);
    follow(host);
    EXPECT_EQ(queue_max(), 5000u);
    EXPECT_EQ(settings_->revision(), 1u);
    stop();
}

TEST_F(SettingsTest, what_was_reset_meanwhile_is_not_kept_alive_by_the_copy) {
    {
        Host host(true);
        host.config.set("messaging.queue_max", "5000");
        follow(host);
        ASSERT_TRUE(wait_for(1));
        stop();
    }
    Host host(true);
    host.config.set("process.log_level", "warn");
    host.config.set("process.log_level", "");
    follow(host);
    ASSERT_TRUE(wait_for(2));
    EXPECT_EQ(queue_max(), 7u);
    stop();
}

TEST_F(SettingsTest, a_value_that_it_does_not_understand_counts_as_not_set) {
    Host host(true);
    host.config.set("messaging.queue_max", "5000");
    follow(host);
    ASSERT_TRUE(wait_for(1));
    host.config.set("messaging.queue_max", "a lot");
    host.config.set("of.a.newer.version", "1");
    ASSERT_TRUE(wait_for(3));
    EXPECT_EQ(queue_max(), 7u);
    stop();
    open();
    EXPECT_EQ(queue_max(), 7u);
    EXPECT_EQ(settings_->revision(), 3u);
}

TEST_F(SettingsTest, a_damaged_copy_is_no_copy) {
    {
        Host host(true);
        host.config.set("messaging.queue_max", "5000");
        follow(host);
        ASSERT_TRUE(wait_for(1));
        stop();
    }
    std::ifstream in(file(), std::ios::binary);
    const std::string good{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t size = 0; size < good.size(); ++size) {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << good.substr(0, size);
        open();
        EXPECT_EQ(queue_max(), 7u) << size;
        EXPECT_EQ(settings_->revision(), 0u);
    }
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << good;
    open();
    EXPECT_EQ(queue_max(), 5000u);
}

TEST_F(SettingsTest, an_emergency_tightens_limits_and_never_loosens_one) {
    using namespace imece::ledger::v1;
    Host host(true);
    follow(host);
    EXPECT_EQ(maintenance_share(), 60u);
    host.ledger.tell({{EMERGENCY, clock_.now() + 1h}});
    ASSERT_TRUE(wait_for(EmergencyLevel::kEmergency));
    EXPECT_EQ(maintenance_share(), 20u);
    EXPECT_EQ(queue_max(), 7u) << "has nothing tighter";
    host.ledger.tell({{CRISIS, clock_.now() + 1h}, {EMERGENCY, clock_.now() + 1h}});
    ASSERT_TRUE(wait_for(EmergencyLevel::kCrisis));
    EXPECT_EQ(maintenance_share(), 0u);
    host.config.set("messaging.queue_share_maintenance.crisis", "50");
    ASSERT_TRUE(wait_for(1));
    EXPECT_EQ(maintenance_share(), 20u) << "of the emergency's and the crisis's the lower";
    host.config.set("messaging.queue_share_maintenance", "10");
    ASSERT_TRUE(wait_for(2));
    EXPECT_EQ(maintenance_share(), 10u);
    host.ledger.tell({});
    ASSERT_TRUE(wait_for(EmergencyLevel::kNormal));
    EXPECT_EQ(maintenance_share(), 10u);
    stop();
}

TEST_F(SettingsTest, an_emergency_outlives_a_restart_without_the_ledger_and_not_its_expiry) {
    {
        Host host(true);
        follow(host);
        host.ledger.tell({{imece::ledger::v1::CRISIS, clock_.now() + 1h}});
        ASSERT_TRUE(wait_for(EmergencyLevel::kCrisis));
        stop();
    }
    open();
    EXPECT_EQ(settings_->level(), EmergencyLevel::kCrisis);
    EXPECT_EQ(maintenance_share(), 0u);
    clock_.advance(1h);
    EXPECT_EQ(settings_->level(), EmergencyLevel::kNormal);
    EXPECT_EQ(maintenance_share(), 60u);
}

TEST_F(SettingsTest, listeners_hear_that_an_emergency_has_expired) {
    SystemClock real;
    Host host(true);
    settings_ = std::make_unique<Settings>(file(), real, metrics_);
    heard_ = settings_->on_change([this](const Settings& now) {
        const std::scoped_lock lock(mutex_);
        level_ = now.level();
        changed_.notify_all();
    });
    settings_->follow(host.process());
    host.ledger.tell({{imece::ledger::v1::EMERGENCY, real.now() + 300ms}});
    ASSERT_TRUE(wait_for(EmergencyLevel::kEmergency));
    EXPECT_TRUE(wait_for(EmergencyLevel::kNormal)) << "though nobody says so";
    stop();
}

TEST_F(SettingsTest, a_listener_is_called_at_once_and_no_more_when_its_token_has_gone) {
    Host host(true);
    int calls = 0;
    open();
    auto token = settings_->on_change([&](const Settings&) { ++calls; });
    EXPECT_EQ(calls, 1);
    token.reset();
    host.config.set("messaging.queue_max", "5000");
    follow(host);
    ASSERT_TRUE(wait_for(1));
    EXPECT_EQ(calls, 1);
    stop();
}

}  // namespace
}  // namespace imece::runtime
