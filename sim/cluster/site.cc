#include "sim/cluster/site.h"

#include <algorithm>

#include "base/assert.h"
#include "base/result.h"
#include "ledger/adapters/bus/ledger_events.h"

namespace imece::sim {
namespace {

using namespace std::chrono_literals;

/// A dead connection is noticed at most so late.
constexpr Duration kKeepAlive = 8s;
constexpr Duration kLookEvery = 20s;
constexpr std::uint32_t kWeight = 10;

ledger::Authorities authorities_of(std::size_t site, std::size_t count) {
    std::vector<crypto::SigningKey> keys;
    std::vector<ledger::Authority> list;
    for (std::size_t i = 0; i < count; ++i) {
        crypto::Seed seed{};
        seed[0] = std::uint8_t(site);
        seed[1] = std::uint8_t(i + 1);
        keys.emplace_back(seed);
        list.push_back({keys.back().public_key(), kWeight});
    }
    auto set = ledger::AuthoritySet::make(0, std::move(list));
    IMECE_ASSERT(set);
    return {std::move(keys), *std::move(set)};
}

}  // namespace

void Connection::deliver(std::vector<messaging::OutDelivery> deliveries) {
    for (messaging::OutDelivery& delivery : deliveries) {
        if (broken) return;
        if (!stage_.network.gets_through(site_, phone_)) {
            broken = true;
            return;
        }
        last_arrival_ = std::max(last_arrival_, stage_.scheduler.now() + stage_.network.delay());
        stage_.scheduler.at(last_arrival_,
                            [receive = receive_, one = std::move(delivery)] { receive(one); });
    }
}

Site::Site(Stage& stage, std::size_t number, std::size_t authorities, Duration clock_ahead)
    : stage_(stage),
      name_("s" + std::to_string(number)),
      authorities_(authorities_of(number, authorities)),
      clock_(stage.scheduler, clock_ahead),
      disk_(stage.random, [this] { crash_alarm_.set_after(0ms); }),
      follower_(stage, name_),
      start_alarm_(stage.scheduler, [this] { start(); }),
      crash_alarm_(stage.scheduler,
                   [this] { crash(next_crash_, between(stage_.random, 500ms, 15s)); }),
      connections_alarm_(stage.scheduler, [this] { look_at_connections(); }),
      follower_alarm_(stage.scheduler, [this] { let_follower_read(); }),
      look_alarm_(stage.scheduler, [this] { look(); }) {
    disk_.tears = stage.plant == Plant::kHalfCommits;
    connections_alarm_.set_after(kKeepAlive);
    follower_alarm_.set_after(1s);
    look_alarm_.set_after(kLookEvery);
}

void Site::start() {
    if (services_) return;
    ++lives_;
    const std::uint64_t boot = stage_.plant == Plant::kSameBoot ? 0 : power_losses_;
    const Ground ground{
        stage_, name_, disk_, clock_, identity_, authorities_, std::to_string(boot)};
    const Status done = [&]() -> Status {
        IMECE_TRY(Stores stores, open_stores(ground));
        services_ = std::make_unique<Services>(ground, std::move(stores));
        return services_->load();
    }();
    stage_.trace.note(name_, done ? "starts" : "does not start: " + done.error().message);
    if (done) return examine(false);
    if (!disk_.down()) stage_.judge.fail(name_, "does not start: " + done.error().message);
}

void Site::crash(Crash how, Duration away) {
    stage_.trace.note(name_, how == Crash::kPower ? "loses power" : "is killed");
    services_.reset();
    connections_.clear();
    disk_.crash(how);
    if (how == Crash::kPower) ++power_losses_;
    start_alarm_.set_after(away);
}

void Site::crash_at(std::uint64_t commits, Crash how) {
    next_crash_ = how;
    disk_.fail_at(commits);
}

void Site::examine(bool settled) {
    if (Services* services = this->services()) stage_.judge.examine(name_, *services, settled);
}

bool Site::converged() {
    Services* services = this->services();
    if (services == nullptr) return false;
    const discovery::Snapshot snapshot =
        services->view.snapshot({.sees_places = true, .device = {}});
    return follower_.agrees(snapshot) && services->dispatcher.mesh_version() == snapshot.version;
}

bool Site::all_anchored() {
    Services* services = this->services();
    if (services == nullptr) return false;
    const auto mark = services->chain.receipt_mark();
    const auto after = services->stores.messages->read_after(mark ? mark->position : 0, 1'000'000);
    const auto pending = services->chain.pending(1);
    return after && pending && pending->empty() &&
           std::ranges::none_of(*after, [](const runtime::Event& event) {
               return event.type == ledger::kDelivered;
           });
}

void Site::ask_ledger() {
    Services* services = this->services();
    if (services == nullptr) return;
    Random& random = stage_.random;
    const TimePoint now = clock_.now();
    const ledger::TransactionId id{make_uuid_v7(now, random)};
    ledger::CheckInRecorded check_in;
    check_in.check_in.bytes = make_uuid_v7(now, random);
    ledger::TransactionBody body = check_in;
    if (one_in(random, 3))
        body = ledger::EmergencyDeclared{
            {make_uuid_v7(now, random)},
            one_in(random, 2) ? ledger::Level::kCrisis : ledger::Level::kEmergency,
            now + between(random, 5s, 60s),
            "*",
            "earthquake"};
    const Status done = services->transact(id, body, "user:operator");
    stage_.trace.note(name_, done ? "takes a transaction" : done.error().reason);
}

void Site::connect(const DeviceId& node, const messaging::LinkOptions& options,
                   const std::shared_ptr<Connection>& connection) {
    Services* services = this->services();
    if (services == nullptr || connection->broken || connection->attached) return;
    connection->attached = true;
    connections_[node] = connection;
    services->dispatcher.attach(node, options, connection);
    services->wake_dispatcher();
}

void Site::look_at_connections() {
    connections_alarm_.set_after(between(stage_.random, 1s, kKeepAlive));
    Services* services = this->services();
    if (services == nullptr) return;
    for (auto at = connections_.begin(); at != connections_.end();) {
        if (!at->second->broken) {
            ++at;
            continue;
        }
        services->dispatcher.detach(at->first, at->second.get());
        at = connections_.erase(at);
    }
    services->wake_dispatcher();
}

void Site::let_follower_read() {
    follower_alarm_.set_after(stage_.calm ? Duration(1s) : between(stage_.random, 100ms, 10s));
    if (Services* services = this->services())
        follower_.read(*services->stores.topology, lives_, power_losses_);
}

void Site::look() {
    look_alarm_.set_after(kLookEvery);
    examine(false);
}

}  // namespace imece::sim
