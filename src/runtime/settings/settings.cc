#include "runtime/settings/settings.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "base/assert.h"
#include "base/codec.h"
#include "base/result.h"
#include "imece/config/v1/config.grpc.pb.h"
#include "imece/config/v1/events.pb.h"
#include "runtime/bus/subscription.h"
#include "runtime/files/private_file.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/settings/key.h"

namespace imece::runtime {
namespace {

namespace pb = imece::config::v1;

constexpr const char* kSource = "config";
constexpr const char* kName = "settings";
constexpr std::uint8_t kFileVersion = 1;
constexpr std::chrono::seconds kReadTimeout{5};

using Values = std::map<std::string, SettingValue, std::less<>>;

struct Known {
    std::uint64_t revision = 0;
    Values values;
};

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
    if (in.version() != kFileVersion || !in.ok()) return std::nullopt;
    return known;
}

}  // namespace

struct Settings::State {
    std::filesystem::path file;
    mutable std::mutex mutex;
    Known known;

    /// Held while listeners are called, so that a token that has gone is never called again.
    std::mutex listeners_mutex;
    std::map<std::uint64_t, std::function<void(const Settings&)>> listeners;
    std::uint64_t next_listener = 1;

    Server* server = nullptr;
    std::unique_ptr<Subscription> subscription;
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
        log(LogLevel::kInfo, "settings_last_known_good",
            {{"revision", known.revision}, {"set", std::uint64_t(known.values.size())}});
    }

    /// What was learned holds even where it cannot be kept. Only the subscription's thread changes what is known.
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

    void replace(Known fresh, const Settings& self) {
        {
            const std::scoped_lock lock(mutex);
            const bool same = fresh.revision == known.revision && fresh.values == known.values;
            known = std::move(fresh);
            if (same) return;
        }
        keep();
        tell(self);
    }
    void tell(const Settings& self) {
        const std::scoped_lock lock(listeners_mutex);
        for (const auto& [key, apply] : listeners) apply(self);
    }

    Result<pb::ListSettingsResponse> ask() {
        {
            const std::scoped_lock lock(context_mutex);
            if (stopping) return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "stopped");
            context = std::make_unique<grpc::ClientContext>();
        }
        context->set_deadline(std::chrono::system_clock::now() + kReadTimeout);
        server->sign_as_service(*context, kName);
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
        Known fresh{.revision = answer->revision(), .values = {}};
        for (const pb::Setting& one : answer->settings())
            if (one.is_set()) put(fresh.values, one.key(), one.value());
        replace(std::move(fresh), self);
        log(LogLevel::kInfo, "settings_followed", {{"revision", answer->revision()}});
        said_lost = false;
        following = true;
        return answer->revision();
    }

    Status apply(const Event& event, const Settings& self) {
        Known fresh;
        {
            const std::scoped_lock lock(mutex);
            fresh = known;
        }
        fresh.revision = event.position;
        if (pb::SettingChanged change;
            event.type == "config.changed.v1" && change.ParseFromString(event.data)) {
            if (change.value().empty())
                fresh.values.erase(change.key());
            else
                put(fresh.values, change.key(), change.value());
            log(LogLevel::kInfo, "setting_changed",
                {{"key", change.key()}, {"revision", event.position}});
        }
        replace(std::move(fresh), self);
        return {};
    }
};

Settings::Settings() : state_(std::make_unique<State>()) {}

Settings::Settings(std::filesystem::path file, Metrics& metrics)
    : state_(std::make_unique<State>()) {
    state_->file = std::move(file);
    state_->load();
    state_->gauges = {
        metrics.gauge("imece_settings_revision", "Of the last change that is known.", {},
                      [this] { return double(revision()); }),
        metrics.gauge("imece_settings_following",
                      "1 while the config service is heard; 0: on the last known good copy.", {},
                      [state = state_.get()] { return state->following ? 1.0 : 0.0; })};
}

Settings::~Settings() {
    stop();
    state_->gauges.clear();
}

void Settings::follow(Server& server, Random& random) {
    state_->server = &server;
    state_->subscription = std::make_unique<Subscription>(
        server, random,
        Subscription::Options{
            .source = kSource,
            .as = kName,
            .position = [this] { return state_->read_all(*this); },
            .apply = one_by_one(
                [this](const Event& event) { return state_->apply(event, *this); }),
            .reset = {}});
    state_->subscription->start();
}

void Settings::stop() {
    {
        const std::scoped_lock lock(state_->context_mutex);
        state_->stopping = true;
        if (state_->context) state_->context->TryCancel();
    }
    if (state_->subscription) state_->subscription->stop();
}

std::uint64_t Settings::number(std::string_view key, std::uint64_t otherwise) const {
    const auto value = state_->find(key, KeyKind::kNumber);
    return value ? std::get<std::uint64_t>(*value) : otherwise;
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

std::shared_ptr<void> Settings::on_change(std::function<void(const Settings&)> apply) {
    const std::scoped_lock lock(state_->listeners_mutex);
    apply(*this);
    const std::uint64_t key = state_->next_listener++;
    state_->listeners[key] = std::move(apply);
    return {nullptr, [state = state_.get(), key](void*) {
                const std::scoped_lock unlock(state->listeners_mutex);
                state->listeners.erase(key);
            }};
}

}  // namespace imece::runtime
