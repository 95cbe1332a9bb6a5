// What must hold whatever happens. It is told what actors saw, and reads what sites keep.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/app/ports.h"
#include "messaging/app/ports.h"
#include "sim/kit/trace.h"

namespace imece::sim {

struct Services;

/// Conservation: what a site acknowledged is there ever after, pending or with the one ending that it first had; a copy is
/// delivered only if its recipient has it, and expired only past its time; the log tells each change once; what the
/// dispatcher holds is what the store has pending; an application sees a message once.
/// Agreement: a site's authorities sign one block a height, which is the one that everybody ever reads; a receipt is
/// anchored once, and its proof leads to a certified block.
/// Topology: who follows a site's log never meets a gap, and ends with what discovery has.
class Judge {
public:
    explicit Judge(Trace& trace) : trace_(trace) {}

    void acknowledged(const std::string& site, const MessageId& message) {
        acknowledged_[site].insert(message);
    }
    /// A receipt that the site said to have.
    void receipt_acknowledged(const std::string& site, const messaging::CopyKey& copy) {
        ended_[site].insert(copy);
    }
    /// An application got the message, or refused it.
    void received(const messaging::CopyKey& copy, messaging::End end);
    /// The site's authorities signed this block.
    void signed_block(const std::string& site, const ledger::BlockHeader& header);

    /// Of a site that is up: all that can be read of it. `settled`: no fault for long, so all that was begun has ended.
    void examine(const std::string& site, Services& services, bool settled);
    void fail(const std::string& site, const std::string& what);

    const std::vector<std::string>& broken() const { return broken_; }
    std::uint64_t acknowledged() const;
    std::uint64_t received() const { return received_.size(); }
    std::uint64_t blocks() const { return blocks_.size(); }

private:
    struct Count {
        std::uint64_t messages = 0;
        std::uint64_t pending = 0;
        std::uint64_t ended = 0;
    };
    Count examine_messages(const std::string& site, Services& services);
    void examine_copy(const std::string& site, const messaging::Record& record,
                      const messaging::Record::Copy& copy);
    void examine_log(const std::string& site, Services& services, const Count& count);
    void examine_chain(const std::string& site, Services& services);
    void examine_anchors(const std::string& site, Services& services, bool settled);
    void examine_proof(const std::string& site, Services& services,
                       const ledger::AnchoredReceipt& receipt);

    using Height = std::pair<std::string, std::uint64_t>;
    Trace& trace_;
    std::vector<std::string> broken_;
    std::map<std::string, std::set<MessageId>> acknowledged_;
    std::map<std::string, std::set<messaging::CopyKey>> ended_;
    std::map<messaging::CopyKey, messaging::End> received_;
    std::map<std::pair<std::string, messaging::CopyKey>, messaging::CopyState> endings_;
    std::map<Height, crypto::Digest> blocks_;
    std::map<std::string, std::uint64_t> examined_;  ///< Up to which height.
};

}  // namespace imece::sim
