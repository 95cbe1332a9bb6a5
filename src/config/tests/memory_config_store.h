// The config store in memory: for the tests of its users, and to be broken on purpose.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/result.h"
#include "config/app/ports.h"

namespace imece::config {

/// What outlives a store that is opened anew.
struct MemoryState {
    std::mutex mutex;
    std::map<std::string, Setting> settings;
    std::map<std::string, std::pair<Secret, Bytes>> secrets;
    std::vector<Change> changes;
    std::uint64_t last = 0, compacted = 0;
};

class MemoryConfigStore : public ConfigStore {
public:
    explicit MemoryConfigStore(std::shared_ptr<MemoryState> state, std::uint64_t history_max = 100,
                               SecretLimits limits = {})
        : state_(std::move(state)), history_max_(history_max), limits_(limits) {}

    Result<Snapshot> read() override {
        const std::scoped_lock lock(state_->mutex);
        Snapshot snapshot{.revision = state_->last, .settings = {}};
        for (const auto& [key, setting] : state_->settings) snapshot.settings.push_back(setting);
        return snapshot;
    }
    Result<std::optional<Setting>> find(const std::string& key) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->settings.find(key);
        if (found == state_->settings.end()) return std::nullopt;
        return found->second;
    }
    Result<Setting> set(const Wanted& wanted, const std::string& value) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->settings.find(wanted.subject);
        const bool there = found != state_->settings.end();
        IMECE_CHECK(check(wanted, there ? found->second.revision : 0));
        const std::uint64_t revision =
            append(wanted, ChangeKind::kSettingSet, there ? found->second.value : "", value);
        return state_->settings[wanted.subject] = {wanted.subject, value, revision, wanted.at,
                                                   wanted.actor};
    }
    Status reset(const Wanted& wanted) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->settings.find(wanted.subject);
        const bool there = found != state_->settings.end();
        IMECE_CHECK(check(wanted, there ? found->second.revision : 0));
        if (!there) return {};
        append(wanted, ChangeKind::kSettingReset, found->second.value, "");
        state_->settings.erase(found);
        return {};
    }
    Result<std::vector<Change>> changes_after(std::uint64_t revision, std::size_t max) override {
        const std::scoped_lock lock(state_->mutex);
        IMECE_CHECK(check_resumable(revision, state_->compacted, state_->last));
        std::vector<Change> out;
        for (const Change& change : state_->changes)
            if (change.revision > revision && is_of_setting(change.kind) && out.size() < max)
                out.push_back(change);
        return out;
    }
    Result<std::vector<Change>> history(const std::string& key, std::uint64_t before,
                                        std::size_t max) override {
        const std::scoped_lock lock(state_->mutex);
        std::vector<Change> out;
        for (auto it = state_->changes.rbegin(); it != state_->changes.rend(); ++it)
            if (it->subject == key && is_of_setting(it->kind) &&
                (before == 0 || it->revision < before) && out.size() < max)
                out.push_back(*it);
        return out;
    }

    Result<std::vector<Secret>> secrets() override {
        const std::scoped_lock lock(state_->mutex);
        std::vector<Secret> out;
        for (const auto& [name, secret] : state_->secrets) out.push_back(secret.first);
        return out;
    }
    Result<Secret> put_secret(const Wanted& wanted, const Bytes& sealed) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->secrets.find(wanted.subject);
        const bool there = found != state_->secrets.end();
        IMECE_CHECK(check(wanted, there ? found->second.first.revision : 0));
        if (!there) IMECE_CHECK(has_room(wanted.subject));
        const std::uint64_t revision = append(wanted, ChangeKind::kSecretSet, "", "");
        const Secret secret{wanted.subject, revision, wanted.at, wanted.actor};
        state_->secrets[wanted.subject] = {secret, sealed};
        return secret;
    }
    Status delete_secret(const Wanted& wanted) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->secrets.find(wanted.subject);
        const bool there = found != state_->secrets.end();
        IMECE_CHECK(check(wanted, there ? found->second.first.revision : 0));
        if (!there) return {};
        append(wanted, ChangeKind::kSecretDeleted, "", "");
        state_->secrets.erase(found);
        return {};
    }
    Result<SealedSecret> find_secret(const std::string& name) override {
        const std::scoped_lock lock(state_->mutex);
        const auto found = state_->secrets.find(name);
        if (found == state_->secrets.end())
            return fail(ErrorCode::kNotFound, "SECRET_UNKNOWN", "no secret has this name");
        return SealedSecret{found->second.second, found->second.first.revision};
    }
    Result<std::size_t> reseal_secrets(const Wanted& wanted, const Reseal& reseal) override {
        const std::scoped_lock lock(state_->mutex);
        auto fresh = state_->secrets;
        for (auto& [name, secret] : fresh) {
            IMECE_TRY(secret.second, reseal(name, secret.second));
        }
        state_->secrets = std::move(fresh);
        append(wanted, ChangeKind::kSealingKeyRotated, "", "");
        return state_->secrets.size();
    }

protected:
    virtual Status check(const Wanted& wanted, std::uint64_t present) {
        return check_expected(wanted.subject, wanted.expected_revision, present);
    }
    /// Holding the state's mutex, as all below.
    virtual std::uint64_t append(const Wanted& wanted, ChangeKind kind, const std::string& before,
                                 const std::string& after) {
        state_->changes.push_back({++state_->last, wanted.id, kind, wanted.subject, before, after,
                                   wanted.at, wanted.actor, wanted.trace_parent});
        const bool setting = is_of_setting(kind);
        const auto is_same = [&](const Change& change) {
            return change.subject == wanted.subject && is_of_setting(change.kind) == setting;
        };
        while (std::uint64_t(std::ranges::count_if(state_->changes, is_same)) > history_max_) {
            const auto oldest = std::ranges::find_if(state_->changes, is_same);
            if (setting) state_->compacted = std::max(state_->compacted, oldest->revision);
            state_->changes.erase(oldest);
        }
        return state_->last;
    }
    Status has_room(const std::string& name) const {
        std::set<std::string> names;
        for (const Change& change : state_->changes)
            if (change.kind == ChangeKind::kSecretSet || change.kind == ChangeKind::kSecretDeleted)
                names.insert(change.subject);
        return check_room(state_->secrets.size(), names.size(), names.contains(name), limits_);
    }

    std::shared_ptr<MemoryState> state_;
    std::uint64_t history_max_;
    SecretLimits limits_;
};

}  // namespace imece::config
