#include "ledger/domain/state.h"

#include <algorithm>

#include "base/codec.h"
#include "base/result.h"

namespace imece::ledger {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kReceipts = "receipts";
constexpr std::string_view kEmergencies = "emergencies";

std::unexpected<Error> damaged(std::string_view name) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                "the state's entry " + std::string(name) + " is damaged");
}

template <class AnyId>
std::string name_of(const char* kind, const AnyId& id) {
    return kind + to_hex(id.bytes);
}

Result<std::vector<EmergencyId>> listed(const ReadState& read) {
    std::vector<EmergencyId> ids;
    IMECE_TRY(const auto bytes, read(kEmergencies));
    if (!bytes) return ids;
    Decoder in(*bytes);
    const auto count = in.number<std::uint16_t>();
    for (unsigned i = 0; i < count && in.good(); ++i) ids.push_back({in.fixed<16>()});
    if (!in.ok() || in.version() != kFormat) return damaged(kEmergencies);
    return ids;
}

StateChange list_of(const std::vector<Emergency>& emergencies) {
    Encoder out(kFormat);
    out.number(std::uint16_t(emergencies.size()));
    for (const Emergency& one : emergencies) out.fixed(one.id.bytes);
    return {std::string(kEmergencies), out.take()};
}

Result<std::optional<Emergency>> find(const EmergencyId& id, const ReadState& read) {
    IMECE_TRY(const auto bytes, read(name_of("emergency/", id)));
    if (!bytes) return std::optional<Emergency>();
    IMECE_TRY(Emergency emergency, decode_emergency(*bytes));
    return emergency;
}

StateChange change_of(const Emergency& emergency) {
    return {name_of("emergency/", emergency.id), encode(emergency)};
}

struct Apply {
    TimePoint at;
    const ReadState& read;
    using Changes = Result<std::vector<StateChange>>;

    Changes operator()(const ReceiptAnchor& body) const {
        IMECE_TRY(const auto bytes, read(kReceipts));
        std::uint64_t last = 0;
        if (bytes) {
            Decoder in(*bytes);
            last = in.number<std::uint64_t>();
            if (!in.ok()) return damaged(kReceipts);
        }
        if (body.number != last + 1)
            return fail(ErrorCode::kFailedPrecondition, "ANCHOR_OUT_OF_ORDER",
                        "anchors of receipts follow one another");
        return std::vector<StateChange>{
            {std::string(kReceipts), Encoder(kFormat).number(body.number).take()},
            {std::string(kReceipts) + "/" + std::to_string(body.number),
             Encoder(kFormat).number(body.receipts).fixed(body.root).take()}};
    }

    Changes operator()(const EmergencyDeclared& body) const {
        IMECE_TRY(const auto known, find(body.emergency, read));
        if (known)
            return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "an emergency has this id already");
        if (body.expires_at <= at)
            return fail(ErrorCode::kFailedPrecondition, "EMERGENCY_OVER",
                        "the emergency was over before it was final");
        IMECE_TRY(std::vector<Emergency> in_force, emergencies_in_force(at, read));
        if (in_force.size() >= kEmergenciesMax)
            return fail(ErrorCode::kFailedPrecondition, "EMERGENCIES_TOO_MANY",
                        "256 emergencies are in force: end one before you declare another");
        Emergency emergency{.id = body.emergency,
                            .level = body.level,
                            .area = body.area,
                            .expires_at = body.expires_at,
                            .cause_hash = crypto::sha256(view_of(body.cause)),
                            .declared_at = at,
                            .ended_at = {}};
        in_force.push_back(emergency);
        return std::vector<StateChange>{change_of(emergency), list_of(in_force)};
    }

    Changes operator()(const EmergencyEnded& body) const {
        IMECE_TRY(auto emergency, find(body.emergency, read));
        if (!emergency)
            return fail(ErrorCode::kNotFound, "EMERGENCY_UNKNOWN", "no emergency has this id");
        if (!emergency->in_force(at))
            return fail(ErrorCode::kFailedPrecondition, "EMERGENCY_OVER",
                        "the emergency is over already");
        IMECE_TRY(std::vector<Emergency> in_force, emergencies_in_force(at, read));
        std::erase_if(in_force, [&](const Emergency& one) { return one.id == emergency->id; });
        emergency->ended_at = at;
        return std::vector<StateChange>{change_of(*emergency), list_of(in_force)};
    }

    Changes operator()(const CheckInRecorded& body) const {
        const std::string name = name_of("check-in/", body.check_in);
        IMECE_TRY(const auto known, read(name));
        if (known)
            return fail(ErrorCode::kAlreadyExists, "ID_TAKEN", "a check-in has this id already");
        return std::vector<StateChange>{{name, std::string(text_of(body.commitment))}};
    }
};

}  // namespace

crypto::Digest state_key(std::string_view name) {
    return crypto::sha256(view_of(name));
}

crypto::StateEntry entry_of(const StateChange& change) {
    return {state_key(change.name), crypto::sha256(view_of(change.value))};
}

std::string encode(const Emergency& emergency) {
    Encoder out(kFormat);
    out.fixed(emergency.id.bytes).number(std::uint8_t(emergency.level)).text(emergency.area);
    out.time(emergency.expires_at).fixed(emergency.cause_hash);
    out.time(emergency.declared_at).time(emergency.ended_at);
    return out.take();
}

Result<Emergency> decode_emergency(std::string_view bytes) {
    Decoder in(bytes);
    Emergency emergency;
    emergency.id.bytes = in.fixed<16>();
    emergency.level = Level(in.number<std::uint8_t>());
    emergency.area = in.text();
    emergency.expires_at = in.time();
    emergency.cause_hash = in.fixed<32>();
    emergency.declared_at = in.time();
    emergency.ended_at = in.time();
    if (!in.ok() || in.version() != kFormat || emergency.level > Level::kCrisis)
        return damaged("emergency/");
    return emergency;
}

Result<std::vector<Emergency>> emergencies_in_force(TimePoint at, const ReadState& read) {
    IMECE_TRY(const std::vector<EmergencyId> ids, listed(read));
    std::vector<Emergency> in_force;
    for (const EmergencyId& id : ids) {
        IMECE_TRY(const auto emergency, find(id, read));
        if (!emergency) return damaged(kEmergencies);
        if (emergency->in_force(at)) in_force.push_back(*emergency);
    }
    std::ranges::sort(in_force, [](const Emergency& a, const Emergency& b) {
        return std::tuple(b.level, a.id) < std::tuple(a.level, b.id);
    });
    return in_force;
}

Level highest(const std::vector<Emergency>& emergencies) {
    Level level = Level::kNormal;
    for (const Emergency& one : emergencies) level = std::max(level, one.level);
    return level;
}

Result<std::vector<StateChange>> apply(const Transaction& transaction, TimePoint at,
                                       const ReadState& read) {
    return std::visit(Apply{at, read}, transaction.body);
}

}  // namespace imece::ledger
