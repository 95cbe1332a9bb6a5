#include "identity/app/desks.h"

#include <algorithm>

#include "base/result.h"
#include "identity/app/listing.h"

namespace imece::identity {
namespace {

NewEvent desk_changed(const Issuer& issuer, const CallContext& call, const Desk& desk) {
    return issuer.event("desk.changed.v1", to_text(desk.id), call,
                        issuer.wire().desk_changed(desk));
}

}  // namespace

Result<Desk> CreateDesk::operator()(const CallContext& call, const std::string& name,
                                    const crypto::PublicKey& public_key) const {
    // A desk whose key is no curve point would be found out by the first call for help only.
    if (const auto key = crypto::seal_key_of(public_key); !key) return std::unexpected(key.error());
    Desk desk{.id = {make_uuid_v7(deps_.issuer.clock().now(), deps_.issuer.random())},
              .name = name,
              .public_key = public_key};
    IMECE_CHECK(deps_.store.add_desk(desk, desk_changed(deps_.issuer, call, desk)));
    return desk;
}

Result<Listed<Desk>> ListDesks::operator()(std::int32_t page_size,
                                           const std::string& page_token) const {
    // A page of full desks must still fit into one answer.
    constexpr std::int32_t kDesksMax = 50;
    const std::int32_t size =
        page_size == 0 ? kDesksMax : std::min<std::int32_t>(page_size, kDesksMax);
    return list_page<Desk>("desks", size, page_token,
                           [&](const Page& page) { return store_.list_desks(page); });
}

Result<Desk> AddDeskDevice::operator()(const CallContext& call, const GroupId& desk,
                                       const DeviceId& device) const {
    return deps_.store.add_desk_device(desk, device, [&](const Desk& changed) {
        return desk_changed(deps_.issuer, call, changed);
    });
}

}  // namespace imece::identity
