#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "replay/world/chance.h"
#include "replay/world/scenario.h"

namespace imece::replay {
namespace {

constexpr double kRadioMetres = 75;         // Between two phones.
constexpr double kCampMetres = 110;         // Radius of a group.
constexpr double kTowerMetres = 2'500;      // Radius of a group's tower.
constexpr double kWideTowerMetres = 5'000;  // Radius of a province's central tower.
constexpr std::size_t kIslandsWanted = 8;
constexpr Ms kSettle = 20'000;  // Time to connect before the first message.
constexpr Ms kStormMs = 60'000;

struct Place {
    double latitude = 0;
    double longitude = 0;
};

/// Good to a thousandth over the few hundred kilometres that matter here.
double metres(const Place& a, const Place& b) {
    const double north = (a.latitude - b.latitude) * 111'195;
    const double east = (a.longitude - b.longitude) * 111'195 *
                        std::cos((a.latitude + b.latitude) / 2 * 3.14159265358979323846 / 180);
    return std::hypot(north, east);
}

Place moved(const Place& from, double north_m, double east_m) {
    return {from.latitude + north_m / 111'195,
            from.longitude +
                east_m / (111'195 * std::cos(from.latitude * 3.14159265358979323846 / 180))};
}

std::string fill_text(const Scenario& scenario, Class cls, Dice& dice, std::uint32_t province) {
    static constexpr std::string_view kStreets[] = {"Cumhuriyet", "Atatürk", "İnönü", "Gazi",
                                                    "Barış",      "Çınar",   "Lale",  "Mimar Sinan",
                                                    "Yunus Emre", "Okul"};
    const auto& templates = scenario.texts[std::size_t(cls)];
    const std::string& from = templates[dice.below(templates.size())];
    const std::pair<std::string_view, std::string> fillings[] = {
        {"{n}", std::to_string(1 + dice.below(9))},
        {"{m}", std::to_string(10 + dice.below(90))},
        {"{street}", std::string(kStreets[dice.below(std::size(kStreets))])},
        {"{place}", scenario.provinces[province].name}};
    std::string out;
    for (std::size_t at = 0; at < from.size();) {
        const std::string_view rest = std::string_view(from).substr(at);
        const auto* filling = std::ranges::find_if(
            fillings, [&](const auto& one) { return rest.starts_with(one.first); });
        if (filling == std::end(fillings)) {
            out.push_back(from[at++]);
        } else {
            out += filling->second;
            at += filling->first.size();
        }
    }
    return out;
}

Class draw_class(const Scenario& scenario, Dice& dice) {
    double rest = dice.unit() * std::accumulate(scenario.mix.begin(), scenario.mix.end(), 0.0);
    for (std::size_t c = 0; c < kClasses; ++c) {
        rest -= scenario.mix[c];
        if (rest < 0) return Class(c);
    }
    return Class::kCommunication;
}

struct Group {
    std::uint32_t province = 0;
    Place place;
    std::vector<NodeIndex> phones;
    bool island = false;  ///< No tower reaches it at the start.
    Ms healed = 0;        ///< When it is in touch again; of an island.
};
struct Tower {
    Place place;
    double radius = 0;
    std::uint32_t group = kNone;          ///< Whose tower it is; none: a province's.
    std::vector<std::pair<Ms, Ms>> down;  ///< From, to.
};

class Planner {
public:
    Planner(const Scenario& scenario, const ScenarioOptions& options)
        : s_(scenario), seed_(options.seed) {
        double minutes = 0;
        for (const LoadPhase& phase : s_.load) minutes += phase.minutes;
        stretch_ = options.minutes > 0 ? options.minutes / minutes : 1;
        sending_ = Ms(minutes * stretch_ * 60'000);
        phones_ = options.phones > 0 ? options.phones : s_.phones;
        load_ = options.load;
        plan_.name = s_.name;
        plan_.seed = seed_;
        plan_.end = kSettle + sending_ + Ms(s_.drain_minutes * 60'000);
        plan_.horizon = plan_.end - 60'000;
    }

    Plan make() {
        place_people();
        link_groups();
        raise_towers();
        break_towers();
        add_relays();
        add_desks();
        send_walkers();
        cover();
        run_down_batteries();
        write_messages();
        start_storm();
        finish_plan(plan_, to_unix_ms(s_.begins));
        return std::move(plan_);
    }

private:
    Ms at_share(double share) const { return kSettle + Ms(double(sending_) * share); }
    Place place_of(NodeIndex n) const {
        return {plan_.nodes[n].latitude, plan_.nodes[n].longitude};
    }

    NodeIndex add_node(NodeKind kind, const Place& at, std::string label, std::uint32_t province) {
        NodePlan node;
        node.kind = kind;
        node.label = std::move(label);
        node.latitude = at.latitude;
        node.longitude = at.longitude;
        node.has_position = true;
        plan_.nodes.push_back(std::move(node));
        province_of_.push_back(province);
        return NodeIndex(plan_.nodes.size() - 1);
    }

    LinkIndex add_link(NodeIndex a, NodeIndex b, double distance) {
        const double far = std::min(distance / kRadioMetres, 1.0);
        plan_.links.push_back({a, b, 1 - 0.45 * far * far});
        return LinkIndex(plan_.links.size() - 1);
    }

    void contact(Ms at, ContactKind kind, std::uint32_t index, bool up) {
        plan_.contacts.push_back({at, kind, index, up});
    }

    /// Phones of each province by population, the remainders to the largest provinces.
    std::vector<std::uint32_t> phones_by_province() const {
        double people = 0;
        for (const Province& province : s_.provinces) people += province.people;
        std::vector<std::uint32_t> counts;
        std::uint32_t given = 0;
        for (const Province& province : s_.provinces) {
            counts.push_back(std::uint32_t(double(phones_) * province.people / people));
            given += counts.back();
        }
        for (std::size_t i = 0; given < phones_; ++i, ++given) ++counts[i % counts.size()];
        return counts;
    }

    void place_people() {
        Dice dice(seed_, "places");
        Dice power(seed_, "battery level");
        const auto counts = phones_by_province();
        for (std::uint32_t p = 0; p < s_.provinces.size(); ++p) {
            const Province& province = s_.provinces[p];
            const Place centre{province.latitude, province.longitude};
            const std::uint32_t groups = std::max(1u, counts[p] / s_.group_size);
            for (std::uint32_t g = 0; g < groups; ++g) {
                Group group;
                group.province = p;
                group.place =
                    g == 0 ? centre : moved(centre, 7'000 * dice.normal(), 7'000 * dice.normal());
                const std::uint32_t size = counts[p] / groups + (g < counts[p] % groups ? 1 : 0);
                for (std::uint32_t i = 0; i < size; ++i) {
                    const double angle = dice.unit() * 6.28318530717958648;
                    const double radius = kCampMetres * std::sqrt(dice.unit());
                    const Place at =
                        moved(group.place, radius * std::cos(angle), radius * std::sin(angle));
                    const NodeIndex n =
                        add_node(NodeKind::kPhone, at,
                                 fmt::format("{} {}-{}", province.name, g + 1, i + 1), p);
                    plan_.nodes[n].battery_percent = std::uint8_t(15 + power.below(86));
                    contact(0, ContactKind::kPower, n, true);
                    group.phones.push_back(n);
                }
                groups_.push_back(std::move(group));
            }
        }
    }

    void link_groups() {
        for (const Group& group : groups_) {
            for (std::size_t i = 1; i < group.phones.size(); ++i) {
                // The nearest of those before it is linked at any distance: people who camp together
                // see to it that their phones hear each other.
                std::size_t nearest = 0;
                double least = 1e9;
                for (std::size_t j = 0; j < i; ++j) {
                    const double distance =
                        metres(place_of(group.phones[i]), place_of(group.phones[j]));
                    if (distance < least) least = distance, nearest = j;
                }
                for (std::size_t j = 0; j < i; ++j) {
                    const double distance =
                        metres(place_of(group.phones[i]), place_of(group.phones[j]));
                    if (j != nearest && distance > kRadioMetres) continue;
                    contact(0, ContactKind::kLink,
                            add_link(group.phones[i], group.phones[j], distance), true);
                }
            }
        }
    }

    void raise_towers() {
        for (std::uint32_t g = 0; g < groups_.size(); ++g)
            towers_.push_back({groups_[g].place, kTowerMetres, g, {}});
        for (const Province& province : s_.provinces)
            towers_.push_back(
                {{province.latitude, province.longitude}, kWideTowerMetres, kNone, {}});
        plan_.towers = std::uint32_t(towers_.size());
    }

    double weight(const Tower& tower, const Shock& shock) const {
        const double km = metres(tower.place, {shock.latitude, shock.longitude}) / 1'000;
        return std::pow(10, shock.magnitude - 7) / (40 + km);
    }

    /// The towers in the order in which `shock` takes them: near ones are likely to go first.
    std::vector<std::uint32_t> order_of_fall(const Shock& shock, Dice& dice) const {
        std::vector<std::pair<double, std::uint32_t>> keyed;
        for (std::uint32_t t = 0; t < towers_.size(); ++t)
            keyed.emplace_back(std::log(1 - dice.unit()) / weight(towers_[t], shock), t);
        std::ranges::sort(keyed, std::greater{});
        std::vector<std::uint32_t> order;
        for (const auto& [key, tower] : keyed) order.push_back(tower);
        return order;
    }

    /// True when only its own tower reaches the group.
    bool stands_alone(std::uint32_t g) const {
        for (const Tower& tower : towers_)
            if (tower.group != g &&
                metres(tower.place, groups_[g].place) < tower.radius + 2 * kCampMetres)
                return false;
        return true;
    }

    void break_towers() {
        Dice dice(seed_, "towers");
        const auto wanted = std::size_t(std::lround(s_.towers_down * double(towers_.size())));
        auto order = order_of_fall(s_.shocks.front(), dice);
        // Groups with one tower only are the ones that become islands: enough of them fall.
        std::size_t alone = 0;
        std::ranges::stable_partition(order, [&](std::uint32_t t) {
            return towers_[t].group != kNone && stands_alone(towers_[t].group) &&
                   alone++ < std::min(kIslandsWanted, wanted);
        });
        std::vector<std::uint32_t> fallen(
            order.begin(), order.begin() + std::ptrdiff_t(std::min(wanted, order.size())));
        plan_.towers_down = std::uint32_t(fallen.size());
        dice.shuffle(fallen);
        for (std::size_t i = 0; i < fallen.size(); ++i) {
            const double wave = s_.waves[i % s_.waves.size()];
            towers_[fallen[i]].down.emplace_back(0, at_share(wave) + dice.between(0, 20'000));
        }
        for (std::size_t k = 1; k < s_.shocks.size(); ++k) {
            const Shock& shock = s_.shocks[k];
            auto again = std::size_t(
                std::lround(s_.towers_down_again * double(towers_.size() - fallen.size())));
            for (const std::uint32_t t : order_of_fall(shock, dice)) {
                if (again == 0) break;
                if (!towers_[t].down.empty()) continue;
                const Ms from = at_share(shock.at) + dice.between(0, 3'000);
                towers_[t].down.emplace_back(
                    from, from + Ms(double(sending_) * (0.1 + 0.25 * dice.unit())));
                --again;
            }
        }
        for (std::uint32_t g = 0; g < groups_.size(); ++g) {
            const Ms dark = dark_until(groups_[g].place, 0);
            groups_[g].island = dark > 0;
            groups_[g].healed = dark;
        }
    }

    bool covered(const Place& at, Ms when) const {
        return std::ranges::any_of(towers_, [&](const Tower& tower) {
            return metres(tower.place, at) < tower.radius &&
                   std::ranges::none_of(
                       tower.down,
                       [&](const auto& gap) { return gap.first <= when && when < gap.second; });
        });
    }

    /// The first moment from `from` on at which a tower reaches `at`.
    Ms dark_until(const Place& at, Ms from) const {
        Ms best = covered(at, from) ? from : plan_.end;
        for (const Tower& tower : towers_)
            for (const auto& gap : tower.down)
                if (gap.second > from && gap.second < best && covered(at, gap.second))
                    best = gap.second;
        return best;
    }

    void join(NodeIndex n, const Group& group, std::size_t links, Ms from, Ms to) {
        Dice dice(seed_ ^ n, "join");
        std::vector<NodeIndex> members = group.phones;
        std::erase(members, n);
        dice.shuffle(members);
        for (std::size_t i = 0; i < std::min(links, members.size()); ++i) {
            const LinkIndex link = add_link(n, members[i], 20 + 40 * dice.unit());
            contact(from, ContactKind::kLink, link, true);
            if (to < plan_.end) contact(to, ContactKind::kLink, link, false);
        }
    }

    void add_relays() {
        Dice dice(seed_, "relays");
        std::vector<std::uint32_t> islands;
        for (std::uint32_t g = 0; g < groups_.size(); ++g)
            if (groups_[g].island && groups_[g].healed > at_share(0.45)) islands.push_back(g);
        dice.shuffle(islands);
        for (std::uint32_t p = 0; p < s_.provinces.size(); ++p) {
            for (std::uint32_t r = 0; r < s_.relays_per_province; ++r) {
                const Place base = moved({s_.provinces[p].latitude, s_.provinces[p].longitude},
                                         300 * dice.normal(), 300 * dice.normal());
                const NodeIndex n =
                    add_node(NodeKind::kRelay, base,
                             fmt::format("{} relay {}", s_.provinces[p].name, r + 1), p);
                contact(0, ContactKind::kPower, n, true);
                // The first of each province drives to an island; the others stay in its centre.
                const Group* target = nullptr;
                if (r == 0 && !islands.empty() && islands.size() > 1) {
                    target = &groups_[islands.back()];
                    groups_[islands.back()].healed = at_share(0.3 + 0.3 * dice.unit());
                    islands.pop_back();
                }
                if (target == nullptr) {
                    const auto home = std::ranges::find(groups_, p, &Group::province);
                    join(n, *home, 3, 0, plan_.end);
                    on_off(plan_.contacts, dice, ContactKind::kUplink, n, {500'000, 40'000},
                           plan_.end);
                } else {
                    contact(0, ContactKind::kUplink, n, true);
                    join(n, *target, 4, target->healed, plan_.end);
                }
                crews_.push_back(n);
            }
        }
    }

    void add_desks() {
        for (std::uint32_t p = 0; p < s_.provinces.size(); ++p) {
            DeskPlan desk;
            desk.name = "112 " + s_.provinces[p].name;
            for (int i = 0; i < 2; ++i) {
                const NodeIndex n =
                    add_node(NodeKind::kDesk, {s_.provinces[p].latitude, s_.provinces[p].longitude},
                             fmt::format("{} desk {}", desk.name, i + 1), p);
                plan_.nodes[n].desk = p;
                contact(0, ContactKind::kPower, n, true);
                contact(0, ContactKind::kUplink, n, true);
                desk.devices.push_back(n);
            }
            plan_.desks.push_back(std::move(desk));
        }
    }

    /// Three people leave each island on foot, carrying what they hold; one in four goes to another
    /// island first, the others to where there is a network.
    void send_walkers() {
        Dice dice(seed_, "walkers");
        walks_.assign(plan_.nodes.size(), {});
        std::vector<std::uint32_t> islands;
        std::vector<std::uint32_t> mainland;
        for (std::uint32_t g = 0; g < groups_.size(); ++g)
            (groups_[g].island ? islands : mainland).push_back(g);
        if (mainland.empty()) return;
        const LinkIndex camp_links = LinkIndex(plan_.links.size());
        for (const std::uint32_t from : islands) {
            for (std::size_t i = 0; i < std::min<std::size_t>(3, groups_[from].phones.size() / 4);
                 ++i) {
                const NodeIndex walker = groups_[from].phones[groups_[from].phones.size() - 1 - i];
                const Ms leaves = dice.between(at_share(0.03), at_share(0.25));
                if (leaves > groups_[from].healed) continue;
                for (LinkIndex l = 0; l < camp_links; ++l)
                    if (plan_.links[l].a == walker || plan_.links[l].b == walker)
                        contact(leaves, ContactKind::kLink, l, false);
                Ms arrives = leaves + dice.between(40'000, 120'000);
                walks_[walker].push_back({leaves, arrives, {}});
                const std::uint32_t other = islands[dice.below(islands.size())];
                if (dice.chance(0.25) && other != from) {
                    const Ms goes_on = arrives + dice.between(60'000, 120'000);
                    join(walker, groups_[other], 3, arrives, goes_on);
                    walks_[walker].back().to = groups_[other].place;
                    arrives = goes_on + dice.between(40'000, 120'000);
                    walks_[walker].push_back({goes_on, arrives, {}});
                }
                const Group& goal = groups_[mainland[dice.below(mainland.size())]];
                join(walker, goal, 3, arrives, plan_.end);
                walks_[walker].back().to = goal.place;
            }
        }
    }

    /// A phone's uplink: a tower that stands reaches the place where it is, and it is not walking.
    bool has_uplink(NodeIndex n, Ms when) const {
        Place at = place_of(n);
        for (const Walk& walk : walks_[n]) {
            if (when < walk.leaves) break;
            if (when < walk.arrives) return false;
            at = walk.to;
        }
        return covered(at, when);
    }

    void cover() {
        std::vector<Ms> tower_moments = {0};
        for (const Tower& tower : towers_)
            for (const auto& [from, to] : tower.down) {
                tower_moments.push_back(from);
                tower_moments.push_back(to);
            }
        for (NodeIndex n = 0; n < plan_.nodes.size(); ++n) {
            if (plan_.nodes[n].kind != NodeKind::kPhone) continue;
            std::vector<Ms> moments = tower_moments;
            for (const Walk& walk : walks_[n]) {
                moments.push_back(walk.leaves);
                moments.push_back(walk.arrives);
            }
            std::ranges::sort(moments);
            moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
            bool up = false;
            for (const Ms at : moments) {
                if (at >= plan_.end || has_uplink(n, at) == up) continue;
                up = !up;
                contact(at, ContactKind::kUplink, n, up);
            }
        }
        // A group is an island while none of its people has an uplink.
        for (const Group& group : groups_)
            plan_.islands +=
                std::ranges::any_of(tower_moments,
                                    [&](Ms at) {
                                        return at < plan_.horizon &&
                                               std::ranges::none_of(
                                                   group.phones,
                                                   [&](NodeIndex n) { return has_uplink(n, at); });
                                    })
                    ? 1
                    : 0;
    }

    void run_down_batteries() {
        Dice dice(seed_, "batteries");
        for (NodeIndex n = 0; n < plan_.nodes.size(); ++n) {
            if (plan_.nodes[n].kind != NodeKind::kPhone || !dice.chance(s_.batteries_die)) continue;
            const Ms dies = dice.between(at_share(0.1), at_share(0.95));
            contact(dies, ContactKind::kPower, n, false);
            const Ms back = dies + dice.between(60'000, 300'000);
            if (dice.chance(s_.batteries_recharge) && back < plan_.end)
                contact(back, ContactKind::kPower, n, true);
        }
    }

    NodeIndex any_phone(Dice& dice) const { return dice.below(phones_); }
    NodeIndex any_crew(Dice& dice) const { return crews_[dice.below(crews_.size())]; }

    std::uint32_t write_text(Class cls, Dice& dice, std::uint32_t province) {
        plan_.texts.push_back(fill_text(s_, cls, dice, province));
        return std::uint32_t(plan_.texts.size() - 1);
    }

    /// Who writes and who reads, by class.
    void address(MessagePlan& message, Dice& dice) const {
        const std::uint32_t home = province_of_[message.sender];
        message.desk = message.recipient = kNone;
        switch (message.cls) {
            case Class::kLife: message.desk = home; return;
            case Class::kSafety:
                if (dice.chance(0.5))
                    message.desk = home;
                else
                    message.recipient = any_phone(dice);
                return;
            case Class::kOperational:
                // Crews speak to crews and to desks; some crew members use their phones.
                if (!dice.chance(s_.responders)) message.sender = any_crew(dice);
                if (dice.chance(0.3))
                    message.desk = province_of_[message.sender];
                else
                    message.recipient = any_crew(dice);
                return;
            case Class::kCommunication: message.recipient = any_phone(dice); return;
            case Class::kMaintenance: message.recipient = any_crew(dice); return;
        }
    }

    MessagePlan draft(Ms at, NodeIndex sender, Class cls, Dice& dice) {
        MessagePlan message;
        message.at = at;
        message.sender = sender;
        message.cls = cls;
        message.ttl = default_ttl(cls);
        do {
            address(message, dice);
        } while (message.recipient == message.sender);
        // Some words are worth something only for a few minutes.
        if (cls == Class::kCommunication && dice.chance(0.02)) message.ttl = 300'000;
        return message;
    }

    void write_messages() {
        Dice dice(seed_, "messages");
        Ms begins = kSettle;
        for (const LoadPhase& phase : s_.load) {
            const Ms lasts = Ms(phase.minutes * stretch_ * 60'000);
            const auto count = std::size_t(std::llround(double(phones_) * phase.per_user_hour *
                                                        load_ * double(lasts) / 3'600'000));
            phase_begins_.push_back(begins);
            for (std::size_t i = 0; i < count; ++i) {
                const Ms at = dice.between(begins, begins + lasts - 1);
                MessagePlan message = draft(at, any_phone(dice), draw_class(s_, dice), dice);
                message.text = write_text(message.cls, dice, province_of_[message.sender]);
                plan_.messages.push_back(message);
            }
            begins += lasts;
        }
    }

    void start_storm() {
        if (s_.storm_phase == 0 || s_.storm_phase > phase_begins_.size()) return;
        Dice dice(seed_, "storm");
        const Ms from = phase_begins_[s_.storm_phase - 1];
        const auto calls = std::uint32_t(
            std::lround(s_.storm_messages * std::min(1.0, double(phones_) / s_.phones)));
        for (std::uint32_t i = 0; i < calls; ++i) {
            const Ms at = dice.between(from, from + kStormMs);
            const Class cls = dice.chance(0.7) ? Class::kLife : Class::kSafety;
            MessagePlan call = draft(at, any_phone(dice), cls, dice);
            call.text = write_text(cls, dice, province_of_[call.sender]);
            call.repeats = s_.storm_repeats;
            plan_.messages.push_back(call);
            for (std::uint32_t k = 0; k < s_.storm_reposts; ++k) {
                MessagePlan post =
                    draft(at + dice.between(1'000, kStormMs), any_phone(dice), cls, dice);
                post.text = call.text;
                plan_.messages.push_back(post);
            }
        }
    }

    struct Walk {
        Ms leaves = 0;
        Ms arrives = 0;
        Place to;
    };

    const Scenario& s_;
    std::uint64_t seed_;
    double stretch_ = 1;
    double load_ = 1;
    std::uint32_t phones_ = 0;
    Ms sending_ = 0;
    Plan plan_;
    std::vector<Group> groups_;
    std::vector<Tower> towers_;
    std::vector<NodeIndex> crews_;
    std::vector<std::uint32_t> province_of_;
    std::vector<std::vector<Walk>> walks_;
    std::vector<Ms> phase_begins_;
};

}  // namespace

MessageFile write_texts(const Scenario& scenario, std::uint64_t seed, std::size_t count) {
    Dice dice(seed, "texts");
    MessageFile made;
    for (std::size_t i = 0; i < count; ++i) {
        TextOfClass entry;
        entry.cls = draw_class(scenario, dice);
        entry.text = fill_text(scenario, entry.cls, dice, dice.below(scenario.provinces.size()));
        made.texts.push_back(std::move(entry));
    }
    return made;
}

Plan plan_scenario(const Scenario& scenario, const ScenarioOptions& options) {
    return Planner(scenario, options).make();
}

}  // namespace imece::replay
