// Whatever a server sends, the parser refuses or reads; what it reads has a proto3 JSON form that
// it reads back the same.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "sdk/cpp/frame_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = imece::sdk::parse_server_frame({reinterpret_cast<const char*>(data), size});
    if (!frame) return 0;
    std::string text;
    // Strings that are no UTF-8 and times out of range have no JSON form.
    if (!google::protobuf::util::MessageToJsonString(*frame, &text).ok()) return 0;
    const auto again = imece::sdk::parse_server_frame(text);
    IMECE_ASSERT(again);
    IMECE_ASSERT(google::protobuf::util::MessageDifferencer::Equals(*frame, *again));
    return 0;
}
