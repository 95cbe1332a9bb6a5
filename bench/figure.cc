#include "bench/figure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <ranges>

namespace imece::bench {
namespace {

namespace json = boost::json;

constexpr std::size_t kColumns = 106;

bool more_is_better(Unit unit) {
    return unit == Unit::kPerSecond;
}

std::string_view unit_name(Unit unit) {
    switch (unit) {
        case Unit::kSeconds: return "s";
        case Unit::kMegabytes: return "MB";
        case Unit::kPercentOfACore: return "% of a core";
        case Unit::kPerSecond: return "1/s";
        case Unit::kMicroseconds: return "us";
    }
    return "";
}

/// Three digits that count.
std::string number(double value) {
    const double size = std::abs(value);
    const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return fmt::format("{:.{}f}", value, digits);
}

/// With the unit in which people read it.
std::string text(double value, Unit unit) {
    switch (unit) {
        case Unit::kSeconds: return value < 1 ? number(value * 1e3) + " ms" : number(value) + " s";
        case Unit::kMegabytes: return number(value) + " MB";
        case Unit::kPercentOfACore: return number(value) + " %";
        case Unit::kPerSecond: return number(value) + " /s";
        case Unit::kMicroseconds:
            return value < 1 ? number(value * 1e3) + " ns" : number(value) + " us";
    }
    return {};
}

std::string text(const Goal& goal, Unit unit) {
    if (goal.of == Goal::Of::kRatio) return ">= " + fmt::format("{:.2f}", goal.bound) + " x";
    return (more_is_better(unit) ? "> " : "< ") + text(goal.bound, unit);
}

std::string_view verdict(const Figure& figure) {
    const auto met = figure.met();
    if (!figure.goal) return "";
    return !met ? "no peer" : *met ? "met" : "MISSED";
}

void print(std::string_view name, std::string_view ours, std::string_view beside,
           std::string_view ratio, std::string_view goal, std::string_view said) {
    std::string line = fmt::format("{:<40} {:>11}  {:<24} {:>7}  {:<11} {}", name, ours, beside,
                                   ratio, goal, said);
    line.erase(line.find_last_not_of(' ') + 1);
    std::puts(line.c_str());
    std::fflush(stdout);
}

}  // namespace

std::optional<bool> Figure::met() const {
    if (!goal) return std::nullopt;
    if (goal->of == Goal::Of::kFigure)
        return more_is_better(unit) ? ours > goal->bound : ours < goal->bound;
    if (!beside || beside->ratio == 0) return std::nullopt;
    return beside->ratio >= goal->bound;
}

void Report::area(std::string_view name, std::string_view how) const {
    std::string line = std::string(name) + ":";
    std::puts("");
    for (const auto word : std::views::split(how, ' ')) {
        if (line.size() + word.size() >= kColumns) {
            std::puts(line.c_str());
            line.assign(1, ' ');
        }
        line.append(" ").append(word.begin(), word.end());
    }
    std::puts(line.c_str());
    print("", "ours", "beside", "ratio", "goal", "");
}

void Report::add(Figure figure) {
    std::string beside;
    std::string ratio;
    if (figure.beside) {
        beside = text(figure.beside->value, figure.unit) + " " + figure.beside->who;
        if (figure.beside->ratio != 0) ratio = fmt::format("{:.2f} x", figure.beside->ratio);
    }
    print(figure.name, text(figure.ours, figure.unit), beside, ratio,
          figure.goal ? text(*figure.goal, figure.unit) : "", verdict(figure));
    figures_.push_back(std::move(figure));
}

bool Report::all_met() const {
    return std::ranges::all_of(figures_, [](const Figure& f) { return f.met().value_or(true); });
}

std::string Report::to_json() const {
    json::array list;
    for (const Figure& figure : figures_) {
        json::object one{
            {"name", figure.name}, {"unit", unit_name(figure.unit)}, {"ours", figure.ours}};
        if (!figure.rounds.empty())
            one["rounds"] = json::array(figure.rounds.begin(), figure.rounds.end());
        if (figure.beside)
            one["beside"] = json::object{{"who", figure.beside->who},
                                         {"value", figure.beside->value},
                                         {"ratio", figure.beside->ratio}};
        if (figure.goal)
            one["goal"] =
                json::object{{"bound", figure.goal->bound},
                             {"of", figure.goal->of == Goal::Of::kRatio ? "ratio" : "figure"}};
        if (const auto met = figure.met()) one["met"] = *met;
        list.push_back(std::move(one));
    }
    const json::object all{{"cores", sysconf(_SC_NPROCESSORS_ONLN)}, {"figures", std::move(list)}};
    return json::serialize(all) + "\n";
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double percentile(const std::vector<double>& sorted, double share) {
    return sorted[std::min(sorted.size() - 1, std::size_t(double(sorted.size()) * share))];
}

double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i)
        ratios.push_back(ours[i] / theirs[i]);
    return median(ratios);
}

}  // namespace imece::bench
