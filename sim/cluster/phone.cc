#include "sim/cluster/phone.h"

#include <algorithm>

#include "base/codec.h"
#include "imece/discovery/v1/discovery.pb.h"
#include "imece/type/v1/types.pb.h"
#include "runtime/rpc/time.h"

namespace imece::sim {
namespace {

using namespace std::chrono_literals;

crypto::SigningKey key_of(std::size_t number) {
    crypto::Seed seed{};
    seed[0] = std::uint8_t(number);
    seed[31] = 1;
    return crypto::SigningKey(seed);
}

std::string bytes_of(ByteView bytes) {
    return std::string(text_of(bytes));
}

std::string short_text(const MessageId& id) {
    return to_hex(ByteView(id.bytes).last(4));
}

/// A site that says so will not say otherwise later.
bool is_final(const Error& error) {
    return error.reason == "MESSAGE_EXPIRED" || error.reason == "ID_TAKEN";
}

}  // namespace

Phone* Field::find(const DeviceId& id) const {
    const auto found =
        std::ranges::find_if(phones, [&](const auto& phone) { return phone->id() == id; });
    return found == phones.end() ? nullptr : found->get();
}

Phone::Phone(Stage& stage, Field& field, std::size_t number)
    : stage_(stage),
      field_(field),
      number_(number),
      name_("p" + std::to_string(number)),
      key_(key_of(number)),
      id_(crypto::device_id_of(key_.public_key())),
      write_alarm_(stage.scheduler, [this] { write(); }),
      work_alarm_(stage.scheduler, [this] { work(); }),
      report_alarm_(stage.scheduler, [this] { report(); }) {
    write_alarm_.set_after(between(stage.random, 1s, 15s));
    work_alarm_.set_after(between(stage.random, 0ms, 2s));
    report_alarm_.set_after(between(stage.random, 0ms, 10s));
}

void Phone::go(std::optional<std::size_t> site) {
    place_ = site;
    stage_.trace.note(name_, site ? "goes to " + field_.sites[*site]->name() : "goes away");
    if (uplink_ && uplink_->site != site) {
        uplink_->connection->broken = true;
        uplink_.reset();
    }
}

void Phone::write() {
    if (stage_.calm) return;
    write_alarm_.set_after(between(stage_.random, 2s, 20s));
    Random& random = stage_.random;
    Letter letter;
    messaging::Envelope& envelope = letter.envelope;
    const TimePoint now = stage_.scheduler.now();
    envelope.id.bytes = make_uuid_v7(now, random);
    envelope.sender = id_;
    if (one_in(random, 5)) {
        envelope.destination = {messaging::DestinationKind::kGroup, field_.desk.bytes, {}};
    } else {
        const std::size_t other = random.below(field_.phones.size());
        envelope.destination = {
            messaging::DestinationKind::kDevice, field_.phones[other]->id().bytes, {}};
    }
    envelope.priority = messaging::priority_of_rank(random.below(messaging::kPriorities));
    envelope.sent_at = now;
    // One in four is in a hurry, and may not be.
    envelope.ttl = one_in(random, 4) ? between(random, 5s, 60s) : Duration(1h);
    envelope.exercise = true;
    envelope.body_bytes = 50 + random.below(500);
    letter.bytes = Encoder(1)
                       .fixed(envelope.id.bytes)
                       .fixed(envelope.sender.bytes)
                       .fixed(envelope.destination.id)
                       .number(std::uint8_t(envelope.priority))
                       .time(now)
                       .take();
    letter.signature = bytes_of(key_.sign(crypto::kEnvelopeDomain, view_of(letter.bytes)));
    stage_.trace.note(name_, "writes " + short_text(envelope.id));
    const MessageId id = envelope.id;
    letters_.emplace(id, std::make_shared<const Letter>(std::move(letter)));
}

void Phone::work() {
    work_alarm_.set_after(between(stage_.random, 500ms, 4s));
    keep_connected();
    for (const auto& [site, bringer] : reachable()) {
        for (const auto& [id, letter] : letters_) submit(site, letter);
        for (const auto& [to, message] : receipts_)
            if (to == site) hand_in(site, bringer, read_.at(message));
    }
}

void Phone::keep_connected() {
    if (!place_) return;
    Site& site = *field_.sites[*place_];
    if (uplink_ && (uplink_->connection->broken || uplink_->life != site.life() ||
                    site.services() == nullptr || !uplink_->connection->attached)) {
        uplink_->connection->broken = true;
        uplink_.reset();
    }
    if (uplink_ || stage_.network.is_cut(name_, site.name())) return;
    Random& random = stage_.random;
    const std::uint64_t number = ++connections_;
    const std::size_t to = *place_;
    auto connection = std::make_shared<Connection>(
        stage_, site.name(), name_, [this, number, to](const messaging::OutDelivery& delivery) {
            if (uplink_ && uplink_->number == number) carry(to, delivery, 0);
        });
    const messaging::LinkOptions options{
        .credit = std::uint32_t(4 + random.below(60)),
        .carries = stage_.calm || !one_in(random, 3),
        .capacity_bytes_per_s = std::uint32_t(one_in(random, 3) ? 500 + random.below(5000) : 0)};
    uplink_ = {to, site.life(), number, connection};
    stage_.network.send(name_, site.name(), [&site, id = id_, options, connection] {
        site.connect(id, options, connection);
    });
}

std::map<std::size_t, DeviceId> Phone::reachable() const {
    std::map<std::size_t, DeviceId> sites;
    std::vector<std::size_t> found{number_};  // In the order of their distance.
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Phone& carrier = *field_.phones[found[i]];
        if (carrier.place_ &&
            !stage_.network.is_cut(carrier.name_, field_.sites[*carrier.place_]->name()))
            sites.try_emplace(*carrier.place_, carrier.id_);
        for (std::size_t other = 0; other < field_.phones.size(); ++other)
            if (field_.hear(found[i], other) && std::ranges::find(found, other) == found.end())
                found.push_back(other);
    }
    return sites;
}

