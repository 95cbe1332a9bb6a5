// Taking receipts in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "messaging/app/directory.h"
#include "messaging/app/dispatcher.h"
#include "messaging/app/ports.h"

namespace imece::messaging {

/// A signed receipt as it came, and what it says.
struct ReceiptSubmission {
    CopyKey copy;
    End end = End::kDelivered;
    TimePoint at;
    std::string_view receipt_bytes;  ///< This and the next are views into the caller's request.
    std::string_view signature;
    std::string signed_receipt;  ///< All of it, as it is kept.
};
struct Recorded {
    bool was_there = false;
};

/// Records receipts; durable when it returns. One that its own device brings on its authenticated connection is taken
/// by that; one that a carrier brings must be signed by the device.
///
/// Errors: per receipt SIGNATURE_INVALID, CREDENTIAL_UNKNOWN, MESSAGE_UNKNOWN, NOT_A_RECIPIENT,
///         STORE_DOWN.
class RecordReceipts {
public:
    struct Deps {
        MessageStore& store;
        const Directory& directory;
        Dispatcher& dispatcher;
        const Clock& clock;
    };
    explicit RecordReceipts(Deps deps) : deps_(deps) {}

    std::vector<Result<Recorded>> operator()(const DeviceId& bringer,
                                             std::vector<ReceiptSubmission> receipts) const;

private:
    Status verify(const DeviceId& bringer, const ReceiptSubmission& receipt) const;
    Deps deps_;
};

}  // namespace imece::messaging
