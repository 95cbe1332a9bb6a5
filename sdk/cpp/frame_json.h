// The frames of a WebSocket: ClientFrame out and ServerFrame in, as proto3 JSON.
//
// Written by hand for these few messages: 256 deliveries of 500 bytes are read in about a tenth of
// the time that protobuf's own JSON parser takes, and a process may hold thousands of connections.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace imece::sdk {

/// Appends `frame` as proto3 JSON.
void append_json(std::string& out, const imece::messaging::v1::ClientFrame& frame);

/// Reads any spelling that proto3 JSON allows; unknown fields are passed over, so that a newer
/// server may say more. Errors: kUnknown ANSWER_MALFORMED.
Result<imece::messaging::v1::ServerFrame> parse_server_frame(std::string_view text);

/// The body of ReportNodes, and its answer. Errors: as above.
std::string reports_json(std::span<const imece::discovery::v1::SignedReport> reports);
Result<imece::discovery::v1::ReportNodesResponse> parse_report_results(std::string_view text);

}  // namespace imece::sdk
