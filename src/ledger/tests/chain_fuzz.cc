// Whatever is read as bytes of the chain is written as the same bytes again, or refused.
#include "base/assert.h"
#include "ledger/domain/block.h"
#include "ledger/domain/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece;
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            if (const auto read = ledger::decode_transaction(bytes))
                IMECE_ASSERT(ledger::encode(*read) == bytes);
            break;
        case 1:
            if (const auto read = ledger::decode_header(bytes))
                IMECE_ASSERT(ledger::encode(*read) == bytes);
            break;
        case 2:
            if (const auto read = ledger::decode_certificate(bytes))
                IMECE_ASSERT(ledger::encode(*read) == bytes);
            break;
        case 3:
            if (const auto read = ledger::AuthoritySet::decode(bytes))
                IMECE_ASSERT(read->total_weight() > 0);
            break;
        default:
            if (const auto read = ledger::decode_emergency(bytes))
                IMECE_ASSERT(ledger::encode(*read) == bytes);
    }
    return 0;
}
