// What a benchmark says: figures, beside what they are measured against, and whether they are good enough.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imece::bench {

enum class Unit {
    kSeconds,
    kMegabytes,
    kPercentOfACore,
    kPerSecond,
    kMicroseconds,  ///< Of CPU, or of a call.
};

/// What stands beside a figure, measured in the same run: a peer, or a limit of this machine.
struct Beside {
    std::string who;
    double value = 0;
    /// How many times as good ours is, over pairs of rounds; 0: there were no pairs.
    double ratio = 0;
};

/// A bound that the figure, or its ratio to what stands beside it, has to keep.
struct Goal {
    enum class Of { kFigure, kRatio };
    double bound = 0;
    Of of = Of::kFigure;
};

struct Figure {
    std::string name;  ///< "submit.grpc.rate": stable, for programs that compare runs.
    Unit unit = Unit::kSeconds;
    double ours = 0;
    std::vector<double> rounds;  ///< What `ours` is the median of; empty where it is no median.
    std::optional<Beside> beside;
    std::optional<Goal> goal;

    /// Nothing where no goal is set, or where its ratio has no peer.
    std::optional<bool> met() const;
};

/// Prints each figure as it comes, and keeps all of them.
class Report {
public:
    /// Begins an area, with how its figures are taken.
    void area(std::string_view name, std::string_view how) const;
    void add(Figure figure);
    bool all_met() const;
    std::string to_json() const;

private:
    std::vector<Figure> figures_;
};

/// The middle value, or the mean of the two middle ones. `values` is not empty.
double median(std::vector<double> values);
/// The value below which `share` of the sorted `values` lie. Not empty.
double percentile(const std::vector<double>& sorted, double share);
/// The median of ours[i] / theirs[i].
double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs);

}  // namespace imece::bench
