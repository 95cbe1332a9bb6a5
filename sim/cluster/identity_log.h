// What identity would tell a site: which devices are enrolled, and who sits at the desk.
#pragma once

#include <string>
#include <vector>

#include "crypto/crypto.h"
#include "runtime/bus/outbox.h"

namespace imece::sim {

/// Loses nothing: identity is not simulated.
class IdentityLog final : public runtime::OutboxReader {
public:
    void enrol(const crypto::PublicKey& key, TimePoint now, TimePoint not_after);
    void set_desk(const GroupId& desk, const std::vector<DeviceId>& devices, TimePoint now);

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override;
    std::uint64_t last_position() override { return events_.size(); }

private:
    void tell(const char* type, std::string subject, TimePoint now, std::string data);
    std::vector<runtime::Event> events_;
};

}  // namespace imece::sim
