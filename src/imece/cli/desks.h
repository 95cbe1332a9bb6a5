// The desks of a site.
#pragma once

#include <vector>

#include "imece/cli/backend.h"
#include "imece/identity/v1/identity.grpc.pb.h"

namespace imece::cli {

/// All of them, page after page. `backend` is signed in.
Result<std::vector<imece::identity::v1::Desk>> all_desks(Backend& backend);

}  // namespace imece::cli
