#include "messaging/adapters/trace/journeys.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "runtime/observe/tracer.h"

namespace imece::messaging {
namespace {

using runtime::Span;
using runtime::TraceContext;
using runtime::wall_now;
using runtime::WallPoint;

constexpr std::size_t kFollowedMax = 10'000;
constexpr std::array<const char*, kPriorities> kClassNames{
    "LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"};

struct Journey {
    struct Copy {
        DeviceId target;
        WallPoint sent{};  ///< First; zero: not yet.
        std::uint32_t sends = 0;
    };
    TraceContext submitted;  ///< The span of the call.
    Priority priority = Priority::kMaintenance;
    WallPoint began;
    bool committed = false;
    std::vector<Copy> pending;
};

const char* reason_of(End end) {
    switch (end) {
        case End::kDelivered: return "";
        case End::kRejected: return "REJECTED";
        case End::kExpired: return "EXPIRED";
    }
    return "";
}

class Journeys final : public JourneyPort {
public:
    explicit Journeys(runtime::Tracer& tracer) : tracer_(tracer) {}

    void begins(const NewMessage& message) override {
        const auto submitted = runtime::parse_trace(message.trace_parent);
        if (!submitted || !submitted->sampled) return;
        Journey journey{.submitted = *submitted,
                        .priority = message.record.envelope.priority,
                        .began = wall_now()};
        for (const Record::Copy& copy : message.record.copies)
            journey.pending.push_back({.target = copy.device});
        const std::scoped_lock lock(mutex_);
        if (journeys_.size() >= kFollowedMax) return;
        journeys_.try_emplace(message.record.envelope.id, std::move(journey));
        followed_ = journeys_.size();
    }

    void stored(const MessageId& message, Put put) override {
        with(message, [&](Journey& journey) {
            if (put == Put::kStored) {
                journey.committed = true;
                finish(message, journey, "message commit", journey.began, {}, "");
            } else if (!journey.committed) {
                journey.committed = true;  // Nothing was stored: nothing is left to follow.
                journey.pending.clear();
            }
        });
    }

    void sent(const CopyKey& key) override {
        with(key.message, [&](Journey& journey) {
            const auto copy = find(journey, key.target);
            if (copy == journey.pending.end() || ++copy->sends > 1) return;
            copy->sent = wall_now();
            finish(key.message, journey, "message wait", journey.began, {}, "");
        });
    }

    void ended(const CopyKey& key, End end) override {
        with(key.message, [&](Journey& journey) {
            const auto copy = find(journey, key.target);
            if (copy == journey.pending.end()) return;
            const bool was_sent = copy->sends > 0;
            finish(key.message, journey, was_sent ? "message delivery" : "message wait",
                   was_sent ? copy->sent : journey.began,
                   {{"imece.message.sends", std::to_string(copy->sends)}}, reason_of(end));
            journey.pending.erase(copy);
        });
    }

private:
    static std::vector<Journey::Copy>::iterator find(Journey& journey, const DeviceId& target) {
        return std::ranges::find(journey.pending, target, &Journey::Copy::target);
    }

    template <class Change>
    void with(const MessageId& message, const Change& change) {
        if (followed_.load(std::memory_order_relaxed) == 0) return;
        const std::scoped_lock lock(mutex_);
        const auto found = journeys_.find(message);
        if (found == journeys_.end()) return;
        change(found->second);
        if (found->second.committed && found->second.pending.empty()) journeys_.erase(found);
        followed_ = journeys_.size();
    }

    void finish(const MessageId& message, const Journey& journey, const char* name, WallPoint began,
                std::vector<std::pair<std::string_view, std::string>> attributes,
                std::string error) {
        attributes.emplace_back("imece.message.id", to_text(message));
        attributes.emplace_back("imece.message.class", kClassNames[rank(journey.priority)]);
        tracer_.finish({.context = tracer_.child(journey.submitted),
                        .name = name,
                        .began = began,
                        .ended = wall_now(),
                        .attributes = std::move(attributes),
                        .links = {},
                        .error = std::move(error)});
    }

    runtime::Tracer& tracer_;
    std::mutex mutex_;
    std::unordered_map<MessageId, Journey> journeys_;
    std::atomic<std::size_t> followed_{0};  ///< The size of the above, to be read without its lock.
};

}  // namespace

std::unique_ptr<JourneyPort> make_journeys(runtime::Tracer& tracer) {
    return std::make_unique<Journeys>(tracer);
}

}  // namespace imece::messaging
