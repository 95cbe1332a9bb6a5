// Recording, finding and erasing check-ins.
#pragma once

#include "identity/app/issuer.h"
#include "identity/domain/check_in.h"

namespace imece::identity {

/// Where check-ins rest. Adapters: SQLite. Threads, transactions and errors as with IdentityStore.
/// All adapters pass tests/identity_store_contract.h.
class CheckInStore {
public:
    virtual ~CheckInStore() = default;
    /// Stores it with the words of its name. One that is there already with the same name, phone, wellbeing, place, note and
    /// recorder is left and given back; errors: kAlreadyExists ID_TAKEN for another, also where that was erased. Drops a few that are older than `keep`.
    virtual Result<CheckIn> add(const CheckIn& check_in, const std::vector<std::string>& words,
                                Duration keep, const NewEvent& event) = 0;
    /// Errors: kNotFound CHECK_IN_UNKNOWN.
    virtual Result<CheckIn> find_check_in(const CheckInId& id) = 0;
    /// The newest first.
    virtual Result<std::vector<CheckIn>> by_phone(const std::string& phone, std::size_t max) = 0;
    /// Of whose names each of `beginnings` begins a word. The newest first.
    virtual Result<std::vector<CheckIn>> by_name(const std::vector<std::string>& beginnings,
                                                 std::size_t max) = 0;
    /// When it returns, no byte of it is left in the files of the store. Errors: kNotFound CHECK_IN_UNKNOWN.
    virtual Status erase_check_in(const CheckInId& id, const NewEvent& event) = 0;
};

class RecordCheckIn {
public:
    struct Deps {
        CheckInStore& store;
        const Issuer& issuer;
        Duration keep;  ///< How long check-ins are kept.
    };
    explicit RecordCheckIn(Deps deps) : deps_(deps) {}
    /// Of `wanted` counts what the caller may say: not time, recorder and salt.
    /// Errors: kInvalidArgument PHONE_MALFORMED, NAME_MALFORMED; kAlreadyExists ID_TAKEN.
    Result<CheckIn> operator()(const CallContext& call, CheckIn wanted) const;

private:
    Deps deps_;
};

class SearchCheckIns {
public:
    static constexpr std::size_t kFoundMax = 50;
    explicit SearchCheckIns(CheckInStore& store) : store_(store) {}
    /// With both, those of the phone whose name fits. Errors: kInvalidArgument PHONE_MALFORMED, NAME_MALFORMED, FIELD_INVALID with
    /// neither; kPermissionDenied ROLE_MISSING by name alone for who is no staff.
    Result<std::vector<CheckIn>> operator()(const CallContext& call, const std::string& phone,
                                            const std::string& name) const;

private:
    CheckInStore& store_;
};

class GetCheckIn {
public:
    explicit GetCheckIn(CheckInStore& store) : store_(store) {}
    /// Errors: kNotFound CHECK_IN_UNKNOWN, also where the caller may not read it.
    Result<CheckIn> operator()(const CallContext& call, const CheckInId& id) const;

private:
    CheckInStore& store_;
};

class EraseCheckIn {
public:
    struct Deps {
        CheckInStore& store;
        const Issuer& issuer;
    };
    explicit EraseCheckIn(Deps deps) : deps_(deps) {}
    /// Errors: kNotFound CHECK_IN_UNKNOWN, also where the caller may not erase it.
    Status operator()(const CallContext& call, const CheckInId& id) const;

private:
    Deps deps_;
};

}  // namespace imece::identity
