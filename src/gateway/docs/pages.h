// What the edge serves beside the API.
#pragma once

#include <string_view>
#include <vector>

#include "gateway/api/transcoder.h"
#include "gateway/docs/embedded.h"
#include "gateway/edge/page.h"

namespace imece::gateway {

/// /docs, /docs/errors, /openapi.json and what these load; at / and /setup the operators' console, made of
/// `console`, and at /console/… what that loads. Without the console a page says so.
/// All of it is compiled in and asks nothing of any other host.
Pages make_pages(const Transcoder& transcoder, std::string_view version,
                 const std::vector<ConsoleFile>& console);

}  // namespace imece::gateway
