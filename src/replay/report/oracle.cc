#include "replay/report/oracle.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace imece::replay {
namespace {

using Vertex = std::uint32_t;
using PieceIndex = std::uint32_t;

/// A connected set of vertices that are up, or one vertex that is down, and the messages that its
/// vertices hold.
struct Piece {
    std::vector<Vertex> members;
    std::vector<std::uint64_t> held;
};

class Oracle {
public:
    explicit Oracle(const RunLog& log) : log_(log), plan_(log.plan()) {
        words_ = (plan_.messages.size() + 63) / 64;
        const auto vertices = Vertex(plan_.nodes.size() + 1);
        backend_ = vertices - 1;
        up_.assign(vertices, false);
        up_[backend_] = true;
        neighbours_.resize(vertices);
        piece_of_.resize(vertices);
        mark_.assign(vertices, 0);
        for (Vertex v = 0; v < vertices; ++v) {
            piece_of_[v] = v;
            pieces_.push_back({{v}, std::vector<std::uint64_t>(words_)});
        }
        done_.resize(words_);
        arrivals_.assign(plan_.messages.size(), kNever);
        for (const MessagePlan& message : plan_.messages)
            recipients_.push_back(recipients(plan_, message));
    }

    Reckoning run() {
        for (const LogEntry& entry : log_.entries()) {
            if (entry.at != now_) close_moment();
            now_ = entry.at;
            changed_ |= entry.kind != LogEntry::Kind::kSubmit;
            switch (entry.kind) {
                case LogEntry::Kind::kPower: power(entry.a, entry.up); break;
                case LogEntry::Kind::kLink:
                    if (entry.up) pairs_.insert(std::minmax(entry.a, entry.b));
                    edge(entry.a, entry.b, entry.up);
                    break;
                case LogEntry::Kind::kUplink: edge(entry.a, backend_, entry.up); break;
                case LogEntry::Kind::kSubmit: submit(entry.a); break;
            }
        }
        close_moment();
        return {std::move(arrivals_), islands_, std::uint32_t(pairs_.size())};
    }

private:
    /// Islands are counted when all that happens at one time has happened.
    void close_moment() {
        if (!changed_) return;
        changed_ = false;
        std::uint32_t count = 0;
        for (PieceIndex p = 0; p < pieces_.size(); ++p)
            count += pieces_[p].members.size() > 1 && p != piece_of_[backend_] ? 1 : 0;
        islands_ = std::max(islands_, count);
    }

    void submit(MessageIndex m) {
        const PieceIndex piece = piece_of_[plan_.messages[m].sender];
        pieces_[piece].held[m / 64] |= 1ull << (m % 64);
        arrive_if_in(m, piece);
    }

    void arrive_if_in(MessageIndex m, PieceIndex piece) {
        for (const NodeIndex n : recipients_[m])
            if (piece_of_[n] == piece && up_[n]) {
                arrivals_[m] = now_;
                done_[m / 64] |= 1ull << (m % 64);
                return;
            }
    }

    void power(Vertex v, bool up) {
        if (up_[v] == up) return;
        if (up) {
            up_[v] = true;
            // A message that waits here for this very vertex cannot be: it never left its sender's
            // piece without it. Joining is what brings news.
            for (const Vertex w : neighbours_[v])
                if (up_[w]) joined(v, w);
            return;
        }
        const PieceIndex piece = piece_of_[v];
        up_[v] = false;
        std::erase(pieces_[piece].members, v);
        Piece alone{{v}, pieces_[piece].held};
        if (pieces_[piece].members.empty()) {
            pieces_[piece] = std::move(alone);
            return;
        }
        piece_of_[v] = add(std::move(alone));
        split(piece);
    }

    void edge(Vertex a, Vertex b, bool up) {
        if (up == linked(a, b)) return;
        if (up) {
            neighbours_[a].push_back(b);
            neighbours_[b].push_back(a);
            if (up_[a] && up_[b]) joined(a, b);
            return;
        }
        std::erase(neighbours_[a], b);
        std::erase(neighbours_[b], a);
        if (up_[a] && up_[b]) split(piece_of_[a]);
    }

    bool linked(Vertex a, Vertex b) const {
        // The backend has many neighbours; the other end has few.
        for (const Vertex w : neighbours_[a == backend_ ? b : a])
            if (w == (a == backend_ ? a : b)) return true;
        return false;
    }

    void joined(Vertex a, Vertex b) {
        PieceIndex into = piece_of_[a];
        PieceIndex from = piece_of_[b];
        if (into == from) return;
        if (pieces_[into].members.size() < pieces_[from].members.size()) std::swap(into, from);
        for (std::size_t w = 0; w < words_; ++w) {
            const std::uint64_t x = pieces_[into].held[w];
            const std::uint64_t y = pieces_[from].held[w];
            // What is new to one side may be what a recipient there waits for.
            for (std::uint64_t fresh = (x ^ y) & ~done_[w]; fresh != 0; fresh &= fresh - 1) {
                const auto m = MessageIndex(w * 64 + std::size_t(std::countr_zero(fresh)));
                arrive_if_in(m, (x >> (m % 64) & 1) != 0 ? from : into);
            }
            pieces_[into].held[w] = x | y;
        }
        for (const Vertex v : pieces_[from].members) piece_of_[v] = into;
        auto& members = pieces_[into].members;
        members.insert(members.end(), pieces_[from].members.begin(), pieces_[from].members.end());
        pieces_[from] = {};
        free_.push_back(from);
    }

    /// Looks whether `piece` still hangs together; what does not becomes pieces of its own.
    void split(PieceIndex piece) {
        ++round_;
        std::vector<Vertex> all = std::move(pieces_[piece].members);
        bool first = true;
        for (const Vertex start : all) {
            if (mark_[start] == round_) continue;
            std::vector<Vertex> found = {start};
            mark_[start] = round_;
            for (std::size_t i = 0; i < found.size(); ++i)
                for (const Vertex w : neighbours_[found[i]])
                    if (up_[w] && mark_[w] != round_) {
                        mark_[w] = round_;
                        found.push_back(w);
                    }
            if (first) {
                pieces_[piece].members = std::move(found);
                first = false;
                continue;
            }
            const PieceIndex fresh = add({{}, pieces_[piece].held});
            for (const Vertex v : found) piece_of_[v] = fresh;
            pieces_[fresh].members = std::move(found);
        }
    }

    PieceIndex add(Piece piece) {
        if (free_.empty()) {
            pieces_.push_back(std::move(piece));
            return PieceIndex(pieces_.size() - 1);
        }
        const PieceIndex index = free_.back();
        free_.pop_back();
        pieces_[index] = std::move(piece);
        return index;
    }

    const RunLog& log_;
    const Plan& plan_;
    std::size_t words_ = 0;
    Vertex backend_ = 0;
    Ms now_ = 0;
    std::vector<bool> up_;
    std::vector<std::vector<Vertex>> neighbours_;
    std::vector<PieceIndex> piece_of_;
    std::vector<Piece> pieces_;
    std::vector<PieceIndex> free_;
    std::vector<std::uint32_t> mark_;
    std::uint32_t round_ = 0;
    std::vector<std::uint64_t> done_;
    std::vector<std::vector<NodeIndex>> recipients_;
    std::vector<Ms> arrivals_;
    std::set<std::pair<Vertex, Vertex>> pairs_;
    std::uint32_t islands_ = 0;
    bool changed_ = false;
};

}  // namespace

Reckoning reckon(const RunLog& log) {
    return Oracle(log).run();
}

}  // namespace imece::replay
