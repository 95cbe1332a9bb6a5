// A backend in pure scenario time: what a World can be closed with in a test.
#pragma once

#include <deque>
#include <map>
#include <queue>
#include <set>
#include <vector>

#include "replay/world/world.h"

namespace imece::replay {

/// Accepts, routes over what was reported to it, delivers, takes receipts and tries again, as a real
/// one would; each step takes `latency`. It can go away and come back, remembering everything.
class FakeBackend final : public Outside {
public:
    FakeBackend(const Plan& plan, RunLog& log, Ms latency = 200)
        : plan_(plan),
          log_(log),
          latency_(latency),
          open_(plan.nodes.size()),
          wanted_(plan.nodes.size()),
          taken_(plan.nodes.size()),
          heard_(plan.nodes.size()) {}

    /// Runs the plan to its end. `at_times` are moments at which the backend goes away for `away`.
    void run(World& world, const std::vector<Ms>& at_times = {}, Ms away = 5'000) {
        world_ = &world;
        for (const Ms at : at_times) {
            push(at, Step::kCrash, 0, 0);
            push(at + away, Step::kReturn, 0, 0);
        }
        push(kSweepEvery, Step::kSweep, 0, 0);
        log_.begin(1);
        for (;;) {
            const Ms next =
                std::min(world.next_due(), steps_.empty() ? World::kForever : steps_.top().at);
            if (next > plan_.end) break;
            now_ = next;
            world.advance(now_);
            while (!steps_.empty() && steps_.top().at <= now_) {
                const Step step = steps_.top();
                steps_.pop();
                take(step);
            }
        }
        log_.end(plan_.end);
    }

    // Outside.
    void connect(NodeIndex n) override {
        wanted_[n] = true;
        push(now_ + latency_, Step::kOpen, n, 0);
    }
    void disconnect(NodeIndex n) override {
        wanted_[n] = false;
        open_[n] = false;
    }
    void compose(MessageIndex) override {}
    void submit(NodeIndex carrier, MessageIndex m) override {
        push(now_ + latency_, Step::kAccept, carrier, m, open_generation_);
    }
    void submit_receipt(NodeIndex carrier, ItemIndex item, MessageIndex m,
                        NodeIndex recipient) override {
        push(now_ + latency_, Step::kReceipt, carrier, item, open_generation_);
        receipts_[item] = {m, recipient};
    }
    void arrive(NodeIndex recipient, MessageIndex m) override {
        if (taken_[recipient].insert(m).second) log_.deliver(now_, m, recipient);
        push(now_, Step::kAcknowledge, recipient, m);
    }
    void report(NodeIndex, std::span<const NodeIndex> nodes) override {
        for (const NodeIndex n : nodes) push(now_ + latency_, Step::kHear, n, 0);
    }

