// A machine with a site on it: it crashes, comes back, and answers phones meanwhile.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/cluster/follower.h"
#include "sim/cluster/services.h"

namespace imece::sim {

/// A connection of a phone, of which both ends hold one. Frames arrive in their order, or the connection is broken.
class Connection final : public messaging::DeliverySink {
public:
    using Receive = std::function<void(const messaging::OutDelivery&)>;
    Connection(Stage& stage, std::string site, std::string phone, Receive receive)
        : stage_(stage),
          site_(std::move(site)),
          phone_(std::move(phone)),
          receive_(std::move(receive)) {}

    void deliver(std::vector<messaging::OutDelivery> deliveries) override;
    void status(std::vector<messaging::StatusNews>) override {}
    void close(const Error&) override { broken = true; }

    bool attached = false;  ///< The site has it.
    bool broken = false;

private:
    Stage& stage_;
    const std::string site_;
    const std::string phone_;
    const Receive receive_;
    TimePoint last_arrival_;
};

class Site {
public:
    Site(Stage& stage, std::size_t number, std::size_t authorities, Duration clock_ahead);

    /// Until it stands: a crash while it starts is a crash as any.
    void start();
    /// It starts again after `away`.
    void crash(Crash how, Duration away);
    /// The `commits`th commit from now is the last of this life.
    void crash_at(std::uint64_t commits, Crash how);
    void examine(bool settled);
    /// All that follow the site's topology have it.
    bool converged();
    /// Each receipt is anchored, in a block that is final.
    bool all_anchored();
    /// An operator asks for a higher level, and somebody checks in.
    void ask_ledger();

    const std::string& name() const { return name_; }
    IdentityLog& identity() { return identity_; }
    /// Null while it is away.
    Services* services() { return disk_.down() ? nullptr : services_.get(); }
    std::uint64_t life() const { return lives_; }

    void connect(const DeviceId& node, const messaging::LinkOptions& options,
                 const std::shared_ptr<Connection>& connection);

private:
    void look_at_connections();
    void let_follower_read();
    void look();

    Stage& stage_;
    const std::string name_;
    const ledger::Authorities authorities_;
    const SimClock clock_;
    IdentityLog identity_;
    Disk disk_;
    Follower follower_;
    Crash next_crash_ = Crash::kPower;
    std::uint64_t lives_ = 0;
    std::uint64_t power_losses_ = 0;
    std::unique_ptr<Services> services_;
    std::map<DeviceId, std::shared_ptr<Connection>> connections_;
    Alarm start_alarm_;
    Alarm crash_alarm_;
    Alarm connections_alarm_;
    Alarm follower_alarm_;
    Alarm look_alarm_;
};

}  // namespace imece::sim
