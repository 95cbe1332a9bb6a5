// Files that are compiled in.
#pragma once

#include <string_view>
#include <vector>

namespace imece::gateway {

/// The bytes of "docs.html", "docs.js", "style.css", "unbuilt.html" or "contracts.pb".
std::string_view embedded_file(std::string_view name);

/// A file of the operators' console as it was built, and packed.
struct ConsoleFile {
    std::string_view name;  ///< "index.html", "assets/….js".
    std::string_view plain;
    std::string_view gzip;
    std::string_view brotli;
};
/// Empty: the console was not built.
std::vector<ConsoleFile> console_files();

}  // namespace imece::gateway
