// Files that are compiled in.
#pragma once

#include <string_view>

namespace imece::gateway {

/// The bytes of "docs.html", "docs.js", "style.css", "setup.html", "setup.js" or "contracts.pb".
std::string_view embedded_file(std::string_view name);

}  // namespace imece::gateway
