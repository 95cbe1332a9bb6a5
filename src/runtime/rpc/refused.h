// A stream that ends before it began.
#pragma once

#include "base/error.h"
#include "runtime/rpc/door.h"

namespace imece::runtime {

/// Ends at once with `error`. Reactor is gRPC's base of the stream; gRPC owns it from `new` on.
template <class Reactor>
class Refused final : public Reactor {
public:
    explicit Refused(const Error& error) { this->Finish(to_grpc(error)); }
    void OnDone() override { delete this; }
};

}  // namespace imece::runtime
