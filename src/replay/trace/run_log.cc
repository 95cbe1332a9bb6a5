#include "replay/trace/run_log.h"

#include <algorithm>

namespace imece::replay {

void RunLog::begin(std::uint32_t scale) {
    if (next_) next_->begin(plan_, scale);
}

void RunLog::contact(Ms at, LogEntry::Kind kind, std::uint32_t a, std::uint32_t b, bool up) {
    entries_.push_back({at, kind, up, a, b});
    if (next_) next_->contact(at, kind, a, b, up);
}

void RunLog::power(Ms at, NodeIndex n, bool up) {
    contact(at, LogEntry::Kind::kPower, n, 0, up);
}
void RunLog::link(Ms at, NodeIndex a, NodeIndex b, bool up) {
    contact(at, LogEntry::Kind::kLink, a, b, up);
}
void RunLog::uplink(Ms at, NodeIndex n, bool up) {
    contact(at, LogEntry::Kind::kUplink, n, 0, up);
}

void RunLog::submit(Ms at, MessageIndex m) {
    outcomes_[m].submitted = true;
    outcomes_[m].submitted_at = at;
    entries_.push_back({at, LogEntry::Kind::kSubmit, true, m, 0});
    if (next_) next_->submit(at, m);
}

void RunLog::refused(Ms at, MessageIndex m, std::string_view reason) {
    if (outcomes_[m].accepted || !outcomes_[m].refused.empty()) return;
    outcomes_[m].refused = reason;
    if (next_) next_->refused(at, m, reason);
}

void RunLog::accepted(Ms at, MessageIndex m, NodeIndex carrier) {
    if (outcomes_[m].accepted || !outcomes_[m].refused.empty()) return;
    outcomes_[m].accepted = true;
    if (next_) next_->accepted(at, m, carrier);
}

void RunLog::hop(Ms at, MessageIndex m, NodeIndex from, NodeIndex to) {
    ++outcomes_[m].hops;
    if (next_) next_->hop(at, m, from, to);
}

void RunLog::arrive(Ms at, MessageIndex m, NodeIndex recipient) {
    ++outcomes_[m].arrivals;
    if (next_) next_->arrive(at, m, recipient);
}

void RunLog::deliver(Ms at, MessageIndex m, NodeIndex recipient) {
    auto& all = outcomes_[m].delivered;
    const auto known = std::ranges::find(all, recipient, &Delivered::node);
    if (known == all.end())
        all.push_back({recipient, at, 1});
    else
        ++known->times;
    if (next_) next_->deliver(at, m, recipient);
}

void RunLog::ack(Ms at, MessageIndex m, NodeIndex recipient) {
    ++outcomes_[m].acks;
    if (next_) next_->ack(at, m, recipient);
}

void RunLog::end(Ms at) {
    ended_at_ = at;
    if (next_) next_->end(at);
}

}  // namespace imece::replay
