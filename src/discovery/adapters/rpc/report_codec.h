// Node reports as they come over the wire.
#pragma once

#include "discovery/domain/report.h"

namespace imece::discovery {

/// Reads an imece.discovery.v1.NodeReport; checked() says whether it is within its limits.
/// Errors: kInvalidArgument REPORT_MALFORMED for bytes that are none, or ids that are not 16 bytes.
Result<Report> decode_report(ByteView bytes);

}  // namespace imece::discovery
