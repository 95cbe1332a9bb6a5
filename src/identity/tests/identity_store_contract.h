// What every identity store promises. A behaviour that is not named here is not promised.
//
// Each case is a function that fails by gtest's EXPECT_…; the adapters run all of them, and a test
// of the contract itself shows that stores with a fault do not get through.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "identity/app/check_ins.h"
#include "runtime/bus/outbox.h"

namespace imece::identity::testing {

/// A store that is open, with the read side of its outbox.
struct OpenStore {
    std::shared_ptr<void> owner;
    IdentityStore* store = nullptr;
    CheckInStore* check_ins = nullptr;
    runtime::OutboxReader* outbox = nullptr;
};
/// Opens what is at the path, or begins a new store there. Whatever it opened before is closed.
using OpenAt = std::function<OpenStore(const std::filesystem::path&)>;

struct ContractCase {
    const char* name;
    void (*check)(const OpenAt& open, const std::filesystem::path& directory);
};

/// Of one running store.
const std::vector<ContractCase>& store_contract();
/// Of a person's way through it: disabled, given out, erased; checked in, found, forgotten.
const std::vector<ContractCase>& people_contract();
/// Of what the next opening finds: after a close, and after a kill in mid-load.
const std::vector<ContractCase>& durability_contract();

}  // namespace imece::identity::testing
