#include "replay/fleet/fleet.h"

#include <algorithm>

#include "base/result.h"
#include "replay/world/chance.h"

namespace imece::replay {
namespace {

namespace pb = imece::messaging::v1;
namespace type = imece::type::v1;
using namespace std::chrono_literals;

constexpr std::size_t kApiConnections = 16;
constexpr std::size_t kEnrolAtOnce = 64;
constexpr std::uint32_t kCredit = 256;
/// A token that ends sooner is renewed before it is used.
constexpr Ms kTokenSpare = 120'000;
constexpr std::size_t kReportsPerPost = 200;
constexpr Ms kTryAgain = 2'000;
/// A message that is started later than this after it was due had to wait for its sender.
constexpr Ms kTurnMax = 5'000;

type::Priority priority_of(Class c) {
    return type::Priority(int(c) + 1);
}

Ms expiry(const google::protobuf::Timestamp& at, TimePoint begins) {
    return at.seconds() * 1000 - to_unix_ms(begins);
}

template <class AnyId>
std::string id_bytes(const AnyId& id) {
    return std::string(text_of(id.view()));
}

}  // namespace

Fleet::Fleet(const Plan& plan, RunLog& log, FleetOptions options)
    : plan_(plan),
      log_(log),
      options_(std::move(options)),
      world_(plan, log, *this),
      nodes_(plan.nodes.size()),
      envelopes_(plan.messages.size()),
      accepted_(plan.messages.size()) {
    Dice dice(plan.seed, "devices");
    for (NodeIndex n = 0; n < nodes_.size(); ++n) {
        SeededRandom chance((std::uint64_t(dice.below(UINT32_MAX)) << 32) | dice.below(UINT32_MAX));
        nodes_[n].device = std::make_unique<sdk::Device>(sdk::Device::create(chance));
        by_device_[nodes_[n].device->id()] = n;
    }
    for (MessageIndex m = 0; m < plan.messages.size(); ++m) by_id_[plan.messages[m].id] = m;
}

Fleet::~Fleet() = default;

Ms Fleet::now() const {
    return (clock_->now() - begins_).count();
}

Ms Fleet::turn() {
    turn_ = now();
    return turn_;
}

Status Fleet::set_up(const imece::site::v1::Site& site, const SystemClock& clock) {
    const auto began = std::chrono::steady_clock::now();
    site_ = site;
    clock_ = &clock;
    begins_ = clock.now();
    api_ = std::make_unique<sdk::AsyncApi>(
        io_, options_.endpoint,
        sdk::ApiOptions{.connections = kApiConnections, .waiting_max = 100'000, .timeout = 60s});
    if (site.grpc_port() != 0) channel_ = options_.endpoint.grpc_channel(site.grpc_port());

    sdk::Api api(options_.endpoint);
    IMECE_TRY(const auto session, api.login(options_.user, options_.password));
    imece::identity::v1::CreateEnrolmentTokenRequest wanted;
    wanted.set_quota(std::uint32_t(nodes_.size()));
    for (std::size_t c = 0; c < kClasses; ++c) wanted.add_classes(priority_of(Class(c)));
    wanted.add_network_roles(type::ENDPOINT);
    wanted.add_network_roles(type::CARRIER);
    IMECE_TRY(const auto token, api.create_enrolment_token(wanted));
    options_.say("enrolling " + std::to_string(nodes_.size()) + " devices with one token");
    IMECE_CHECK(enrol_all(token.token()));
    // The operator's token may have run out meanwhile: the site's time runs fast.
    IMECE_TRY(const auto again, api.login(options_.user, options_.password));
    IMECE_CHECK(make_desks(api));
    facts_.scale = site.time_scale();
    facts_.set_up_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return {};
}

Status Fleet::enrol_all(const std::string& enrolment_token) {
    Status failed;
    std::size_t next = 0;
    std::size_t in_flight = 0;
    std::function<void()> go_on;
    const auto done = [&](const Status& status) {
        --in_flight;
        if (!status && failed) failed = status;
        go_on();
    };
    go_on = [&] {
        while (failed && next < nodes_.size() && in_flight < kEnrolAtOnce) {
            Node& node = nodes_[next];
            const std::string& label = plan_.nodes[next].label;
            ++next;
            ++in_flight;
            api_->enrol(
                *node.device, enrolment_token, label, [&, this](auto enrolled, const auto&) {
                    if (!enrolled) return done(std::unexpected(enrolled.error()));
                    Status kept = node.device->set_credential(enrolled->credential());
                    if (!kept) return done(kept);
                    api_->sign_in(*node.device, [&, this](auto session, const auto&) {
                        if (!session) return done(std::unexpected(session.error()));
                        node.token = session->session().access_token();
                        node.token_until = expiry(session->session().access_expires_at(), begins_);
                        done(node.device->set_credential(session->credential()));
                    });
                });
        }
    };
    go_on();
    while (in_flight > 0) {
        io_.restart();
        io_.run_one_for(100ms);
    }
    return failed;
}

Status Fleet::make_desks(sdk::Api& api) {
    const std::string suffix = " " + std::to_string(to_unix_ms(begins_) % 1'000'000'000);
    for (const DeskPlan& desk : plan_.desks) {
        crypto::Seed seed{};
        random_.fill(seed);
        desk_keys_.push_back(std::make_unique<crypto::SigningKey>(seed));
        auto made = api.create_desk(desk.name, desk_keys_.back()->public_key());
        // A former run left a desk of this name, whose private key went with it.
        if (!made && made.error().reason == "DESK_NAME_TAKEN")
            made = api.create_desk(desk.name + suffix, desk_keys_.back()->public_key());
        if (!made) return std::unexpected(made.error());
        IMECE_TRY(const GroupId id, parse_id<GroupId>(made->desk_id()));
        desk_ids_.push_back(id);
        for (const NodeIndex n : desk.devices) {
            IMECE_TRY(const auto desk_now, api.add_desk_device(id, nodes_[n].device->id()));
        }
    }
    return {};
}

void Fleet::run(const std::function<void(Ms, const RunFacts&)>& progress) {
    const auto began = std::chrono::steady_clock::now();
    begins_ = clock_->now();
    for (Node& node : nodes_)
        node.token_until -= Ms(facts_.set_up_seconds * site_.time_scale() * 1000);
    composer_ = std::make_unique<Composer>(plan_.messages.size(), [this](MessageIndex m) {
        return envelope_of(m, begins_ + Duration(plan_.messages[m].at));
    });
    second_began_ = began;
    auto next_progress = began + 1s;
    log_.begin(site_.time_scale());
    while (now() < plan_.end) {
        const auto turn_began = std::chrono::steady_clock::now();
        tick();
        // What comes from the backend gets as long a turn as the world's own events took: under load
        // neither starves the other.
        const auto turn_ended = std::chrono::steady_clock::now();
        const auto slice = turn_ended + std::max<Wall::duration>(5ms, turn_ended - turn_began);
        io_.restart();
        io_.run_one_for(2ms);
        while (std::chrono::steady_clock::now() < slice && io_.poll_one() > 0) {
        }
        if (std::chrono::steady_clock::now() < next_progress) continue;
        next_progress += 1s;
        progress(now(), facts_);
    }
    log_.end(turn());
    composer_.reset();
    facts_.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    for (Node& node : nodes_) {
        ++node.generation;  // Nothing of it counts any more.
        if (node.connection) node.connection->close();
    }
    io_.restart();
    io_.run_for(500ms);
    if (options_.ledger != nullptr) options_.ledger->sync();
}

RunFacts Fleet::facts() const {
    RunFacts facts = facts_;
    facts.dropped = world_.stats().dropped;
    facts.stale_paths = world_.stats().stale_paths;
    facts.busy_seconds = std::chrono::duration<double>(last_ack_ - first_submit_).count();
    std::vector<float> sorted = ack_ms_;
    std::ranges::sort(sorted);
    if (!sorted.empty()) {
        facts.ack_p50_ms = double(sorted[(sorted.size() - 1) / 2]);
        facts.ack_p95_ms = double(sorted[(sorted.size() - 1) * 95 / 100]);
    }
    return facts;
}

void Fleet::tick() {
    const Ms at = turn();
    world_.advance(at);
    while (!again_.empty() && again_.top().at <= at) {
        const Again due = again_.top();
        again_.pop();
        world_.retry(due.node, due.item, at);
    }
    for (const auto& [recipient, m] : std::exchange(handed_over_, {}))
        world_.acknowledge(recipient, m, at);
    post_reports();
    std::vector<NodeIndex> due = std::exchange(to_flush_, {});
    std::ranges::sort(due);
    const auto doubles = std::ranges::unique(due);
    due.erase(doubles.begin(), doubles.end());
    for (const NodeIndex n : due) flush(n);
    const auto wall = std::chrono::steady_clock::now();
    for (NodeIndex n = 0; n < nodes_.size(); ++n)
        if (nodes_[n].wanted && !nodes_[n].connection && nodes_[n].retry_at <= wall) dial(n);
    if (options_.ledger != nullptr) options_.ledger->sync();
}

void Fleet::connect(NodeIndex n) {
    nodes_[n].wanted = true;
}

void Fleet::disconnect(NodeIndex n) {
    Node& node = nodes_[n];
    node.wanted = false;
    if (node.connection) node.connection->close();
    forget_connection(node);
}

void Fleet::compose(MessageIndex m) {
    auto envelope = composer_->take(m);
    // Whoever was off when it was due writes it later.
    if (turn_ > plan_.messages[m].at + kTurnMax) envelope = envelope_of(m, clock_->now());
    if (envelope)
        envelopes_[m] = *std::move(envelope);
    else
        options_.say("cannot compose message " + to_text(plan_.messages[m].id));
}

std::optional<type::SignedEnvelope> Fleet::envelope_of(MessageIndex m, TimePoint sent_at) {
    const MessagePlan& message = plan_.messages[m];
    sdk::Draft draft;
    if (message.desk != kNone) {
        draft.destination = sdk::to(desk_ids_[message.desk]);
        draft.recipient_key = desk_keys_[message.desk]->seal_key();
    } else {
        draft.destination = sdk::to(nodes_[message.recipient].device->id());
        draft.recipient_key = nodes_[message.recipient].device->key().seal_key();
    }
    draft.priority = priority_of(message.cls);
    draft.ttl = std::chrono::seconds(message.ttl / 1000);
    draft.body = plan_.texts[message.text];
    draft.exercise = site_.exercise();
    const std::scoped_lock lock(credentials_);
    SystemRandom random;
    auto envelope = nodes_[message.sender].device->compose(draft, message.id, sent_at, random);
    return envelope ? std::optional(*std::move(envelope)) : std::nullopt;
}

void Fleet::keep_credential(Node& node, const type::SignedCredential& credential) {
    const std::scoped_lock lock(credentials_);
    if (auto kept = node.device->set_credential(credential); !kept)
        options_.say(kept.error().message);
}

void Fleet::submit(NodeIndex carrier, MessageIndex m) {
    nodes_[carrier].submits.push_back({.item = m, .message = m, .recipient = kNone, .at = {}});
    to_flush_.push_back(carrier);
}

void Fleet::submit_receipt(NodeIndex carrier, ItemIndex item, MessageIndex m, NodeIndex recipient) {
    nodes_[carrier].receipts.push_back(
        {.item = item, .message = m, .recipient = recipient, .at = {}});
    to_flush_.push_back(carrier);
}

const type::SignedReceipt& Fleet::receipt_of(MessageIndex m, NodeIndex by) {
    type::SignedReceipt& receipt = receipts_[std::uint64_t(m) << 32 | by];
    if (receipt.receipt().empty())
        receipt = nodes_[by].device->receipt(plan_.messages[m].id, type::DELIVERED, clock_->now());
    return receipt;
}

void Fleet::flush(NodeIndex n) {
    Node& node = nodes_[n];
    if (!node.open) return;
    const auto wall = std::chrono::steady_clock::now();
    const auto send = [&]<class Bundle>(std::vector<Sent>& items, auto bundle_of, auto hand,
                                        std::unordered_map<std::uint64_t, Sent>& unconfirmed,
                                        std::vector<Bundle> batch) {
        for (std::size_t done = 0; done < items.size();) {
            const std::size_t size = std::min(items.size() - done, std::size_t(64));
            batch.clear();
            for (std::size_t i = 0; i < size; ++i) batch.push_back(bundle_of(items[done + i]));
            const Result<std::uint64_t> first = hand(std::span<const Bundle>(batch));
            if (!first) {  // Full: the rest at the next turn.
                items.erase(items.begin(), items.begin() + std::ptrdiff_t(done));
                to_flush_.push_back(n);
                return;
            }
            for (std::size_t i = 0; i < size; ++i) {
                items[done + i].at = wall;
                unconfirmed[*first + i] = items[done + i];
            }
            done += size;
        }
        items.clear();
    };
    if (!node.submits.empty() && first_submit_ == Wall{}) first_submit_ = wall;
    send(
        node.submits, [&](const Sent& sent) { return envelopes_[sent.message]; },
        [&](auto batch) { return node.connection->submit(batch); }, node.unconfirmed_submits,
        std::vector<type::SignedEnvelope>());
    send(
        node.receipts, [&](const Sent& sent) { return receipt_of(sent.message, sent.recipient); },
        [&](auto batch) { return node.connection->receipts(batch); }, node.unconfirmed_receipts,
        std::vector<type::SignedReceipt>());
}

void Fleet::arrive(NodeIndex recipient, MessageIndex m) {
    const MessagePlan& message = plan_.messages[m];
    const sdk::Device& device = *nodes_[recipient].device;
    if (!handled_->contains(device.id(), message.id)) {
        const auto* desk_key = message.desk != kNone ? desk_keys_[message.desk].get() : nullptr;
        const auto opened = device.open(envelopes_[m], {.desk_key = desk_key});
        if (!opened || opened->body != plan_.texts[message.text]) {
            ++facts_.corrupted;
            return;
        }
        log_.deliver(turn_, m, recipient);  // This is the application: it returns at once.
        const sdk::Handled handled{device.id(), message.id, clock_->now() + Duration(message.ttl)};
        if (auto kept = handled_->remember({&handled, 1}, clock_->now()); !kept)
            return options_.say(kept.error().message);
    }
    handed_over_.emplace_back(recipient, m);
}

void Fleet::dial(NodeIndex n) {
    Node& node = nodes_[n];
    if (node.signing_in) return;
    if (node.token.empty() || node.token_until - now() < kTokenSpare) return sign_in(n);
    const std::uint64_t generation = ++node.generation;
    const auto mine = [this, n, generation](auto handle) {
        return [this, n, generation, handle](const auto&... arguments) {
            if (nodes_[n].generation == generation) (this->*handle)(n, arguments...);
        };
    };
    sdk::ConnectionHandlers handlers;
    handlers.on_open = [this, n, generation](const pb::Welcome&) {
        if (nodes_[n].generation == generation) opened(n);
    };
    handlers.on_submit_results = mine(&Fleet::submitted);
    handlers.on_receipt_results = mine(&Fleet::receipted);
    handlers.on_deliveries = mine(&Fleet::delivered);
    handlers.on_writable = [this, n] { to_flush_.push_back(n); };
    handlers.on_closed = mine(&Fleet::closed);
    // Whoever may have neighbours carries for them, a desk's device too.
    const sdk::ConnectionOptions options{.credit = kCredit,
                                         .carries = !world_.graph().all_neighbours(n).empty()};
    const bool by_grpc = plan_.nodes[n].kind == NodeKind::kRelay && channel_;
    node.connection =
        by_grpc ? sdk::connect_grpc(io_, channel_, node.token, options, std::move(handlers))
                : sdk::connect_websocket(io_, options_.endpoint, node.token, options,
                                         std::move(handlers));
}

void Fleet::sign_in(NodeIndex n) {
    Node& node = nodes_[n];
    node.signing_in = true;
    api_->sign_in(*node.device, [this, n](auto session, const sdk::CallInfo&) {
        Node& signed_in = nodes_[n];
        signed_in.signing_in = false;
        if (!session) {
            signed_in.retry_at = std::chrono::steady_clock::now() +
                                 std::chrono::milliseconds(200 + random_.below(800));
            return;
        }
        signed_in.token = session->session().access_token();
        signed_in.token_until = expiry(session->session().access_expires_at(), begins_);
        keep_credential(signed_in, session->credential());
    });
}

void Fleet::opened(NodeIndex n) {
    nodes_[n].open = true;
    nodes_[n].failures = 0;
    world_.connected(n, turn());
}

void Fleet::forget_connection(Node& node) {
    ++node.generation;
    node.connection.reset();
    node.open = false;
    node.submits.clear();  // Still held by the node: offered again on its next connection.
    node.receipts.clear();
    node.unconfirmed_submits.clear();
    node.unconfirmed_receipts.clear();
}

void Fleet::closed(NodeIndex n, const Error& why) {
    Node& node = nodes_[n];
    const bool was_open = node.open;
    forget_connection(node);
    if (was_open) world_.disconnected(n, turn());
    ++facts_.connections_lost;
    if (why.code == ErrorCode::kUnauthenticated) node.token.clear();
    // Capped and jittered, so that a restarted server does not meet all of them at once.
    const auto cap = std::min<std::uint64_t>(50ull << std::min(node.failures++, 6u), 2000);
    node.retry_at = std::chrono::steady_clock::now() +
                    std::chrono::milliseconds(cap / 2 + random_.below(cap / 2 + 1));
}

void Fleet::count_acknowledged(Wall sent_at) {
    const auto wall = std::chrono::steady_clock::now();
    ++facts_.acknowledged;
    last_ack_ = wall;
    ack_ms_.push_back(std::chrono::duration<float, std::milli>(wall - sent_at).count());
    if (wall - second_began_ >= 1s) {
        second_began_ = wall;
        acks_this_second_ = 0;
    }
    facts_.peak_per_second = std::max(facts_.peak_per_second, double(++acks_this_second_));
}

void Fleet::submitted(NodeIndex n, std::uint64_t first, const pb::Results& results) {
    Node& node = nodes_[n];
    const Ms at = turn();
    for (int i = 0; i < results.results_size(); ++i) {
        const pb::ItemResult& result = results.results(i);
        const auto sent = node.unconfirmed_submits.find(first + std::uint64_t(i));
        if (sent == node.unconfirmed_submits.end()) continue;
        const Sent was = sent->second;
        node.unconfirmed_submits.erase(sent);
        if (result.reason().empty()) {
            count_acknowledged(was.at);
            if (result.was_there()) ++facts_.suppressed;
            if (!accepted_[was.message] && options_.ledger != nullptr)
                options_.ledger->add("accepted " + to_text(plan_.messages[was.message].id));
            accepted_[was.message] = true;
            world_.confirmed(n, was.item, at);
        } else if (result.retry()) {
            again_.push({at + kTryAgain, n, was.item});
        } else {
            if (result.reason() == "ID_TAKEN" && !std::exchange(seen_before_, true))
                options_.say("the site holds these messages: this --seed was played on it before");
            world_.refused(n, was.item, result.reason(), at);
        }
    }
}

void Fleet::receipted(NodeIndex n, std::uint64_t first, const pb::Results& results) {
    Node& node = nodes_[n];
    const Ms at = turn();
    for (int i = 0; i < results.results_size(); ++i) {
        const pb::ItemResult& result = results.results(i);
        const auto sent = node.unconfirmed_receipts.find(first + std::uint64_t(i));
        if (sent == node.unconfirmed_receipts.end()) continue;
        const Sent was = sent->second;
        node.unconfirmed_receipts.erase(sent);
        if (result.retry()) {
            again_.push({at + kTryAgain, n, was.item});
        } else if (result.reason().empty()) {
            if (options_.ledger != nullptr)
                options_.ledger->add("acked " + to_text(plan_.messages[was.message].id) + " " +
                                     to_text(nodes_[was.recipient].device->id()));
            world_.confirmed(n, was.item, at);
        } else {
            // A receipt for what never came to the backend is no loss; for what it had accepted it is.
            if (accepted_[was.message])
                facts_.lost.push_back(to_text(plan_.messages[was.message].id));
            world_.refused(n, was.item, result.reason(), at);
        }
    }
}

void Fleet::delivered(NodeIndex n, const pb::Deliveries& deliveries) {
    for (const pb::Delivery& delivery : deliveries.deliveries()) {
        const auto header = sdk::read_envelope(delivery.message());
        const auto target = parse_id<DeviceId>(delivery.device_id());
        if (!header || !target) continue;
        MessageId id;
        if (header->message_id().size() == id.bytes.size())
            std::copy(header->message_id().begin(), header->message_id().end(), id.bytes.begin());
        const auto m = by_id_.find(id);
        const auto recipient = by_device_.find(*target);
        if (m == by_id_.end() || recipient == by_device_.end()) continue;  // Of a former run.
        std::vector<NodeIndex> path;
        for (const std::string& step : delivery.path()) {
            const auto device = parse_id<DeviceId>(step);
            const auto node = device ? by_device_.find(*device) : by_device_.end();
            if (node != by_device_.end()) path.push_back(node->second);
        }
        world_.delivery(n, recipient->second, m->second, path, turn());
    }
}

void Fleet::report(NodeIndex carrier, std::span<const NodeIndex> nodes) {
    for (const NodeIndex n : nodes) nodes_[carrier].reports.push_back(report_of(n));
}

imece::discovery::v1::SignedReport Fleet::report_of(NodeIndex n) {
    imece::discovery::v1::NodeReport out;
    const TimePoint time = clock_->now();
    out.set_sequence(++nodes_[n].report_sequence);
    out.mutable_at()->set_seconds(to_unix_ms(time) / 1000);
    out.mutable_at()->set_nanos(std::int32_t(to_unix_ms(time) % 1000) * 1'000'000);
    out.set_battery_percent(world_.battery(n, now()));
    out.set_has_uplink(nodes_[n].open);
    if (plan_.nodes[n].has_position) {
        out.mutable_position()->set_latitude(plan_.nodes[n].latitude);
        out.mutable_position()->set_longitude(plan_.nodes[n].longitude);
    }
    for (const auto& next : world_.graph().all_neighbours(n)) {
        if (!world_.graph().works(next.link)) continue;
        auto& neighbour = *out.add_neighbours();
        neighbour.set_node_id(id_bytes(nodes_[next.node].device->id()));
        neighbour.set_quality(plan_.links[next.link].quality);
    }
    return nodes_[n].device->report(std::move(out));
}

void Fleet::post_reports() {
    for (NodeIndex n = 0; n < nodes_.size(); ++n) {
        Node& node = nodes_[n];
        if (node.reports.empty() || node.posting || node.signing_in) continue;
        if (node.token.empty() || node.token_until - now() < kTokenSpare) {
            sign_in(n);
            continue;
        }
        const std::size_t size = std::min(node.reports.size(), kReportsPerPost);
        node.posting = true;
        api_->report_nodes(
            node.token, std::span(node.reports.data(), size), [this, n](const auto&, const auto&) {
                nodes_[n].posting = false;  // What was lost is said again by the next report.
            });
        node.reports.erase(node.reports.begin(), node.reports.begin() + std::ptrdiff_t(size));
    }
}

}  // namespace imece::replay
