// One life of a site's process: its services on the site's disk, wired as their modules wire them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "discovery/adapters/store_rocks/topology_store.h"
#include "discovery/app/follow_devices.h"
#include "discovery/app/publish_topology.h"
#include "discovery/app/report_nodes.h"
#include "discovery/app/view_topology.h"
#include "ledger/adapters/store_rocks/rocks_ledger_store.h"
#include "ledger/app/anchor_receipts.h"
#include "ledger/app/read_ledger.h"
#include "ledger/app/submit_transaction.h"
#include "messaging/adapters/store_rocks/rocks_store.h"
#include "messaging/app/record_receipts.h"
#include "messaging/app/submit_messages.h"
#include "sim/cluster/feed.h"
#include "sim/cluster/identity_log.h"
#include "sim/cluster/witnessed_ledger.h"
#include "sim/kit/disk.h"

namespace imece::sim {

/// Who signs credentials matters only where one is sent along; here the sites know their devices.
class NoTrust final : public messaging::TrustPort {
public:
    Result<crypto::PublicKey> credential_key(std::string_view) const override {
        return imece::fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID", "no such key");
    }
    bool is_revoked(const DeviceId&) const override { return false; }
    std::uint64_t version() const override { return 0; }
};

/// What a life of the process is given; all of it outlives the life.
struct Ground {
    Stage& stage;
    std::string site;
    Disk& disk;
    const SimClock& clock;
    IdentityLog& identity;
    const ledger::Authorities& authorities;
    std::string boot_id;
};

struct Stores {
    std::unique_ptr<messaging::RocksMessageStore> messages;
    std::unique_ptr<discovery::RocksTopologyStore> topology;
    std::unique_ptr<ledger::RocksLedgerStore> chain;
};
/// Errors: the stores'.
Result<Stores> open_stores(const Ground& ground);

/// What their modules' threads do, alarms do here.
struct Services {
    Services(const Ground& ground, Stores opened);
    /// Once, before anything else. Errors: the stores'.
    Status load();

    /// Something changed for messaging's dispatcher.
    void wake_dispatcher() { turn_alarm.set_after(Duration(0)); }

    Ground ground;
    Stores stores;

    NoTrust trust;
    messaging::Directory directory;
    messaging::Dispatcher dispatcher;
    messaging::SubmitMessages submit;
    messaging::RecordReceipts record;

    discovery::Live live;
    discovery::PublishTopology publish;
    discovery::FollowDevices devices;
    discovery::ReportNodes report;
    discovery::ViewTopology view;

    WitnessedLedger chain;
    ledger::SubmitTransaction transact;
    ledger::AnchorReceipts anchor;
    ledger::ProduceBlock produce;
    ledger::ReadLedger read_chain;

private:
    runtime::Subscription::Options follow_devices();
    runtime::Subscription::Options follow_receipts();
    void take_turn();
    void publish_topology();
    void make_block();

    TimePoint anchored_at_;
    Alarm turn_alarm;
    Alarm publish_alarm;
    Alarm block_alarm;
    std::optional<Feed> feeds_[4];
};

}  // namespace imece::sim
