// Any bytes as the JSON of a contract's message: refused, or a message that survives being written.
#include <array>
#include <memory>

#include "base/assert.h"
#include "gateway/api/json_codec.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/identity/v1/identity.pb.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace {

using google::protobuf::Message;

std::unique_ptr<Message> fresh(std::uint8_t kind) {
    switch (kind % 5) {
        case 0: return std::make_unique<imece::messaging::v1::ClientFrame>();
        case 1: return std::make_unique<imece::identity::v1::CreateUserRequest>();
        case 2: return std::make_unique<imece::identity::v1::EnrolDeviceRequest>();
        case 3: return std::make_unique<imece::discovery::v1::ReportNodesRequest>();
        default: return std::make_unique<imece::discovery::v1::Topology>();
    }
}

std::string written(const Message& message) {
    std::string text;
    imece::gateway::write_json(message, imece::gateway::Defaults::kOmit, text);
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto read = fresh(data[0]);
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    if (!imece::gateway::read_json(text, *read)) return 0;
    // Times are cut to milliseconds when written: from then on nothing changes.
    const std::string once = written(*read);
    const auto again = fresh(data[0]);
    IMECE_ASSERT(imece::gateway::read_json(once, *again));
    IMECE_ASSERT(written(*again) == once);
    return 0;
}
