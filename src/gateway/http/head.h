// A parsed HTTP head as the edge wants it. Internal to http/.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "base/error.h"
#include "gateway/edge/edge.h"

namespace imece::gateway {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// What is wrong with a head that the parser took: no single Host (RFC 9112, 3.2), a transfer coding that we
/// do not have, another version. Errors: kInvalidArgument HTTP_MALFORMED.
Status check_head(const HttpRequest& request);

/// Views into `request`. The peer's part is the caller's to fill in.
RequestHead head_of(const HttpRequest& request);

}  // namespace imece::gateway
