// What the doctor looks at. Each check says what it found and, unless all is well, what to do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "imece/site/v1/site.pb.h"

namespace imece::cli {

enum class Health { kOk, kWarning, kFailed };

struct Finding {
    std::string check;
    Health health = Health::kOk;
    std::string what;
    std::string action;  ///< Empty where there is nothing to do.
};

/// The directory is there, ours alone, writable; nothing in it may be read by others; its disk has
/// room; whether a process serves it, whether the site has its first operator, and how large each
/// store is.
std::vector<Finding> check_data(const std::filesystem::path& data);
/// The session file is there for us alone, or not there.
std::vector<Finding> check_session(const std::filesystem::path& session);
/// The machine's clock is kept in time.
std::vector<Finding> check_clock();
/// Somebody takes TCP connections at "host:port".
std::vector<Finding> check_port(const std::string& name, const std::string& address);
/// The backend's answer, as it came at `now` of this machine: there, of our version, in our time.
std::vector<Finding> check_site(const Result<imece::site::v1::Site>& site, TimePoint now);

}  // namespace imece::cli
