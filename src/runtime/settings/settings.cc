#include "runtime/settings/settings.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/assert.h"
#include "base/codec.h"
#include "base/result.h"
#include "imece/config/v1/config.grpc.pb.h"
#include "imece/config/v1/events.pb.h"
#include "imece/ledger/v1/events.pb.h"
#include "runtime/bus/subscription.h"
#include "runtime/files/private_file.h"
#include "runtime/module.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"
#include "runtime/settings/key.h"

namespace imece::runtime {
namespace {

namespace pb = imece::config::v1;

constexpr const char* kSource = "config";
constexpr const char* kLedger = "ledger";
constexpr const char* kEmergencyChanged = "emergency.changed.v1";
constexpr std::array<std::string_view, 2> kTightened{".emergency",
                                                     ".crisis"};  ///< From level 1 on.
constexpr const char* kName = "settings";
constexpr std::uint8_t kFileVersion = 1;
constexpr std::chrono::seconds kReadTimeout{5};

using Values = std::map<std::string, SettingValue, std::less<>>;

struct InForce {
    EmergencyLevel level = EmergencyLevel::kNormal;
    TimePoint expires_at;
    friend bool operator==(const InForce&, const InForce&) = default;
};

struct Known {
    std::uint64_t revision = 0;
    Values values;
    std::vector<InForce> emergencies;
    friend bool operator==(const Known&, const Known&) = default;

    EmergencyLevel level(TimePoint now) const {
        EmergencyLevel gravest = EmergencyLevel::kNormal;
        for (const InForce& one : emergencies)
            if (now < one.expires_at) gravest = std::max(gravest, one.level);
        return gravest;
    }
};

std::vector<InForce> to_emergencies(const imece::ledger::v1::EmergencyChanged& wire) {
    std::vector<InForce> all;
    for (const auto& one : wire.emergencies())
        all.push_back({.level = one.level() == imece::ledger::v1::CRISIS
                                    ? EmergencyLevel::kCrisis
                                    : EmergencyLevel::kEmergency,
                       .expires_at = from_proto(one.expires_at())});
    return all;
}

/// A value of a newer service need not be one of ours: such a key counts as not set.
void put(Values& values, const std::string& name, const std::string& text) {
    if (const Key* key = find_key(name))
        if (auto value = parse_setting(*key, text)) {
            values.insert_or_assign(name, *std::move(value));
            return;
        }
    values.erase(name);
    log(LogLevel::kWarn, "setting_not_understood", {{"key", name}});
}

std::string encoded(const Known& known) {
    Encoder out(kFileVersion);
    out.number(known.revision).number(std::uint32_t(known.values.size()));
    for (const auto& [key, value] : known.values) out.text(key).text(setting_text(value));
    out.number(std::uint32_t(known.emergencies.size()));
    for (const InForce& one : known.emergencies)
        out.number(std::uint8_t(one.level)).time(one.expires_at);
    return out.take();
}

std::optional<Known> decoded(std::string_view bytes) {
    Decoder in(bytes);
    Known known;
    known.revision = in.number<std::uint64_t>();
    for (auto left = in.number<std::uint32_t>(); left > 0 && in.good(); --left) {
        const std::string key = in.text();
        put(known.values, key, in.text());
    }
    for (auto left = in.number<std::uint32_t>(); left > 0 && in.good(); --left) {
        const auto level = EmergencyLevel(in.number<std::uint8_t>());
        known.emergencies.push_back({.level = level, .expires_at = in.time()});
    }
    if (in.version() != kFileVersion || !in.ok()) return std::nullopt;
    return known;
}

}  // namespace

struct Settings::State {
    std::filesystem::path file;
    const Clock* clock = nullptr;
    mutable std::mutex mutex;
    Known known;  ///< Changed with both mutexes held, read with either.

    std::mutex changing;  ///< Held from a change to its listeners: one change at a time.
    std::condition_variable_any changed;
    bool emergencies_changed =
        false;  ///< Since the lapses were last looked at; under `changing`, as the next.
    EmergencyLevel told_level = EmergencyLevel::kNormal;
    std::map<std::uint64_t, std::function<void(const Settings&)>> listeners;
    std::uint64_t next_listener = 1;

    Server* server = nullptr;
    std::unique_ptr<Subscription> subscription;
    std::unique_ptr<Subscription> ledger;
    /// Each process begins at 0: only the last of the emergencies told counts.
    std::uint64_t ledger_position = 0;
    std::jthread lapse;  ///< Tells the listeners when an emergency expires.
    std::mutex context_mutex;
    std::unique_ptr<grpc::ClientContext> context;  ///< Of the read under way, to cut it off.
    bool stopping = false;
    std::atomic<bool> following{false};
    bool said_lost = false;
    std::vector<std::shared_ptr<void>> gauges;

