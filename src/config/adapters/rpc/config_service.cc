#include "config/adapters/rpc/config_service.h"

#include <map>

#include "base/result.h"
#include "config/adapters/rpc/convert.h"
#include "config/adapters/rpc/watch.h"
#include "imece/config/v1/config.grpc.pb.h"
#include "runtime/settings/key.h"

namespace imece::config {
namespace {

constexpr std::size_t kPageDefault = 100;
constexpr std::string_view kWatch = "imece.config.v1.ConfigService.WatchSettings";

using Base = v1::ConfigService::WithCallbackMethod_WatchSettings<v1::ConfigService::Service>;

class Service final : public Base {
public:
    explicit Service(const ConfigServiceDeps& deps) : deps_(deps) {}

    grpc::Status ListSettings(grpc::ServerContext* context, const v1::ListSettingsRequest* request,
                              v1::ListSettingsResponse* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_TRY(const Snapshot snapshot, deps_.store.read());
            std::map<std::string_view, const Setting*> set;
            for (const Setting& one : snapshot.settings) set[one.key] = &one;
            response->set_revision(snapshot.revision);
            for (const runtime::Key& key : runtime::keys()) {
                const auto found = set.find(key.name);
                fill(key.name, found == set.end() ? std::nullopt : std::optional(*found->second),
                     *response->add_settings());
            }
            return {};
        });
    }

    grpc::Status GetSetting(grpc::ServerContext* context, const v1::GetSettingRequest* request,
                            v1::Setting* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call&) -> Status {
            return answer(request->key(), *response);
        });
    }

    grpc::Status SetSetting(grpc::ServerContext* context, const v1::SetSettingRequest* request,
                            v1::Setting* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_TRY(const Setting made,
                      deps_.change.set(caller_of(call), request->key(), request->value(),
                                       request->expected_revision()));
            fill(made.key, made, *response);
            return {};
        });
    }

    grpc::Status ResetSetting(grpc::ServerContext* context, const v1::ResetSettingRequest* request,
                              v1::Setting* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call& call) -> Status {
            IMECE_CHECK(
                deps_.change.reset(caller_of(call), request->key(), request->expected_revision()));
            fill(request->key(), std::nullopt, *response);
            return {};
        });
    }

    grpc::Status ListSettingChanges(grpc::ServerContext* context,
                                    const v1::ListSettingChangesRequest* request,
                                    v1::ListSettingChangesResponse* response) override {
        return deps_.door.unary(*context, *request, [&](const runtime::Call&) -> Status {
            IMECE_CHECK(deps_.keys.check_key(request->key()));
            IMECE_TRY(const auto changes,
                      deps_.store.history(
                          request->key(), request->before_revision(),
                          request->page_size() == 0 ? kPageDefault : request->page_size()));
            for (const Change& change : changes) fill(change, *response->add_changes());
            return {};
        });
    }

    grpc::ServerWriteReactor<v1::SettingChange>* WatchSettings(
        grpc::CallbackServerContext* context, const v1::WatchSettingsRequest* request) override {
        if (const auto call = deps_.door.open_stream(*context, kWatch, request); !call)
            return Watches::refuse(call.error());
        if (!request->key().empty())
            if (const auto known = deps_.keys.check_key(request->key()); !known)
                return Watches::refuse(known.error());
        return deps_.watches.open(*request);
    }

private:
    Status answer(const std::string& key, v1::Setting& response) {
        IMECE_CHECK(deps_.keys.check_key(key));
        IMECE_TRY(const auto found, deps_.store.find(key));
        fill(key, found, response);
        return {};
    }

    const ConfigServiceDeps deps_;
};

}  // namespace

std::shared_ptr<grpc::Service> make_config_service(const ConfigServiceDeps& deps) {
    return std::make_shared<Service>(deps);
}

}  // namespace imece::config
