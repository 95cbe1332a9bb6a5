// What every MessageStore promises. Adapters run it; stores broken on purpose must fail it.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "messaging/app/ports.h"
#include "messaging/tests/samples.h"
#include "runtime/bus/outbox.h"

namespace imece::messaging {

/// A store under test: `reopen` closes it and opens what it left on its medium.
struct StoreUnderTest {
    MessageStore* store = nullptr;
    runtime::OutboxReader* outbox = nullptr;
    std::function<void()> reopen;
};

/// The names of the promises that do not hold; empty: all do. Each check begins with a fresh store,
/// which `fresh` makes.
class MessageStoreContract {
public:
    explicit MessageStoreContract(std::function<StoreUnderTest&()> fresh)
        : fresh_(std::move(fresh)) {}

    std::vector<std::string> broken() {
        std::vector<std::string> names;
        const auto check = [&](const char* name,
                               bool (MessageStoreContract::*promise)(StoreUnderTest&)) {
            if (!(this->*promise)(fresh_())) names.emplace_back(name);
        };
        check("keeps_the_first_of_two_with_one_id", &MessageStoreContract::keeps_first);
        check("finds_what_was_put", &MessageStoreContract::finds);
        check("survives_reopening", &MessageStoreContract::survives);
        check("gives_each_pending_once", &MessageStoreContract::each_pending_once);
        check("tells_committed_records_with_growing_sequences",
              &MessageStoreContract::tells_committed);
        check("the_first_ending_stands", &MessageStoreContract::first_ending);
        check("forgets_the_body_after_the_last_copy", &MessageStoreContract::forgets_body);
        check("says_who_is_no_recipient", &MessageStoreContract::no_recipient);
        check("every_change_has_one_event_in_commit_order", &MessageStoreContract::events);
        check("of_concurrent_puts_of_one_id_one_wins", &MessageStoreContract::concurrent_puts);
        check("of_concurrent_endings_of_one_copy_one_wins", &MessageStoreContract::concurrent_ends);
        check("lists_the_newest_first_page_by_page", &MessageStoreContract::lists);
        check("purges_only_what_has_expired_and_ended", &MessageStoreContract::purges);
        check("keeps_since_when_a_copy_could_be_delivered", &MessageStoreContract::keeps_reached);
        check("keeps_facts_with_their_position", &MessageStoreContract::facts);
        return names;
    }

private:
    static bool put(StoreUnderTest& t, std::vector<NewMessage> messages,
                    std::vector<Put> expected) {
        const auto got = t.store->put(std::move(messages), [](const auto&) {});
        return got && *got == expected;
    }
    static Ending delivered(std::uint8_t message, std::uint8_t device) {
        return {{samples::message_id(message), samples::device(device)},
                End::kDelivered,
                samples::kNow,
                "receipt"};
    }
    static Ended::Outcome end(StoreUnderTest& t, const Ending& ending) {
        const auto ended = t.store->end({ending});
        return ended && ended->size() == 1 ? ended->front().outcome
                                           : Ended::Outcome::kUnknownMessage;
    }
    static std::vector<MessageId> pending(StoreUnderTest& t) {
        std::vector<MessageId> ids;
        (void)t.store->each_pending(
            [&](const Record& record) { ids.push_back(record.envelope.id); });
        return ids;
    }