void Phone::submit(std::size_t to, const std::shared_ptr<const Letter>& letter) {
    Site& site = *field_.sites[to];
    stage_.network.send(name_, site.name(), [this, &site, letter] {
        Services* services = site.services();
        if (services == nullptr) return;
        std::vector<messaging::Submission> one(1);
        one[0].envelope = letter->envelope;
        one[0].envelope_bytes = letter->bytes;
        one[0].signature = letter->signature;
        one[0].signed_envelope = letter->bytes + letter->signature;
        const auto result = services->submit(std::move(one)).front();
        services->wake_dispatcher();
        if (site.services() == nullptr) return;  // Nobody is left to answer.
        const MessageId id = letter->envelope.id;
        stage_.trace.note(site.name(),
                          (result ? "takes " : "refuses ") + short_text(id) +
                              (result ? "" : " " + std::string(result.error().reason)));
        if (result) stage_.judge.acknowledged(site.name(), id);
        if (result || is_final(result.error()))
            stage_.network.send(site.name(), name_, [this, id] { letters_.erase(id); });
    });
}

void Phone::hand_in(std::size_t to, const DeviceId& bringer,
                    const std::shared_ptr<const Receipt>& receipt) {
    Site& site = *field_.sites[to];
    stage_.network.send(name_, site.name(), [this, &site, to, bringer, receipt] {
        Services* services = site.services();
        if (services == nullptr) return;
        std::vector<messaging::ReceiptSubmission> one(1);
        one[0] = {receipt->copy,  receipt->end,       receipt->at,
                  receipt->bytes, receipt->signature, receipt->whole};
        const auto result = services->record(bringer, std::move(one)).front();
        services->wake_dispatcher();
        if (site.services() == nullptr) return;
        const messaging::CopyKey copy = receipt->copy;
        stage_.trace.note(site.name(),
                          (result ? "has the receipt of " : "refuses the receipt of ") +
                              short_text(copy.message) + " by " + name_);
        if (!result && result.error().reason == "MESSAGE_UNKNOWN")
            stage_.judge.fail(site.name(), "knows nothing of " + short_text(copy.message) +
                                               ", which it delivered");
        if (!result) return;
        stage_.judge.receipt_acknowledged(site.name(), copy);
        stage_.network.send(site.name(), name_,
                            [this, to, copy] { receipts_.erase({to, copy.message}); });
    });
}