    std::uint64_t duplicates_submitted() const { return duplicates_; }

private:
    static constexpr Ms kSweepEvery = 1'000;
    static constexpr Ms kRetryAfter = 10'000;
    struct Step {
        enum What { kOpen, kAccept, kReceipt, kAcknowledge, kHear, kSweep, kCrash, kReturn };
        Ms at = 0;
        std::uint64_t order = 0;
        What what = kOpen;
        NodeIndex node = 0;
        std::uint32_t item = 0;
        std::uint32_t generation = 0;
        bool operator>(const Step& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Copy {
        MessageIndex m = 0;
        NodeIndex recipient = 0;
        Ms next_try = 0;
        NodeIndex handed_to = kNone;
    };

    void push(Ms at, Step::What what, NodeIndex node, std::uint32_t item,
              std::uint32_t generation = 0) {
        steps_.push({at, order_++, what, node, item, generation});
    }

    void take(const Step& step) {
        switch (step.what) {
            case Step::kOpen:
                if (!wanted_[step.node] || open_[step.node] || !up_) return;
                open_[step.node] = true;
                world_->connected(step.node, now_);
                return;
            case Step::kAccept:
                if (!up_ || !open_[step.node] || step.generation != open_generation_) return;
                accept(step.item);
                world_->confirmed(step.node, step.item, now_);
                return;
            case Step::kReceipt:
                if (!up_ || !open_[step.node] || step.generation != open_generation_) return;
                acked_.insert(receipts_[step.item]);
                world_->confirmed(step.node, step.item, now_);
                return;
            case Step::kAcknowledge: world_->acknowledge(step.node, step.item, now_); return;
            case Step::kHear:
                heard_[step.node].clear();
                for (const auto& next : world_->graph().all_neighbours(step.node))
                    if (world_->graph().works(next.link)) heard_[step.node].insert(next.node);
                return;
            case Step::kSweep:
                push(now_ + kSweepEvery, Step::kSweep, 0, 0);
                if (up_) deliver();
                return;
            case Step::kCrash:
                up_ = false;
                ++open_generation_;
                for (NodeIndex n = 0; n < open_.size(); ++n)
                    if (open_[n]) {
                        open_[n] = false;
                        world_->disconnected(n, now_);
                    }
                return;
            case Step::kReturn:
                up_ = true;
                for (NodeIndex n = 0; n < open_.size(); ++n)
                    if (wanted_[n]) push(now_ + latency_, Step::kOpen, n, 0);
                return;
        }
    }

    void accept(MessageIndex m) {
        if (!accepted_.insert(m).second) {
            ++duplicates_;
            return;
        }
        for (const NodeIndex n : recipients(plan_, plan_.messages[m]))
            waiting_.push_back({m, n, 0, kNone});
    }

    /// The way from a connected node to each node, by what was reported; the first of the path is connected.
    std::vector<NodeIndex> paths() const {
        std::vector<NodeIndex> from(plan_.nodes.size(), kNone);
        std::deque<NodeIndex> queue;
        for (NodeIndex n = 0; n < open_.size(); ++n)
            if (open_[n]) {
                from[n] = n;
                queue.push_back(n);
            }
        for (; !queue.empty(); queue.pop_front())
            for (const NodeIndex w : heard_[queue.front()])
                if (from[w] == kNone) {
                    from[w] = queue.front();
                    queue.push_back(w);
                }
        return from;
    }

    void deliver() {
        const std::vector<NodeIndex> from = paths();
        std::vector<Copy> kept;
        std::vector<Copy> all;
        all.swap(waiting_);
        for (Copy& copy : all) {
            if (acked_.contains({copy.m, copy.recipient})) continue;
            const bool lost = copy.handed_to != kNone && !open_[copy.handed_to];
            if (from[copy.recipient] != kNone && (now_ >= copy.next_try || lost)) {
                std::vector<NodeIndex> path = {copy.recipient};
                while (from[path.back()] != path.back()) path.push_back(from[path.back()]);
                std::reverse(path.begin(), path.end());
                copy.next_try = now_ + kRetryAfter;
                copy.handed_to = path.front();
                world_->delivery(path.front(), copy.recipient, copy.m, path, now_);
            }
            kept.push_back(copy);
        }
        waiting_.insert(waiting_.end(), kept.begin(), kept.end());
    }

    const Plan& plan_;
    RunLog& log_;
    Ms latency_;
    World* world_ = nullptr;
    Ms now_ = 0;
    std::uint64_t order_ = 0;
    bool up_ = true;
    std::uint32_t open_generation_ = 0;
    std::priority_queue<Step, std::vector<Step>, std::greater<>> steps_;
    std::vector<bool> open_;
    std::vector<bool> wanted_;
    std::vector<std::set<MessageIndex>> taken_;
    std::vector<std::set<NodeIndex>> heard_;
    std::map<ItemIndex, std::pair<MessageIndex, NodeIndex>> receipts_;
    std::set<std::pair<MessageIndex, NodeIndex>> acked_;
    std::set<MessageIndex> accepted_;
    std::vector<Copy> waiting_;
    std::uint64_t duplicates_ = 0;
};

}  // namespace imece::replay
