#include "identity/adapters/bus/proto_wire.h"

#include "imece/identity/v1/events.pb.h"
#include "imece/type/v1/types.pb.h"
#include "runtime/rpc/time.h"

namespace imece::identity {
namespace {

namespace pb = imece::identity::v1;
namespace types = imece::type::v1;

std::string bytes_of(ByteView bytes) {
    return std::string(text_of(bytes));
}

/// An id, or no bytes for none.
std::string maybe_bytes(const UserId& id) {
    return id.empty() ? std::string() : bytes_of(id.view());
}

}  // namespace

std::string ProtoWire::credential(const Credential& credential) const {
    types::Credential out;
    out.set_device_id(bytes_of(credential.device.view()));
    out.set_public_key(bytes_of(credential.public_key));
    for (const Priority priority : credential.rights.classes.items())
        out.add_classes(types::Priority(int(priority)));
    for (const NetworkRole role : credential.rights.network_roles.items())
        out.add_network_roles(types::NetworkRole(int(role)));
    *out.mutable_not_before() = runtime::to_proto(credential.not_before);
    *out.mutable_not_after() = runtime::to_proto(credential.not_after);
    out.set_issuer_key_id(credential.issuer_key_id);
    out.set_user_id(maybe_bytes(credential.rights.owner));
    return out.SerializeAsString();
}

std::string ProtoWire::device_enrolled(const Device& device,
                                       const SignedCredential& credential) const {
    pb::DeviceEnrolled out;
    out.set_device_id(bytes_of(device.id.view()));
    out.set_public_key(bytes_of(device.public_key));
    out.mutable_credential()->set_credential(credential.bytes);
    out.mutable_credential()->set_signature(bytes_of(credential.signature));
    out.set_owner_user_id(maybe_bytes(device.rights.owner));
    return out.SerializeAsString();
}

std::string ProtoWire::device_revoked(const DeviceId& device, const std::string& cause) const {
    pb::DeviceRevoked out;
    out.set_device_id(bytes_of(device.view()));
    out.set_cause(cause);
    return out.SerializeAsString();
}

std::string ProtoWire::user_created(const UserId& user) const {
    pb::UserCreated out;
    out.set_user_id(bytes_of(user.view()));
    return out.SerializeAsString();
}

std::string ProtoWire::user_changed(const UserId& user) const {
    pb::UserChanged out;
    out.set_user_id(bytes_of(user.view()));
    return out.SerializeAsString();
}

std::string ProtoWire::check_in_recorded(const CheckInId& check_in,
                                         const crypto::Digest& commitment) const {
    pb::CheckInRecorded out;
    out.set_check_in_id(bytes_of(check_in.view()));
    out.set_commitment(bytes_of(commitment));
    return out.SerializeAsString();
}

std::string ProtoWire::check_in_erased(const CheckInId& check_in) const {
    pb::CheckInErased out;
    out.set_check_in_id(bytes_of(check_in.view()));
    return out.SerializeAsString();
}

std::string ProtoWire::desk_changed(const Desk& desk) const {
    pb::DeskChanged out;
    out.set_group_id(bytes_of(desk.id.view()));
    out.set_name(desk.name);
    out.set_public_key(bytes_of(desk.public_key));
    for (const DeviceId& device : desk.devices) out.add_device_ids(bytes_of(device.view()));
    return out.SerializeAsString();
}

}  // namespace imece::identity
