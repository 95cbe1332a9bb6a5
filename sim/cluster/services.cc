#include "sim/cluster/services.h"

#include <algorithm>

#include "base/result.h"
#include "discovery/adapters/bus/device_events.h"
#include "discovery/adapters/bus/topology_event.h"
#include "discovery/adapters/rpc/report_codec.h"
#include "ledger/adapters/bus/ledger_events.h"
#include "messaging/adapters/bus/events.h"

namespace imece::sim {
namespace {

using namespace std::chrono_literals;
using runtime::KvStore;

/// As the ledger's module has it.
constexpr Duration kAnchorInterval = 10s;
constexpr Duration kBackOff = 1s;
/// As many events as are given twice by the planted fault.
constexpr std::uint64_t kAgain = 3;

}  // namespace

Result<Stores> open_stores(const Ground& ground) {
    const bool lies = ground.stage.plant == Plant::kAcknowledgesUnsynced;
    Random& random = ground.stage.random;
    Stores stores;
    IMECE_TRY(stores.messages,
              messaging::make_rocks_store({.path = "messaging",
                                           .accepted_event = messaging::accepted_event,
                                           .ended_event = messaging::ended_event,
                                           .committed = {},
                                           .open =
                                               [&ground, lies](KvStore::Options options) {
                                                   options.sync = options.sync && !lies;
                                                   return ground.disk.open(options);
                                               }},
                                          random));
    const runtime::OpenKv open = [&ground](const KvStore::Options& options) {
        return ground.disk.open(options);
    };
    IMECE_TRY(
        stores.topology,
        discovery::make_rocks_topology_store(
            {.path = "discovery", .boot_id = ground.boot_id, .announced = [] {}, .open = open}));
    IMECE_TRY(stores.chain, ledger::make_rocks_ledger_store(
                                {.path = "ledger",
                                 .submitted_event =
                                     [&random](const ledger::Submitted& submitted) {
                                         return ledger::submitted_event(submitted, random);
                                     },
                                 .final_event =
                                     [&random](const ledger::Finalized& finalized) {
                                         return ledger::final_event(finalized, random);
                                     },
                                 .announced = [] {},
                                 .open = open}));
    return stores;
}

Services::Services(const Ground& on, Stores opened)
    : ground(on),
      stores(std::move(opened)),
      directory(*stores.messages),
      dispatcher({*stores.messages, ground.clock}, {}),
      submit({*stores.messages, directory, trust, dispatcher, ground.clock},
             {.limits = {}, .site_is_exercise = true, .queue = {}}),
      record({*stores.messages, directory, dispatcher, ground.clock}),
      live({}, {}),
      publish({.live = live,
               .store = *stores.topology,
               .clock = ground.clock,
               .random = ground.stage.random,
               .encode = discovery::encode_delta},
              {.deltas_per_full = 20}),
      devices(live, *stores.topology, [this] { publish_alarm.set_after(0ms); }),
      report({.live = live,
              .clock = ground.clock,
              .decode = discovery::decode_report,
              .changed = [this] { publish_alarm.set_after(20ms); }},
             {}),
      view(live, ground.clock),
      chain(*stores.chain, ground.stage, ground.site),
      transact({.store = chain,
                .clock = ground.clock,
                .authorities = ground.authorities,
                .wake = [this] { block_alarm.set_after(0ms); }}),
      anchor(chain, transact, ground.clock, ground.stage.random),
      produce({.store = chain,
               .clock = ground.clock,
               .authorities = ground.authorities,
               .finalized =
                   [this](const ledger::BlockHeader& header) {
                       ground.stage.trace.note(ground.site,
                                               "block " + std::to_string(header.height));
                   }},
              {}),
      read_chain(chain, ground.clock),
      turn_alarm(ground.stage.scheduler, [this] { take_turn(); }),
      publish_alarm(ground.stage.scheduler, [this] { publish_topology(); }),
      block_alarm(ground.stage.scheduler, [this] { make_block(); }) {}

Status Services::load() {
    IMECE_CHECK(directory.load());
    IMECE_CHECK(dispatcher.load());
    IMECE_CHECK(publish.restore(discovery::decode_report));
    IMECE_TRY(const ledger::Block first,
              ledger::first_block(ground.authorities, ground.clock.now(), true));
    IMECE_CHECK(chain.begin(first, ground.authorities.set));
    anchored_at_ = ground.clock.now();
    Stage& stage = ground.stage;
    feeds_[0].emplace(stage, ground.identity, messaging::follow_identity(directory), [] {});
    feeds_[1].emplace(stage, ground.identity, follow_devices(), [] {});
    feeds_[2].emplace(stage, *stores.topology, messaging::follow_discovery(dispatcher),
                      [this] { wake_dispatcher(); });
    feeds_[3].emplace(stage, *stores.messages, follow_receipts(), [] {});
    turn_alarm.set_after(0ms);
    publish_alarm.set_after(0ms);
    block_alarm.set_after(0ms);
    return {};
}

runtime::Subscription::Options Services::follow_devices() {
    return {.source = "identity",
            .as = "discovery",
            .position = [this] { return stores.topology->bus_position(); },
            .apply = runtime::one_by_one([this](const runtime::Event& event) {
                return discovery::apply_device_event(event, devices);
            }),
            .reset = [this] { return devices.forget_all(); }};
}

runtime::Subscription::Options Services::follow_receipts() {
    const auto again =
        std::make_shared<std::uint64_t>(ground.stage.plant == Plant::kAnchorsTwice ? kAgain : 0);
    return {.source = "messaging",
            .as = "ledger",
            .types = {ledger::kDelivered},
            .background = true,
            .position = [this, again]() -> Result<std::uint64_t> {
                IMECE_TRY(const std::uint64_t position, anchor.position());
                return position - std::min(position, std::exchange(*again, 0));
            },
            .apply =
                [this](std::span<const runtime::Event> events, std::uint64_t through) {
                    return anchor.take(ledger::receipts_of(events), through);
                },
            .reset = [this]() -> Status {
                anchor.reset();
                return {};
            }};
}

void Services::take_turn() {
    const TimePoint next = dispatcher.turn();
    if (next == TimePoint::min()) return turn_alarm.set_after(0ms);
    if (next != TimePoint::max()) turn_alarm.set(ground.clock.scheduled(next));
}

void Services::publish_topology() {
    const auto next = publish.run();
    if (!next) return publish_alarm.set_after(kBackOff);
    if (*next) publish_alarm.set(ground.clock.scheduled(**next));
}

void Services::make_block() {
    const TimePoint now = ground.clock.now();
    Status done;
    if (now >= anchored_at_ + kAnchorInterval) {
        done = anchor.run();
        anchored_at_ = now;
    }
    const auto next = done ? produce.run() : std::unexpected(done.error());
    if (!next) return block_alarm.set_after(kBackOff);
    const TimePoint anchor_at = anchored_at_ + kAnchorInterval;
    block_alarm.set(ground.clock.scheduled(std::min(next->value_or(anchor_at), anchor_at)));
}

}  // namespace imece::sim
