#include "identity/app/check_ins.h"

#include "base/result.h"

namespace imece::identity {
namespace {

std::unexpected<Error> unknown() {
    return fail(ErrorCode::kNotFound, "CHECK_IN_UNKNOWN", "no check-in has this id");
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

Result<CheckIn> RecordCheckIn::operator()(const CallContext& call, CheckIn wanted) const {
    wanted.name = trimmed(wanted.name);
    wanted.place = trimmed(wanted.place);
    wanted.note = trimmed(wanted.note);
    IMECE_TRY(const std::vector<std::string> words, name_words(wanted.name));
    if (!trimmed(wanted.phone).empty()) {
        IMECE_TRY(wanted.phone, phone_of(wanted.phone));
    } else {
        wanted.phone.clear();
    }
    wanted.at = deps_.issuer.clock().now();
    wanted.recorded_by = actor_of(call.caller);
    deps_.issuer.random().fill(wanted.salt);
    const NewEvent event =
        deps_.issuer.event("check_in.recorded.v1", to_text(wanted.id), call,
                           deps_.issuer.wire().check_in_recorded(wanted.id, commitment_of(wanted)));
    return deps_.store.add(wanted, words, deps_.keep, event);
}

Result<std::vector<CheckIn>> SearchCheckIns::operator()(const CallContext& call,
                                                        const std::string& phone,
                                                        const std::string& name) const {
    std::vector<std::string> words;
    if (!trimmed(name).empty()) {
        IMECE_TRY(words, name_words(name));
    }
    if (!trimmed(phone).empty()) {
        IMECE_TRY(const std::string number, phone_of(phone));
        IMECE_TRY(std::vector<CheckIn> found, store_.by_phone(number, kFoundMax));
        std::erase_if(found, [&](const CheckIn& one) { return !name_fits(one.name, words); });
        return found;
    }
    if (words.empty())
        return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID",
                    "give 'phone', or 'name' if your role allows it");
    if (!may_search_by_name(call.caller))
        return fail(ErrorCode::kPermissionDenied, "ROLE_MISSING",
                    "a search by name is for responders, dispatchers and operators: search by "
                    "phone number");
    return store_.by_name(words, kFoundMax);
}

Result<CheckIn> GetCheckIn::operator()(const CallContext& call, const CheckInId& id) const {
    IMECE_TRY(CheckIn check_in, store_.find_check_in(id));
    if (!may_read(call.caller, check_in)) return unknown();
    return check_in;
}

Status EraseCheckIn::operator()(const CallContext& call, const CheckInId& id) const {
    IMECE_TRY(const CheckIn check_in, deps_.store.find_check_in(id));
    if (!may_erase(call.caller, check_in)) return unknown();
    return deps_.store.erase_check_in(id,
                                      deps_.issuer.event("check_in.erased.v1", to_text(id), call,
                                                         deps_.issuer.wire().check_in_erased(id)));
}

}  // namespace imece::identity
