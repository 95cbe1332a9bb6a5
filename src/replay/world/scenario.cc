#include "replay/world/scenario.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>

#include "base/result.h"
#include "replay/world/text_json.h"

namespace imece::replay {
namespace {

/// One table of the file. Reads are collected, so that a key that nobody read can be refused.
class Table {
public:
    Table(const toml::table& table, std::string where, std::string_view file)
        : table_(table), where_(std::move(where)), file_(file) {}

    Result<double> number(std::string_view key, double low, double high) {
        const toml::node* node = find(key);
        if (node == nullptr) return error(table_, key, "is missing");
        const auto value = node->value<double>();
        if (!value || !(*value >= low && *value <= high))
            return error(*node, key, fmt::format("must be a number from {} to {}", low, high));
        return *value;
    }
    Result<std::uint32_t> count(std::string_view key, std::uint32_t low, std::uint32_t high) {
        IMECE_TRY(const double value, number(key, low, high));
        if (value != double(std::uint32_t(value))) return error(*find(key), key, "must be whole");
        return std::uint32_t(value);
    }
    Result<std::string> text(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr) return error(table_, key, "is missing");
        const auto value = node->value_exact<std::string>();
        if (!value || value->empty() || value->size() > 1024)
            return error(*node, key, "must be a text of 1 to 1024 bytes");
        return *value;
    }
    Result<TimePoint> time(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr || !node->is_date_time())
            return error(node ? *node : table_, key, "must be a date and time");
        const toml::date_time& said = node->as_date_time()->get();
        const std::chrono::year_month_day day{std::chrono::year(said.date.year),
                                              std::chrono::month(said.date.month),
                                              std::chrono::day(said.date.day)};
        const auto offset = std::chrono::minutes(said.offset ? said.offset->minutes : 0);
        return TimePoint(std::chrono::sys_days(day) + std::chrono::hours(said.time.hour) +
                         std::chrono::minutes(said.time.minute) +
                         std::chrono::seconds(said.time.second) - offset);
    }
    Result<Table> table(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr || !node->is_table())
            return error(node ? *node : table_, key, "must be a table");
        return Table(*node->as_table(), where_ + std::string(key) + ".", file_);
    }
    /// An array of tables, at least one.
    Result<std::vector<Table>> tables(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr || !node->is_array_of_tables() || node->as_array()->empty())
            return error(node ? *node : table_, key, "must be an array of tables");
        std::vector<Table> out;
        for (const toml::node& item : *node->as_array())
            out.emplace_back(*item.as_table(), where_ + std::string(key) + ".", file_);
        return out;
    }
    Result<std::vector<double>> numbers(std::string_view key, double low, double high) {
        const toml::node* node = find(key);
        if (node == nullptr || !node->is_array() || node->as_array()->empty())
            return error(node ? *node : table_, key, "must be an array of numbers");
        std::vector<double> out;
        for (const toml::node& item : *node->as_array()) {
            const auto value = item.value<double>();
            if (!value || !(*value >= low && *value <= high))
                return error(item, key, fmt::format("must hold numbers from {} to {}", low, high));
            out.push_back(*value);
        }
        return out;
    }
    Result<std::vector<std::string>> strings(std::string_view key) {
        const toml::node* node = find(key);
        if (node == nullptr || !node->is_array() || node->as_array()->empty())
            return error(node ? *node : table_, key, "must be an array of texts");
        std::vector<std::string> out;
        for (const toml::node& item : *node->as_array()) {
            const auto value = item.value_exact<std::string>();
            if (!value || value->empty() || value->size() > 4096)
                return error(item, key, "must hold texts of 1 to 4096 bytes");
            out.push_back(*value);
        }
        return out;
    }
    /// Refuses what nobody read: most likely a typing error.
    Status finish() const {
        for (const auto& [key, node] : table_)
            if (!read_.contains(key.str()))
                return error(node, key.str(), "is no key of a scenario");
        return {};
    }

private:
    const toml::node* find(std::string_view key) {
        read_.insert(std::string(key));
        return table_.get(key);
    }
    std::unexpected<Error> error(const toml::node& at, std::string_view key,
                                 std::string_view what) const {
        return file_error(file_, std::max<std::uint32_t>(at.source().begin.line, 1),
                          fmt::format("'{}{}' {}", where_, key, what));
    }

    const toml::table& table_;
    std::string where_;
    std::string file_;
    std::set<std::string, std::less<>> read_;
};

