#include "runtime/modules.h"

#include <algorithm>
#include <ranges>

#include "base/result.h"

namespace imece::runtime {

void Modules::add(std::string name, std::vector<std::string> needs, Make make) {
    entries_[std::move(name)] = {std::move(needs), std::move(make)};
}

Status Modules::make(std::string_view targets) {
    std::vector<std::string> ordered;
    for (const auto part : std::views::split(targets, ',')) {
        std::vector<std::string> path;
        IMECE_CHECK(order(std::string(part.begin(), part.end()), path, ordered));
    }
    for (const std::string& name : ordered) {
        const Entry& entry = entries_.find(name)->second;
        if (!entry.make) continue;
        IMECE_TRY(auto module, entry.make());
        made_.emplace_back(name, std::move(module));
    }
    return {};
}

Status Modules::order(const std::string& name, std::vector<std::string>& path,
                      std::vector<std::string>& out) const {
    if (std::ranges::find(out, name) != out.end()) return {};
    const bool cycle = std::ranges::find(path, name) != path.end();
    path.push_back(name);
    if (cycle) {
        std::string text;
        for (const std::string& step : path) text += (text.empty() ? "" : " needs ") + step;
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "modules need each other: " + text);
    }
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) {
        std::string known;
        for (const auto& [each, unused] : entries_) known += (known.empty() ? "" : ", ") + each;
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "no target is named '" + name + "'; there are " + known);
    }
    for (const std::string& need : entry->second.needs) IMECE_CHECK(order(need, path, out));
    path.pop_back();
    out.push_back(name);
    return {};
}

Status Modules::start() {
    for (auto& [name, module] : made_) IMECE_CHECK(module->start());
    return {};
}

void Modules::drain() {
    for (auto& [name, module] : std::views::reverse(made_)) module->drain();
}

void Modules::stop() {
    for (auto& [name, module] : std::views::reverse(made_)) module->stop();
}

std::vector<std::string> Modules::made() const {
    std::vector<std::string> names;
    for (const auto& [name, module] : made_) names.push_back(name);
    return names;
}

}  // namespace imece::runtime
