#include "config/app/secrets.h"

#include <mutex>

#include "base/result.h"

namespace imece::config {
namespace {

constexpr const char* kSealingKey = "sealing key";
constexpr const char* kSelf = "service:config";

}  // namespace

Result<Secret> KeepSecrets::set(const Caller& caller, const std::string& name,
                                const std::string& value, std::uint64_t expected) const {
    const std::shared_lock lock(rotating_);
    IMECE_TRY(const Bytes sealed, deps_.sealer.seal(name, value));
    return deps_.store.put_secret(deps_.scribe.wanted(caller, name, expected), sealed);
}

Status KeepSecrets::erase(const Caller& caller, const std::string& name,
                          std::uint64_t expected) const {
    return deps_.store.delete_secret(deps_.scribe.wanted(caller, name, expected));
}

Result<KeepSecrets::Opened> KeepSecrets::open(const std::string& name) const {
    const std::shared_lock lock(rotating_);
    IMECE_TRY(const SealedSecret found, deps_.store.find_secret(name));
    IMECE_TRY(std::string value, deps_.sealer.open(name, found.sealed));
    return Opened{std::move(value), found.revision};
}

Result<std::size_t> KeepSecrets::rotate_key(const Caller& caller) const {
    const std::unique_lock lock(rotating_);
    IMECE_CHECK(deps_.sealer.add_key());
    return reseal(caller);
}

Status KeepSecrets::end_rotation() const {
    const std::unique_lock lock(rotating_);
    if (!deps_.sealer.has_old_keys()) return {};
    IMECE_CHECK(reseal({.actor = kSelf, .trace_parent = {}}));
    return {};
}

Result<std::size_t> KeepSecrets::reseal(const Caller& caller) const {
    IMECE_TRY(const std::size_t count,
              deps_.store.reseal_secrets(
                  deps_.scribe.wanted(caller, kSealingKey, 0),
                  [this](const std::string& name, const Bytes& sealed) -> Result<Bytes> {
                      IMECE_TRY(const std::string value, deps_.sealer.open(name, sealed));
                      return deps_.sealer.seal(name, value);
                  }));
    IMECE_CHECK(deps_.sealer.drop_old_keys());
    return count;
}

}  // namespace imece::config
