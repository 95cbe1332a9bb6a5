// The contracts as OpenAPI 3.1.
#pragma once

#include <string>
#include <string_view>

#include "gateway/api/transcoder.h"

namespace imece::gateway {

/// The document served at /openapi.json: every route with its schemas, limits, roles and every status
/// that it may give, each with its reasons. The same bytes for the same contracts and version.
std::string openapi_json(const Transcoder& transcoder, std::string_view version);
/// Of this project's contracts.
std::string openapi_json(std::string_view version);

}  // namespace imece::gateway