void Phone::carry(std::size_t site, const messaging::OutDelivery& delivery, std::size_t at) {
    if (delivery.copy.target == id_) return receive(site, delivery.copy.message);
    if (at + 1 >= delivery.path.size()) return;
    Phone* next = field_.find(delivery.path[at + 1]);
    if (next == nullptr || !field_.hear(number_, next->number_)) return;
    if (stage_.random.below(100) < stage_.radio_lost_percent) return;
    stage_.network.send(name_, next->name_,
                        [next, site, delivery, at] { next->carry(site, delivery, at + 1); });
}

void Phone::receive(std::size_t site, const MessageId& message) {
    auto& receipt = read_[message];
    if (receipt == nullptr) {
        // One in thirty is what this phone can make nothing of.
        const auto end =
            one_in(stage_.random, 30) ? messaging::End::kRejected : messaging::End::kDelivered;
        receipt = std::make_shared<const Receipt>(make_receipt(message, end));
        stage_.trace.note(name_, "reads " + short_text(message));
        stage_.judge.received({message, id_}, end);
    }
    receipts_.insert({site, message});
}

Phone::Receipt Phone::make_receipt(const MessageId& message, messaging::End end) const {
    Receipt receipt{{message, id_}, end, stage_.scheduler.now(), {}, {}, {}};
    imece::type::v1::Receipt wire;
    wire.set_message_id(bytes_of(message.view()));
    wire.set_device_id(bytes_of(id_.view()));
    wire.set_kind(end == messaging::End::kDelivered ? imece::type::v1::DELIVERED
                                                    : imece::type::v1::REJECTED);
    *wire.mutable_at() = runtime::to_proto(receipt.at);
    receipt.bytes = wire.SerializeAsString();
    receipt.signature = bytes_of(key_.sign(crypto::kReceiptDomain, view_of(receipt.bytes)));
    imece::type::v1::SignedReceipt whole;
    whole.set_receipt(receipt.bytes);
    whole.set_signature(receipt.signature);
    receipt.whole = whole.SerializeAsString();
    return receipt;
}

void Phone::report() {
    report_alarm_.set_after(between(stage_.random, 10s, 30s));
    imece::discovery::v1::NodeReport wire;
    wire.set_node_id(bytes_of(id_.view()));
    wire.set_sequence(++reports_);
    *wire.mutable_at() = runtime::to_proto(stage_.scheduler.now());
    wire.set_battery_percent(50);
    wire.set_has_uplink(place_.has_value());
    for (const auto& other : field_.phones) {
        if (other.get() == this || !field_.hear(number_, other->number_)) continue;
        auto& neighbour = *wire.add_neighbours();
        neighbour.set_node_id(bytes_of(other->id_.view()));
        neighbour.set_quality(0.9);
    }
    discovery::SignedReport report{.report = wire.SerializeAsString(), .signature = {}};
    report.signature = bytes_of(key_.sign(crypto::kReportDomain, view_of(report.report)));
    for (const auto& [to, bringer] : reachable()) {
        Site& site = *field_.sites[to];
        stage_.network.send(name_, site.name(), [&site, bringer, report] {
            if (Services* services = site.services()) (void)services->report({report}, bringer);
        });
    }
}

}  // namespace imece::sim