Status read_places(Table& root, Scenario& made) {
    IMECE_TRY(auto provinces, root.tables("provinces"));
    for (Table& table : provinces) {
        Province province;
        IMECE_TRY(province.name, table.text("name"));
        IMECE_TRY(province.people, table.number("people", 1, 1e9));
        IMECE_TRY(province.latitude, table.number("latitude", -90, 90));
        IMECE_TRY(province.longitude, table.number("longitude", -180, 180));
        IMECE_CHECK(table.finish());
        made.provinces.push_back(std::move(province));
    }
    IMECE_TRY(auto shocks, root.tables("shocks"));
    for (Table& table : shocks) {
        Shock shock;
        IMECE_TRY(shock.magnitude, table.number("magnitude", 0, 10));
        IMECE_TRY(shock.latitude, table.number("latitude", -90, 90));
        IMECE_TRY(shock.longitude, table.number("longitude", -180, 180));
        IMECE_TRY(shock.at, table.number("at", 0, 1));
        IMECE_CHECK(table.finish());
        made.shocks.push_back(shock);
    }
    return {};
}

Status read_troubles(Table& root, Scenario& made) {
    IMECE_TRY(Table towers, root.table("towers"));
    IMECE_TRY(made.towers_down, towers.number("down", 0, 1));
    IMECE_TRY(made.towers_down_again, towers.number("down_again", 0, 1));
    IMECE_TRY(made.waves, towers.numbers("waves", 0, 1));
    IMECE_CHECK(towers.finish());
    IMECE_TRY(Table batteries, root.table("batteries"));
    IMECE_TRY(made.batteries_die, batteries.number("die", 0, 1));
    IMECE_TRY(made.batteries_recharge, batteries.number("recharge", 0, 1));
    IMECE_CHECK(batteries.finish());
    IMECE_TRY(Table storm, root.table("storm"));
    IMECE_TRY(made.storm_phase, storm.count("begins_in_phase", 0, 100));
    IMECE_TRY(made.storm_messages, storm.count("messages", 0, 100'000));
    IMECE_TRY(made.storm_repeats, storm.count("repeats", 0, 100));
    IMECE_TRY(made.storm_reposts, storm.count("reposts", 0, 100));
    return storm.finish();
}

Status read_load(Table& root, Scenario& made) {
    IMECE_TRY(auto load, root.tables("load"));
    for (Table& table : load) {
        LoadPhase phase;
        IMECE_TRY(phase.per_user_hour, table.number("per_user_hour", 0, 1e6));
        IMECE_TRY(phase.minutes, table.number("minutes", 0.01, 10'000));
        IMECE_CHECK(table.finish());
        made.load.push_back(phase);
    }
    IMECE_TRY(Table classes, root.table("classes"));
    IMECE_TRY(Table texts, root.table("texts"));
    for (std::size_t c = 0; c < kClasses; ++c) {
        IMECE_TRY(made.mix[c], classes.number(class_name(Class(c)), 0, 1));
        IMECE_TRY(made.texts[c], texts.strings(class_name(Class(c))));
    }
    IMECE_CHECK(classes.finish());
    return texts.finish();
}

Result<Scenario> read(const toml::table& document, std::string_view file) {
    Table root(document, "", file);
    Scenario made;
    IMECE_TRY(made.name, root.text("name"));
    IMECE_CHECK(root.text("title"));
    IMECE_TRY(made.begins, root.time("begins"));
    IMECE_TRY(made.phones, root.count("phones", 10, 100'000));
    IMECE_TRY(made.group_size, root.count("group_size", 2, 200));
    IMECE_TRY(made.relays_per_province, root.count("relays_per_province", 1, 100));
    IMECE_TRY(made.responders, root.number("responders", 0, 1));
    IMECE_TRY(made.drain_minutes, root.number("drain_minutes", 1, 60));
    IMECE_CHECK(read_places(root, made));
    IMECE_CHECK(read_troubles(root, made));
    IMECE_CHECK(read_load(root, made));
    IMECE_CHECK(root.finish());
    return made;
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, std::string_view file) {
    try {
        return read(toml::parse(text), file);
    } catch (const toml::parse_error& broken) {
        return file_error(file, broken.source().begin.line, broken.description());
    }
}

}  // namespace imece::replay
