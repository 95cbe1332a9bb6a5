#include "sim/cluster/identity_log.h"

#include <algorithm>

#include "imece/identity/v1/events.pb.h"
#include "runtime/rpc/time.h"

namespace imece::sim {
namespace {

template <class AnyId>
std::string bytes_of(const AnyId& id) {
    return std::string(text_of(id.view()));
}

}  // namespace

void IdentityLog::enrol(const crypto::PublicKey& key, TimePoint now, TimePoint not_after) {
    const DeviceId id = crypto::device_id_of(key);
    imece::type::v1::Credential credential;
    credential.set_device_id(bytes_of(id));
    credential.set_public_key(std::string(text_of(key)));
    for (int priority = imece::type::v1::LIFE_CRITICAL; priority <= imece::type::v1::MAINTENANCE;
         ++priority)
        credential.add_classes(imece::type::v1::Priority(priority));
    *credential.mutable_not_after() = runtime::to_proto(not_after);
    imece::identity::v1::DeviceEnrolled data;
    data.set_device_id(bytes_of(id));
    data.set_public_key(std::string(text_of(key)));
    data.mutable_credential()->set_credential(credential.SerializeAsString());
    tell("device.enrolled.v1", to_text(id), now, data.SerializeAsString());
}

void IdentityLog::set_desk(const GroupId& desk, const std::vector<DeviceId>& devices,
                           TimePoint now) {
    imece::identity::v1::DeskChanged data;
    data.set_group_id(bytes_of(desk));
    for (const DeviceId& device : devices) data.add_device_ids(bytes_of(device));
    tell("desk.changed.v1", to_text(desk), now, data.SerializeAsString());
}

Result<std::vector<runtime::Event>> IdentityLog::read_after(std::uint64_t position,
                                                            std::size_t max) {
    const std::size_t from = std::min<std::size_t>(position, events_.size());
    const std::size_t size = std::min(max, events_.size() - from);
    const auto begin = events_.begin() + std::ptrdiff_t(from);
    return std::vector(begin, begin + std::ptrdiff_t(size));
}

void IdentityLog::tell(const char* type, std::string subject, TimePoint now, std::string data) {
    runtime::Event event;
    event.type = type;
    event.subject = std::move(subject);
    event.time = now;
    event.data = std::move(data);
    event.position = events_.size() + 1;
    events_.push_back(std::move(event));
}

}  // namespace imece::sim
