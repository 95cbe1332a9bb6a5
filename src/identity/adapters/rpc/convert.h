// Identity's words, proto to domain and back.
#pragma once

#include <google/protobuf/repeated_field.h>

#include "identity/app/devices.h"
#include "imece/identity/v1/identity.pb.h"
#include "runtime/rpc/door.h"

namespace imece::identity {

/// Who calls, with the trace and the deadline.
CallContext context_of(const runtime::Call& call);

/// The set of the numbers in `values`. Errors: kInvalidArgument FIELD_INVALID naming `field` for a number
/// outside 1..`greatest`.
template <class Enum>
Result<EnumSet<Enum>> set_of(const google::protobuf::RepeatedField<int>& values, Enum greatest,
                             std::string_view field) {
    EnumSet<Enum> set;
    for (const int value : values) {
        if (value < 1 || value > int(greatest))
            return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID",
                        "'" + std::string(field) + "' has a value that is not known");
        set.add(Enum(value));
    }
    return set;
}

void fill(const User& user, imece::identity::v1::User& out);
void fill(const Holdings& holdings, imece::identity::v1::UserExport& out);
void fill(const Device& device, imece::identity::v1::Device& out);
void fill(const Desk& desk, imece::identity::v1::Desk& out);
void fill(const IssuedSession& session, imece::identity::v1::Session& out);
void fill(const SignedCredential& credential, imece::type::v1::SignedCredential& out);

}  // namespace imece::identity