    bool keeps_first(StoreUnderTest& t) {
        NewMessage other = samples::new_message(1);
        other.record.digest[0] = 99;
        other.signed_envelope = "other";
        return put(t, {samples::new_message(1)}, {Put::kStored}) &&
               put(t, {samples::new_message(1), other}, {Put::kWasThere, Put::kIdTaken}) &&
               put(t, {samples::new_message(2), samples::new_message(2)},
                   {Put::kStored, Put::kWasThere}) &&
               t.store->envelopes({samples::message_id(1)})->front() == "signed-1";
    }
    bool finds(StoreUnderTest& t) {
        const auto none = t.store->find(samples::message_id(1));
        if (none || none.error().reason != "MESSAGE_UNKNOWN") return false;
        put(t, {samples::new_message(1, {samples::device(1), samples::device(2)})}, {Put::kStored});
        const auto found = t.store->find(samples::message_id(1));
        return found && found->envelope.sender == samples::device(200) &&
               found->copies.size() == 2 && found->copies[1].device == samples::device(2) &&
               found->accepted_at == samples::kNow &&
               found->envelope.priority == Priority::kCommunication &&
               found->envelope.body_bytes == 100;
    }
    bool survives(StoreUnderTest& t) {
        for (std::uint8_t i = 1; i <= 20; ++i) put(t, {samples::new_message(i)}, {Put::kStored});
        end(t, delivered(7, 1));
        t.reopen();
        for (std::uint8_t i = 1; i <= 20; ++i) {
            const auto record = t.store->find(samples::message_id(i));
            if (!record || (record->copies[0].state == CopyState::kDelivered) != (i == 7))
                return false;
        }
        return pending(t).size() == 19 && put(t, {samples::new_message(21)}, {Put::kStored}) &&
               t.store->find(samples::message_id(21))->sequence >
                   t.store->find(samples::message_id(20))->sequence;
    }
    bool each_pending_once(StoreUnderTest& t) {
        for (const std::uint8_t i : {5, 3, 9, 1}) put(t, {samples::new_message(i)}, {Put::kStored});
        end(t, delivered(9, 1));
        auto ids = pending(t);
        std::ranges::sort(ids);
        return ids ==
               std::vector{samples::message_id(1), samples::message_id(3), samples::message_id(5)};
    }
    bool tells_committed(StoreUnderTest& t) {
        std::vector<std::uint64_t> sequences;
        for (std::uint8_t i = 1; i <= 3; ++i)
            (void)t.store->put({samples::new_message(i), samples::new_message(1)},
                               [&](const std::vector<Record>& records) {
                                   for (const Record& record : records)
                                       sequences.push_back(record.sequence);
                               });
        return sequences.size() == 3 && sequences[0] > 0 && sequences[0] < sequences[1] &&
               sequences[1] < sequences[2];
    }
    bool first_ending(StoreUnderTest& t) {
        put(t, {samples::new_message(1)}, {Put::kStored});
        Ending late = delivered(1, 1);
        late.end = End::kExpired;
        return end(t, delivered(1, 1)) == Ended::Outcome::kRecorded &&
               end(t, late) == Ended::Outcome::kWasThere &&
               t.store->find(samples::message_id(1))->copies[0].state == CopyState::kDelivered;
    }
    bool forgets_body(StoreUnderTest& t) {
        put(t, {samples::new_message(1, {samples::device(1), samples::device(2)})}, {Put::kStored});
        end(t, delivered(1, 1));
        if (t.store->envelopes({samples::message_id(1)})->front().empty()) return false;
        end(t, delivered(1, 2));
        return t.store->envelopes({samples::message_id(1)})->front().empty() &&
               pending(t).empty() && t.store->find(samples::message_id(1)).has_value();
    }
    bool no_recipient(StoreUnderTest& t) {
        put(t, {samples::new_message(1)}, {Put::kStored});
        return end(t, delivered(1, 9)) == Ended::Outcome::kNotARecipient &&
               end(t, delivered(2, 1)) == Ended::Outcome::kUnknownMessage && pending(t).size() == 1;
    }
    bool events(StoreUnderTest& t) {
        put(t, {samples::new_message(1), samples::new_message(2)}, {Put::kStored, Put::kStored});
        put(t, {samples::new_message(1)}, {Put::kWasThere});
        end(t, delivered(2, 1));
        end(t, delivered(2, 1));
        t.reopen();
        put(t, {samples::new_message(3)}, {Put::kStored});
        const auto events = t.outbox->read_after(0, 100);
        if (!events || events->size() != 4 || t.outbox->last_position() != events->back().position)
            return false;
        std::set<EventId> ids;
        for (std::size_t i = 0; i < 4; ++i) {
            ids.insert((*events)[i].id);
            if ((*events)[i].position != i + 1) return false;
        }
        const auto tail = t.outbox->read_after(2, 1);
        return ids.size() == 4 && (*events)[1].subject == to_text(samples::message_id(2)) &&
               (*events)[2].subject == to_text(samples::message_id(2)) && tail->size() == 1 &&
               tail->front().position == 3;
    }
    bool concurrent_puts(StoreUnderTest& t) {
        std::atomic<int> stored{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                for (std::uint8_t n = 1; n <= 50; ++n) {
                    const auto got = t.store->put({samples::new_message(n)}, [](const auto&) {});
                    if (got && got->front() == Put::kStored) ++stored;
                }
            });
        for (std::thread& thread : threads) thread.join();
        return stored == 50 && pending(t).size() == 50 &&
               t.outbox->read_after(0, 1000)->size() == 50;
    }
    bool concurrent_ends(StoreUnderTest& t) {
        put(t, {samples::new_message(1)}, {Put::kStored});
        std::atomic<int> recorded{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                if (end(t, delivered(1, 1)) == Ended::Outcome::kRecorded) ++recorded;
            });
        for (std::thread& thread : threads) thread.join();
        return recorded == 1 && t.outbox->read_after(0, 10)->size() == 2;
    }
    bool lists(StoreUnderTest& t) {
        for (std::uint8_t i = 1; i <= 7; ++i) put(t, {samples::new_message(i)}, {Put::kStored});
        std::vector<std::uint8_t> seen;
        std::uint64_t before = 0;
        for (int page = 0; page < 4; ++page) {
            const auto records = t.store->list(before, 3);
            if (!records) return false;
            for (const Record& record : *records) seen.push_back(record.envelope.id.bytes[15]);
            if (records->empty()) break;
            before = records->back().sequence;
        }
        return seen == std::vector<std::uint8_t>{7, 6, 5, 4, 3, 2, 1};
    }
    bool purges(StoreUnderTest& t) {
        for (std::uint8_t i = 1; i <= 3; ++i) put(t, {samples::new_message(i)}, {Put::kStored});
        end(t, delivered(1, 1));
        end(t, delivered(2, 1));
        const TimePoint expiry = samples::kNow + std::chrono::hours(12);
        if (*t.store->purge(expiry, 10) != 0) return false;
        return *t.store->purge(expiry + Duration(1), 10) == 2 &&
               !t.store->find(samples::message_id(1)) &&
               t.store->find(samples::message_id(3)).has_value() &&
               t.store->list(0, 10)->size() == 1;
    }
    bool keeps_reached(StoreUnderTest& t) {
        const auto since = [&](std::uint8_t message) {
            return t.store->find(samples::message_id(message))->copies[0].reachable_at;
        };
        const TimePoint later = samples::kNow + Duration(5);
        NewMessage reachable = samples::new_message(1);
        reachable.record.copies[0].reachable_at = samples::kNow;
        put(t, {reachable, samples::new_message(2), samples::new_message(3)},
            {Put::kStored, Put::kStored, Put::kStored});
        end(t, delivered(3, 1));
        std::vector<Reached> reached;
        for (const std::uint8_t message : {1, 2, 3, 4})
            reached.push_back({{samples::message_id(message), samples::device(1)}, later});
        if (!t.store->reached(reached)) return false;
        t.reopen();
        if (since(1) != samples::kNow || since(2) != later || since(3) != TimePoint{}) return false;
        end(t, delivered(2, 1));
        const auto events = t.outbox->read_after(0, 100);
        return events && events->size() == 5 && since(2) == later;
    }
    bool facts(StoreUnderTest& t) {
        DeviceFact device{.device = samples::device(5)};
        device.key[3] = 7;
        device.classes[2] = true;
        device.not_after = samples::kNow;
        if (!t.store->put_device(device, 4)) return false;
        if (!t.store->put_group({samples::id<GroupId>(8), {samples::device(5), samples::device(6)}},
                                5))
            return false;
        device.revoked = true;
        if (!t.store->put_device(device, 6) || !t.store->put_position(9)) return false;
        t.reopen();
        const auto facts = t.store->facts();
        return facts && facts->position == 9 && facts->devices.size() == 1 &&
               facts->devices[0].revoked && facts->devices[0].key[3] == 7 &&
               facts->devices[0].classes[2] && facts->groups.size() == 1 &&
               facts->groups[0].devices.size() == 2;
    }

    std::function<StoreUnderTest&()> fresh_;
};

}  // namespace imece::messaging
