// What every TopologyStore promises, clause by clause. A clause is a function that says what is
// wrong, so that it can be held against good adapters and against deliberately broken ones.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "discovery/app/ports.h"
#include "discovery/tests/build.h"
#include "runtime/bus/outbox.h"
#include "testkit/clause.h"

namespace imece::discovery {

/// A store with its log, open.
struct OpenStore {
    std::shared_ptr<TopologyStore> store;
    std::shared_ptr<runtime::OutboxReader> log;
    TopologyStore* operator->() const { return store.get(); }
};
/// Opens the same stored state each time it is called; what it gave before is closed by then.
using Opener = std::function<OpenStore()>;

/// Empty: holds.
using Clause = std::string (*)(const Opener&);
struct NamedClause {
    const char* name;
    Clause clause;
};

inline crypto::PublicKey public_key(std::uint8_t byte) {
    crypto::PublicKey key;
    key.fill(byte);
    return key;
}
inline StoredReport stored(std::uint32_t number, std::string report) {
    return {node(number), kStart + std::chrono::seconds(number), std::move(report)};
}
inline Announcement announcement(std::uint64_t version, bool full = false) {
    Announcement out;
    out.id.bytes[15] = static_cast<std::uint8_t>(version);
    out.at = kStart + std::chrono::milliseconds(version);
    out.version = version;
    out.full = full;
    out.data = "data " + std::to_string(version);
    return out;
}
inline Change announce(std::uint64_t version, bool full = false) {
    return {.announcement = announcement(version, full)};
}

inline std::string starts_empty(const Opener& open) {
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->devices.empty() && saved->reports.empty() && saved->version == 0);
    IMECE_HOLDS(store->bus_position() == 0u);
    IMECE_HOLDS(store.log->last_position() == 0);
    const auto events = store.log->read_after(0, 10);
    IMECE_HOLDS(events && events->empty());
    return {};
}

inline std::string keeps_devices_with_their_position(const Opener& open) {
    {
        const OpenStore store = open();
        IMECE_HOLDS(store->put_device(node(1), public_key(1), 5));
        IMECE_HOLDS(store->put_device(node(2), public_key(2), 6));
        IMECE_HOLDS(store->put_device(node(1), public_key(3), 7));
        IMECE_HOLDS(store->bus_position() == 7u);
    }
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->devices.size() == 2);
    IMECE_HOLDS(saved->devices[0] == std::pair(node(1), public_key(3)));
    IMECE_HOLDS(saved->devices[1] == std::pair(node(2), public_key(2)));
    IMECE_HOLDS(store->bus_position() == 7u);
    return {};
}

inline std::string a_removed_device_takes_its_report_along(const Opener& open) {
    {
        const OpenStore store = open();
        IMECE_HOLDS(store->put_device(node(1), public_key(1), 1));
        IMECE_HOLDS(store->put_device(node(2), public_key(2), 2));
        IMECE_HOLDS(store->commit({.reports = {stored(1, "one"), stored(2, "two")}}));
        IMECE_HOLDS(store->remove_device(node(1), 3));
    }
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->devices.size() == 1 && saved->devices[0].first == node(2));
    IMECE_HOLDS(saved->reports.size() == 1 && saved->reports[0].node == node(2));
    IMECE_HOLDS(store->bus_position() == 3u);
    return {};
}

inline std::string clearing_devices_begins_identitys_log_again(const Opener& open) {
    {
        const OpenStore store = open();
        NodeId last;
        last.bytes.fill(0xff);
        IMECE_HOLDS(store->put_device(node(1), public_key(1), 1));
        IMECE_HOLDS(store->put_device(last, public_key(1), 9));
        IMECE_HOLDS(store->commit({.reports = {stored(1, "one")}}));
        IMECE_HOLDS(store->clear_devices());
    }
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->devices.empty() && saved->reports.size() == 1);
    IMECE_HOLDS(store->bus_position() == 0u);
    return {};
}

inline std::string keeps_the_newest_report_of_each_node(const Opener& open) {
    const std::string binary("\0\xff one", 6);
    {
        const OpenStore store = open();
        IMECE_HOLDS(store->commit({.reports = {stored(1, "old"), stored(2, ""), stored(3, "x")}}));
        IMECE_HOLDS(store->commit({.reports = {stored(1, binary)}, .forgotten = {node(3)}}));
        // Forgotten and heard again within one change: heard.
        IMECE_HOLDS(store->commit({.reports = {stored(2, "back")}, .forgotten = {node(2)}}));
    }
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->reports.size() == 2);
    IMECE_HOLDS(saved->reports[0].node == node(1) && saved->reports[0].report == binary);
    IMECE_HOLDS(saved->reports[0].heard_at == kStart + 1s);
    IMECE_HOLDS(saved->reports[1].node == node(2) && saved->reports[1].report == "back");
    return {};
}

