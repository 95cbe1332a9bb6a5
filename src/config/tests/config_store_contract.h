// What every ConfigStore promises, clause by clause. A clause is a function that says what is wrong, so that it can be
// held against good adapters and against deliberately broken ones.
#pragma once

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/app/ports.h"
#include "testkit/clause.h"

namespace imece::config {

/// Opens the same stored state each time it is called, keeping kHistory changes of a subject, with kLimits; what it gave
/// before is closed by then.
using Opener = std::function<std::shared_ptr<ConfigStore>()>;
inline constexpr std::uint64_t kHistory = 3;
inline constexpr SecretLimits kLimits{.secrets_max = 3, .names_max = 5};

/// Empty: holds.
using Clause = std::string (*)(const Opener&);
struct NamedClause {
    const char* name;
    Clause clause;
};

inline const TimePoint kAt = from_unix_ms(1'675'646'254'000);
inline Wanted wanted(const std::string& subject, std::uint64_t expected = 0) {
    static std::atomic<std::uint8_t> next{1};
    Wanted out{.subject = subject,
               .expected_revision = expected,
               .at = kAt,
               .actor = "user:ayse",
               .trace_parent = "00-trace"};
    out.id.bytes[0] = next++;
    return out;
}
template <class T>
std::string_view reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason;
}
/// Of a setting that there is; empty for one that a broken store lost.
inline std::string value_of(ConfigStore& store, const std::string& key) {
    const auto found = store.find(key);
    return found && *found ? (*found)->value : "";
}
inline Bytes bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

inline std::string starts_empty(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->read()->revision == 0 && store->read()->settings.empty());
    IMECE_HOLDS(!store->find("a")->has_value());
    IMECE_HOLDS(store->changes_after(0, 10)->empty());
    IMECE_HOLDS(store->history("a", 0, 10)->empty());
    IMECE_HOLDS(store->secrets()->empty());
    IMECE_HOLDS(reason_of(store->find_secret("s")) == "SECRET_UNKNOWN");
    return {};
}

inline std::string keeps_what_was_set(const Opener& open) {
    const auto made = open()->set(wanted("b"), "1");
    IMECE_HOLDS(made && made->revision == 1 && made->value == "1" && made->key == "b");
    IMECE_HOLDS(made->actor == "user:ayse" && made->changed_at == kAt);
    IMECE_HOLDS(open()->set(wanted("a"), "x")->revision == 2);
    IMECE_HOLDS(open()->set(wanted("b", 1), "2")->revision == 3);
    const auto store = open();
    IMECE_HOLDS(*store->find("b") == (Setting{"b", "2", 3, kAt, "user:ayse"}));
    const auto snapshot = store->read();
    IMECE_HOLDS(snapshot && snapshot->revision == 3 && snapshot->settings.size() == 2);
    IMECE_HOLDS(snapshot->settings[0].key == "a" && snapshot->settings[1].key == "b");
    return {};
}

inline std::string a_stale_change_changes_nothing(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(reason_of(store->set(wanted("a", 1), "1")) == "REVISION_STALE");
    IMECE_HOLDS(store->set(wanted("a"), "1")->revision == 1);
    IMECE_HOLDS(reason_of(store->set(wanted("a"), "2")) == "REVISION_STALE");
    IMECE_HOLDS(reason_of(store->reset(wanted("a"))) == "REVISION_STALE");
    IMECE_HOLDS(reason_of(store->set(wanted("b", 1), "2")) == "REVISION_STALE");
    IMECE_HOLDS(value_of(*store, "a") == "1");
    IMECE_HOLDS(store->read()->revision == 1);
    IMECE_HOLDS(store->changes_after(0, 10)->size() == 1);
    return {};
}

inline std::string a_reset_takes_the_key_back(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->reset(wanted("a")) && store->read()->revision == 0);
    IMECE_HOLDS(store->set(wanted("a"), "1"));
    IMECE_HOLDS(store->reset(wanted("a", 1)));
    IMECE_HOLDS(!store->find("a")->has_value());
    IMECE_HOLDS(store->read()->revision == 2 && store->read()->settings.empty());
    const auto changes = store->changes_after(1, 10);
    IMECE_HOLDS(changes && changes->size() == 1);
    IMECE_HOLDS(changes->front().kind == ChangeKind::kSettingReset);
    IMECE_HOLDS(changes->front().before == "1" && changes->front().after.empty());
    IMECE_HOLDS(store->set(wanted("a"), "2")->revision == 3);
    return {};
}