    void load() {
        const auto bytes = read_private_file(file);
        if (bytes && !*bytes) return;
        const auto read = bytes ? decoded(**bytes) : std::nullopt;
        if (!read) {
            log(LogLevel::kError, "settings_unreadable", {{"file", file.string()}});
            return;
        }
        known = *read;
        told_level = known.level(clock->now());
        log(LogLevel::kInfo, "settings_last_known_good",
            {{"revision", known.revision},
             {"set", std::uint64_t(known.values.size())},
             {"level", std::uint64_t(told_level)}});
    }

    /// What was learned holds even where it cannot be kept.
    void keep() {
        if (const auto kept = write_private_file(file, encoded(known)); !kept)
            log(LogLevel::kError, "settings_not_kept", {{"message", kept.error().message}});
    }

    std::optional<SettingValue> find(std::string_view name, KeyKind kind) const {
        const Key* key = find_key(name);
        IMECE_ASSERT(key != nullptr && key->kind == kind);
        const std::scoped_lock lock(mutex);
        const auto found = known.values.find(name);
        if (found == known.values.end()) return std::nullopt;
        return found->second;
    }

    void change(const Settings& self, const std::function<void(Known&)>& apply) {
        const std::scoped_lock one_at_a_time(changing);
        Known fresh = known;
        apply(fresh);
        if (fresh == known) return;
        emergencies_changed |= fresh.emergencies != known.emergencies;
        {
            const std::scoped_lock lock(mutex);
            known = std::move(fresh);
        }
        changed.notify_all();
        keep();
        tell(self);
    }
    /// With `changing` held.
    void tell(const Settings& self) {
        if (const EmergencyLevel now = self.level(); now != told_level) {
            told_level = now;
            log(LogLevel::kWarn, "emergency_level_changed", {{"level", std::uint64_t(now)}});
        }
        for (const auto& [key, apply] : listeners) apply(self);
    }

    /// Tells of the level that is in force by the clock, as soon as it is another than the one that was told of.
    void tell_lapses(const std::stop_token& stop, const Settings& self) {
        std::unique_lock lock(changing);
        while (!stop.stop_requested()) {
            if (self.level() != told_level) tell(self);
            TimePoint next = TimePoint::max();
            for (const InForce& one : known.emergencies)
                if (one.expires_at > clock->now()) next = std::min(next, one.expires_at);
            emergencies_changed = false;
            const auto is_changed = [this] { return emergencies_changed; };
            if (next == TimePoint::max())
                changed.wait(lock, stop, is_changed);
            else
                changed.wait_until(lock, stop, clock->wall_time_of(next), is_changed);
        }
    }

    Status apply_ledger(std::span<const Event> events, std::uint64_t through,
                        const Settings& self) {
        // Each says all that are in force: the last one is enough.
        imece::ledger::v1::EmergencyChanged wire;
        if (!events.empty() && wire.ParseFromString(events.back().data))
            change(self, [&](Known& now) { now.emergencies = to_emergencies(wire); });
        ledger_position = through;
        return {};
    }

    Result<pb::ListSettingsResponse> ask() {
        {
            const std::scoped_lock lock(context_mutex);
            if (stopping) return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "stopped");
            context = std::make_unique<grpc::ClientContext>();
        }
        context->set_deadline(std::chrono::system_clock::now() + kReadTimeout);
        server->sign_as_service(*context, kSource, kName);
        pb::ListSettingsResponse answer;
        const auto stub = pb::ConfigService::NewStub(server->channel(kSource));
        const grpc::Status status =
            stub->ListSettings(context.get(), pb::ListSettingsRequest{}, &answer);
        if (!status.ok()) return std::unexpected(from_grpc(status));
        return answer;
    }

    /// Everything as it is now, and from where to go on. Each stream of changes begins with it.
    Result<std::uint64_t> read_all(const Settings& self) {
        following = false;
        const auto answer = ask();
        if (!answer) {
            if (!said_lost)
                log(LogLevel::kWarn, "settings_on_last_known_good",
                    {{"revision", self.revision()}, {"message", answer.error().message}});
            said_lost = true;
            return std::unexpected(answer.error());
        }
        // A service that was restored, or began anew: what it says now holds, but somebody should know.
        if (answer->revision() < self.revision())
            log(LogLevel::kWarn, "settings_went_back",
                {{"from", self.revision()}, {"to", answer->revision()}});
        change(self, [&](Known& now) {
            now.revision = answer->revision();
            now.values.clear();
            for (const pb::Setting& one : answer->settings())
                if (one.is_set()) put(now.values, one.key(), one.value());
        });
        log(LogLevel::kInfo, "settings_followed", {{"revision", answer->revision()}});
        said_lost = false;
        following = true;
        return answer->revision();
    }