inline std::string announces_in_order_without_gaps(const Opener& open) {
    for (const std::uint64_t round : {std::uint64_t{0}, std::uint64_t{1}}) {
        const OpenStore store = open();
        for (std::uint64_t i = 1; i <= 3; ++i) {
            const std::uint64_t version = round * 3 + i;
            IMECE_HOLDS(store->commit({.reports = {stored(1, std::to_string(version))},
                                       .announcement = announcement(version, version == 1)}));
            IMECE_HOLDS(store->commit({.reports = {stored(2, "no announcement")}}));
            IMECE_HOLDS(store.log->last_position() == version);
        }
    }
    const OpenStore store = open();
    IMECE_HOLDS(store.log->last_position() == 6);
    IMECE_HOLDS(store->load()->version == 6);
    const auto all = store.log->read_after(0, 100);
    IMECE_HOLDS(all && all->size() == 6);
    for (std::uint64_t i = 0; i < 6; ++i) {
        const runtime::Event& event = (*all)[i];
        const Announcement expected = announcement(i + 1);
        IMECE_HOLDS(event.position == i + 1);
        IMECE_HOLDS(event.id == expected.id && event.time == expected.at);
        IMECE_HOLDS(event.data == expected.data);
        IMECE_HOLDS(event.type == "topology.changed.v1");
        IMECE_HOLDS(event.subject == std::to_string(i + 1));
    }
    const auto some = store.log->read_after(2, 3);
    IMECE_HOLDS(some && some->size() == 3 && some->front().position == 3);
    const auto none = store.log->read_after(6, 3);
    IMECE_HOLDS(none && none->empty());
    return {};
}

inline std::string trims_before_the_full_one_before(const Opener& open) {
    {
        const OpenStore store = open();
        for (std::uint64_t i = 1; i <= 9; ++i)
            IMECE_HOLDS(store->commit(announce(i, i == 1 || i == 4 || i == 7)));
    }
    const OpenStore store = open();  // 1* 2 3 4* 5 6 7* 8 9: from 4 on is kept.
    const auto all = store.log->read_after(0, 100);
    IMECE_HOLDS(all && all->size() == 6 && all->front().position == 4);
    for (const std::uint64_t behind : {std::uint64_t{1}, std::uint64_t{2}}) {
        const auto got = store.log->read_after(behind, 100);
        IMECE_HOLDS(!got && got.error().reason == "POSITION_TRIMMED");
    }
    const auto edge = store.log->read_after(3, 100);
    IMECE_HOLDS(edge && edge->size() == 6);
    return {};
}

inline std::string a_position_of_the_future_starts_anew(const Opener& open) {
    const OpenStore store = open();
    IMECE_HOLDS(store->commit(announce(1, true)));
    const auto got = store.log->read_after(2, 100);
    IMECE_HOLDS(!got && got.error().reason == "POSITION_TRIMMED");
    return {};
}

inline std::string many_at_once_lose_nothing(const Opener& open) {
    constexpr std::uint32_t kThreads = 4;
    constexpr std::uint32_t kEach = 50;
    {
        const OpenStore store = open();
        std::vector<std::thread> threads;
        for (std::uint32_t t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (std::uint32_t i = 0; i < kEach; ++i) {
                    (void)store->commit(
                        {.reports = {stored(t * kEach + i, "r")}, .announcement = announcement(1)});
                    (void)store->put_device(node(t * kEach + i), public_key(1), 1);
                }
            });
        for (std::thread& thread : threads) thread.join();
    }
    const OpenStore store = open();
    const auto saved = store->load();
    IMECE_HOLDS(saved && saved->reports.size() == kThreads * kEach);
    IMECE_HOLDS(saved->devices.size() == kThreads * kEach);
    const auto events = store.log->read_after(0, 1000);
    IMECE_HOLDS(events && events->size() == kThreads * kEach);
    IMECE_HOLDS(events->back().position == kThreads * kEach);
    return {};
}

inline std::vector<NamedClause> topology_store_contract() {
    return {{"starts_empty", starts_empty},
            {"keeps_devices_with_their_position", keeps_devices_with_their_position},
            {"a_removed_device_takes_its_report_along", a_removed_device_takes_its_report_along},
            {"clearing_devices_begins_identitys_log_again",
             clearing_devices_begins_identitys_log_again},
            {"keeps_the_newest_report_of_each_node", keeps_the_newest_report_of_each_node},
            {"announces_in_order_without_gaps", announces_in_order_without_gaps},
            {"trims_before_the_full_one_before", trims_before_the_full_one_before},
            {"a_position_of_the_future_starts_anew", a_position_of_the_future_starts_anew},
            {"many_at_once_lose_nothing", many_at_once_lose_nothing}};
}

}  // namespace imece::discovery