inline std::string changes_come_in_order_with_who_and_what(const Opener& open) {
    const auto store = open();
    const Wanted first = wanted("a");
    IMECE_HOLDS(store->set(first, "1"));
    IMECE_HOLDS(store->put_secret(wanted("s"), bytes_of("sealed")));
    IMECE_HOLDS(store->set(wanted("b"), "2"));
    IMECE_HOLDS(store->set(wanted("a", 1), "3"));
    const auto all = store->changes_after(0, 10);
    IMECE_HOLDS(all && all->size() == 3);
    IMECE_HOLDS(all->front() == (Change{1, first.id, ChangeKind::kSettingSet, "a", "", "1", kAt,
                                        "user:ayse", "00-trace"}));
    IMECE_HOLDS((*all)[1].revision == 3 && (*all)[1].subject == "b");
    IMECE_HOLDS((*all)[2].revision == 4 && (*all)[2].before == "1" && (*all)[2].after == "3");
    IMECE_HOLDS(store->changes_after(1, 1)->size() == 1);
    IMECE_HOLDS(store->changes_after(1, 1)->front().revision == 3);
    IMECE_HOLDS(store->changes_after(4, 10)->empty());
    IMECE_HOLDS(reason_of(store->changes_after(5, 10)) == "REVISION_GONE");
    return {};
}

inline std::string history_is_of_one_key_and_the_newest_first(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->set(wanted("a"), "1"));
    IMECE_HOLDS(store->set(wanted("b"), "2"));
    IMECE_HOLDS(store->put_secret(wanted("a"), bytes_of("sealed")));
    IMECE_HOLDS(store->set(wanted("a", 1), "3"));
    const auto all = store->history("a", 0, 10);
    IMECE_HOLDS(all && all->size() == 2);
    IMECE_HOLDS(all->front().revision == 4 && all->back().revision == 1);
    IMECE_HOLDS(store->history("a", 4, 10)->size() == 1);
    IMECE_HOLDS(store->history("a", 4, 10)->front().revision == 1);
    IMECE_HOLDS(store->history("a", 0, 1)->front().revision == 4);
    return {};
}

inline std::string old_changes_go_and_a_watch_is_told_so(const Opener& open) {
    auto store = open();
    IMECE_HOLDS(store->set(wanted("b"), "kept"));
    for (std::uint64_t i = 1; i <= kHistory + 2; ++i)
        IMECE_HOLDS(store->set(wanted("a", i == 1 ? 0 : i), std::to_string(i))->revision == i + 1);
    store.reset();
    store = open();
    IMECE_HOLDS(store->history("a", 0, 10)->size() == kHistory);
    IMECE_HOLDS(store->history("b", 0, 10)->size() == 1);
    // Revisions 2 and 3 are gone.
    IMECE_HOLDS(reason_of(store->changes_after(0, 10)) == "REVISION_GONE");
    IMECE_HOLDS(reason_of(store->changes_after(2, 10)) == "REVISION_GONE");
    IMECE_HOLDS(store->changes_after(3, 10)->size() == kHistory);
    IMECE_HOLDS(value_of(*store, "a") == std::to_string(kHistory + 2));
    return {};
}

inline std::string secrets_rest_apart_from_settings(const Opener& open) {
    const auto made = open()->put_secret(wanted("same"), bytes_of("one"));
    IMECE_HOLDS(made && *made == (Secret{"same", 1, kAt, "user:ayse"}));
    IMECE_HOLDS(!open()->find("same")->has_value());
    IMECE_HOLDS(open()->set(wanted("same"), "value")->revision == 2);
    const auto store = open();
    IMECE_HOLDS(store->find_secret("same")->sealed == bytes_of("one"));
    IMECE_HOLDS(store->put_secret(wanted("same", 1), bytes_of("two"))->revision == 3);
    IMECE_HOLDS(store->find_secret("same")->sealed == bytes_of("two"));
    IMECE_HOLDS(store->find_secret("same")->revision == 3);
    IMECE_HOLDS(value_of(*store, "same") == "value");
    IMECE_HOLDS(store->changes_after(0, 10)->size() == 1);
    return {};
}

