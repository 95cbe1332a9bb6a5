// Any bytes as a request target: taken apart, decoded and routed.
#include "base/assert.h"
#include "gateway/api/router.h"
#include "gateway/api/uri.h"

namespace {

imece::gateway::Router made() {
    imece::gateway::Router router;
    for (const char* route :
         {"/v1/messages", "/v1/messages/{message_id}", "/v1/messages/{message_id}:explain",
          "/v1/messages:stream", "/v1/desks/{desk_id}/devices/{device_id}"})
        IMECE_ASSERT(router.add("GET", route, 1));
    return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const imece::gateway::Router router = made();
    const auto target = imece::gateway::split_target({reinterpret_cast<const char*>(data), size});
    if (!target) return 0;
    IMECE_ASSERT(target->path.starts_with('/'));
    if (const auto parameters = imece::gateway::parse_query(target->query))
        IMECE_ASSERT(parameters->size() <= 64);
    if (const auto match = router.find("GET", target->path))
        for (const auto& [field, text] : match->bindings) IMECE_ASSERT(!field.empty());
    else
        IMECE_ASSERT(!match.error().reason.empty());
    return 0;
}