    Status apply(const Event& event, const Settings& self) {
        change(self, [&](Known& now) {
            now.revision = event.position;
            pb::SettingChanged wire;
            if (event.type != "config.changed.v1" || !wire.ParseFromString(event.data)) return;
            if (wire.value().empty())
                now.values.erase(wire.key());
            else
                put(now.values, wire.key(), wire.value());
            log(LogLevel::kInfo, "setting_changed",
                {{"key", wire.key()}, {"revision", event.position}});
        });
        return {};
    }
};

Settings::Settings() : state_(std::make_unique<State>()) {}

Settings::Settings(std::filesystem::path file, const Clock& clock, Metrics& metrics)
    : state_(std::make_unique<State>()) {
    state_->file = std::move(file);
    state_->clock = &clock;
    state_->load();
    state_->gauges = {
        metrics.gauge("imece_settings_revision", "Of the last change that is known.", {},
                      [this] { return double(revision()); }),
        metrics.gauge("imece_emergency_level", "In force: 0 normal, 1 emergency, 2 crisis.", {},
                      [this] { return double(level()); }),
        metrics.gauge("imece_settings_following",
                      "1 while the config service is heard; 0: on the last known good copy.", {},
                      [state = state_.get()] { return state->following ? 1.0 : 0.0; })};
}

Settings::~Settings() {
    stop();
    state_->gauges.clear();
}

void Settings::follow(Process& process) {
    state_->server = &process.server;
    state_->subscription = std::make_unique<Subscription>(
        process, Subscription::Options{.source = kSource,
                                       .as = kName,
                                       .position = [this] { return state_->read_all(*this); },
                                       .apply = one_by_one([this](const Event& event) {
                                           return state_->apply(event, *this);
                                       }),
                                       .reset = {}});
    state_->ledger = std::make_unique<Subscription>(
        process,
        Subscription::Options{.source = kLedger,
                              .as = kName,
                              .types = {kEmergencyChanged},
                              .position = [state = state_.get()]() -> Result<std::uint64_t> {
                                  return state->ledger_position;
                              },
                              .apply =
                                  [this](std::span<const Event> events, std::uint64_t through) {
                                      return state_->apply_ledger(events, through, *this);
                                  },
                              .reset = [state = state_.get()]() -> Status {
                                  state->ledger_position = 0;
                                  return {};
                              }});
    state_->lapse =
        std::jthread([this](const std::stop_token& stop) { state_->tell_lapses(stop, *this); });
    state_->subscription->start();
    state_->ledger->start();
}

void Settings::stop() {
    {
        const std::scoped_lock lock(state_->context_mutex);
        state_->stopping = true;
        if (state_->context) state_->context->TryCancel();
    }
    if (state_->subscription) state_->subscription->stop();
    if (state_->ledger) state_->ledger->stop();
    state_->lapse = {};
}

std::uint64_t Settings::number(std::string_view key, std::uint64_t otherwise) const {
    const auto value = state_->find(key, KeyKind::kNumber);
    std::uint64_t number = value ? std::get<std::uint64_t>(*value) : otherwise;
    const auto grave = std::size_t(level());
    for (std::size_t i = 0; i < grave; ++i) {
        const Key* const tightened = find_key(std::string(key).append(kTightened[i]));
        if (tightened == nullptr) continue;
        const auto set = state_->find(tightened->name, KeyKind::kNumber);
        number = std::min(number,
                          std::get<std::uint64_t>(
                              set ? *set : *parse_setting(*tightened, tightened->default_value)));
    }
    return number;
}

Duration Settings::duration(std::string_view key, Duration otherwise) const {
    const auto value = state_->find(key, KeyKind::kDuration);
    return value ? std::get<Duration>(*value) : otherwise;
}

std::string Settings::choice(std::string_view key, std::string_view otherwise) const {
    const auto value = state_->find(key, KeyKind::kChoice);
    return value ? std::get<std::string>(*value) : std::string(otherwise);
}

bool Settings::is_on(std::string_view key, const Subject& subject) const {
    const auto value = state_->find(key, KeyKind::kFlag);
    const Flag flag = value ? std::get<Flag>(*value) : *parse_flag(find_key(key)->default_value);
    return flag.is_on(key, subject);
}

std::uint64_t Settings::revision() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->known.revision;
}

EmergencyLevel Settings::level() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->known.emergencies.empty() ? EmergencyLevel::kNormal
                                             : state_->known.level(state_->clock->now());
}

std::shared_ptr<void> Settings::on_change(std::function<void(const Settings&)> apply) {
    const std::scoped_lock lock(state_->changing);
    apply(*this);
    const std::uint64_t key = state_->next_listener++;
    state_->listeners[key] = std::move(apply);
    return {nullptr, [state = state_.get(), key](void*) {
                const std::scoped_lock unlock(state->changing);
                state->listeners.erase(key);
            }};
}

}  // namespace imece::runtime