inline std::string a_stale_secret_changes_nothing(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->delete_secret(wanted("s")) && store->read()->revision == 0);
    IMECE_HOLDS(store->put_secret(wanted("s"), bytes_of("one")));
    IMECE_HOLDS(reason_of(store->put_secret(wanted("s"), bytes_of("two"))) == "REVISION_STALE");
    IMECE_HOLDS(reason_of(store->delete_secret(wanted("s"))) == "REVISION_STALE");
    IMECE_HOLDS(store->find_secret("s")->sealed == bytes_of("one"));
    IMECE_HOLDS(store->delete_secret(wanted("s", 1)));
    IMECE_HOLDS(reason_of(store->find_secret("s")) == "SECRET_UNKNOWN");
    IMECE_HOLDS(store->secrets()->empty() && store->read()->revision == 2);
    return {};
}

inline std::string secrets_and_their_names_are_bounded(const Opener& open) {
    const auto store = open();
    for (std::uint64_t i = 0; i < kLimits.names_max; ++i) {
        const std::string name = "s" + std::to_string(i);
        const auto made = store->put_secret(wanted(name), bytes_of("x"));
        IMECE_HOLDS(made);
        IMECE_HOLDS(store->delete_secret(wanted(name, made->revision)));
    }
    IMECE_HOLDS(reason_of(store->put_secret(wanted("new"), bytes_of("x"))) == "SECRETS_TOO_MANY");
    for (std::uint64_t i = 0; i < kLimits.secrets_max; ++i)
        IMECE_HOLDS(store->put_secret(wanted("s" + std::to_string(i)), bytes_of("x")));
    IMECE_HOLDS(reason_of(store->put_secret(wanted("s4"), bytes_of("x"))) == "SECRETS_TOO_MANY");
    const std::uint64_t first = store->secrets()->front().revision;
    IMECE_HOLDS(store->put_secret(wanted("s0", first), bytes_of("y")));
    return {};
}

inline std::string resealing_is_all_or_nothing(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->put_secret(wanted("a"), bytes_of("one")));
    IMECE_HOLDS(store->put_secret(wanted("b"), bytes_of("two")));
    const auto refused = store->reseal_secrets(
        wanted("sealing key"), [](const std::string& name, const Bytes&) -> Result<Bytes> {
            if (name == "b") return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "no");
            return Bytes{1};
        });
    IMECE_HOLDS(reason_of(refused) == "DATA_MALFORMED");
    IMECE_HOLDS(store->find_secret("a")->sealed == bytes_of("one"));
    IMECE_HOLDS(store->read()->revision == 2);
    const auto done = store->reseal_secrets(
        wanted("sealing key"), [](const std::string& name, const Bytes& sealed) -> Result<Bytes> {
            Bytes fresh = bytes_of(name + " ");
            fresh.insert(fresh.end(), sealed.begin(), sealed.end());
            return fresh;
        });
    IMECE_HOLDS(done == 2u && store->read()->revision == 3);
    IMECE_HOLDS(store->find_secret("a")->sealed == bytes_of("a one"));
    IMECE_HOLDS(store->find_secret("b")->sealed == bytes_of("b two"));
    IMECE_HOLDS(store->find_secret("b")->revision == 2);
    return {};
}

inline std::string of_concurrent_changes_one_wins_each_time(const Opener& open) {
    constexpr int kThreads = 6;
    constexpr std::uint64_t kRounds = 20;
    const auto store = open();
    std::atomic<int> won{0};
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        std::latch start(kThreads);
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                const Wanted mine = wanted("a", round);
                start.arrive_and_wait();
                won += store->set(mine, std::to_string(t)).has_value();
            });
    }
    IMECE_HOLDS(won == int(kRounds));
    IMECE_HOLDS(store->read()->revision == kRounds);
    return {};
}

inline std::vector<NamedClause> config_store_contract() {
    return {
        {"starts_empty", starts_empty},
        {"keeps_what_was_set", keeps_what_was_set},
        {"a_stale_change_changes_nothing", a_stale_change_changes_nothing},
        {"a_reset_takes_the_key_back", a_reset_takes_the_key_back},
        {"changes_come_in_order_with_who_and_what", changes_come_in_order_with_who_and_what},
        {"history_is_of_one_key_and_the_newest_first", history_is_of_one_key_and_the_newest_first},
        {"old_changes_go_and_a_watch_is_told_so", old_changes_go_and_a_watch_is_told_so},
        {"secrets_rest_apart_from_settings", secrets_rest_apart_from_settings},
        {"a_stale_secret_changes_nothing", a_stale_secret_changes_nothing},
        {"secrets_and_their_names_are_bounded", secrets_and_their_names_are_bounded},
        {"resealing_is_all_or_nothing", resealing_is_all_or_nothing},
        {"of_concurrent_changes_one_wins_each_time", of_concurrent_changes_one_wins_each_time},
    };
}

}  // namespace imece::config
