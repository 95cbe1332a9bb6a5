// What the edge serves beside the API.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gateway/api/transcoder.h"
#include "gateway/edge/reply.h"

namespace imece::gateway {

/// Path → page: /docs, /docs/errors, /openapi.json, /setup and what these load. All of it is compiled in and
/// asks nothing of any other host.
std::map<std::string, Reply, std::less<>> make_pages(const Transcoder& transcoder,
                                                     std::string_view version);

}  // namespace imece::gateway
