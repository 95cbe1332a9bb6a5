#include "runtime/config/loader.h"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>

namespace imece::runtime {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + '"';
}

std::string upper_snake(std::string_view text) {
    std::string out;
    for (const char c : text)
        out.push_back(c == '.' || c == '-' ? '_'
                                           : char(std::toupper(static_cast<unsigned char>(c))));
    return out;
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

std::string decimal_text(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

/// Scalars become the text that a flag would give, so that every source is read by one code.
std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* decimal = node.as_floating_point()) return decimal_text(decimal->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return std::nullopt;
}

/// Reads one table's keys from what was given, and writes down what they hold in the end.
class TableReader final : public ConfigTable {
public:
    using Find = std::function<const std::string*(const std::string& key, std::string& place)>;
    TableReader(std::string_view name, Find find, std::vector<std::string>& problems,
                std::string& printed)
        : name_(name), find_(std::move(find)), problems_(problems), printed_(printed) {
        printed_ += "[" + name_ + "]\n";
    }

    void text(std::string_view key, std::string& value, std::string_view help) override {
        if (const std::string* given = find(key)) value = *given;
        print(key, toml_text(value), help);
    }
    void secret(std::string_view key, std::string& value, std::string_view help) override {
        if (const std::string* given = find(key)) value = *given;
        print(key, value.empty() ? "\"\"" : "\"(set, not shown)\"", help);
    }
    void choice(std::string_view key, std::string& value, std::vector<std::string_view> allowed,
                std::string_view help) override {
        std::string list;
        for (const std::string_view one : allowed)
            list += (list.empty() ? "" : " | ") + std::string(one);
        if (const std::string* given = find(key)) {
            if (std::ranges::find(allowed, *given) != allowed.end())
                value = *given;
            else
                problem("'" + *given + "' is none of " + list);
        }
        print(key, toml_text(value), std::string(help) + " " + list + ".");
    }
    void flag(std::string_view key, bool& value, std::string_view help) override {
        if (const std::string* given = find(key)) {
            if (*given != "true" && *given != "false")
                problem("'" + *given + "' is neither true nor false");
            else
                value = *given == "true";
        }
        print(key, value ? "true" : "false", help);
    }
    void number(std::string_view key, std::uint64_t& value, std::uint64_t least, std::uint64_t most,
                std::string_view help) override {
        const std::string range = std::to_string(least) + " to " + std::to_string(most);
        if (const std::string* given = find(key)) {
            std::uint64_t read = 0;
            if (parse_number(*given, read) && read >= least && read <= most)
                value = read;
            else
                problem("'" + *given + "' is no number from " + range);
        }
        print(key, std::to_string(value), std::string(help) + " " + range + ".");
    }
    void decimal(std::string_view key, double& value, double least, double most,
                 std::string_view help) override {
        const std::string range = decimal_text(least) + " to " + decimal_text(most);
        if (const std::string* given = find(key)) {
            double read = 0;
            if (parse_number(*given, read) && read >= least && read <= most)
                value = read;
            else
                problem("'" + *given + "' is no number from " + range);
        }
        print(key, decimal_text(value), std::string(help) + " " + range + ".");
    }
    void duration(std::string_view key, std::chrono::milliseconds& value,
                  std::chrono::milliseconds least, std::chrono::milliseconds most,
                  std::string_view help) override {
        const std::string range = duration_text(least) + " to " + duration_text(most);
        if (const std::string* given = find(key)) {
            const auto read = parse_duration(*given);
            if (read && *read >= least && *read <= most)
                value = *read;
            else
                problem("'" + *given + "' is no duration from " + range);
        }
        print(key, toml_text(duration_text(value)), std::string(help) + " " + range + ".");
    }
    void require(bool holds, std::string_view text) override {
        if (!holds) problems_.push_back("[" + name_ + "]: " + std::string(text));
    }

private:
    const std::string* find(std::string_view key) {
        key_ = name_ + "." + std::string(key);
        return find_(key_, place_);
    }
    void problem(const std::string& what) {
        problems_.push_back(place_ + ": " + key_ + ": " + what);
    }
    void print(std::string_view key, const std::string& value, std::string_view help) {
        printed_ += "# " + std::string(help) + "\n" + std::string(key) + " = " + value + "\n";
    }

    std::string name_;
    Find find_;
    std::vector<std::string>& problems_;
    std::string& printed_;
    std::string key_;
    std::string place_;
};

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, std::size_t(text.data() + text.size() - end));
    for (const Unit& known : kUnits)
        if (error == std::errc{} && unit == known.name && count >= 0 &&
            count <= INT64_MAX / kUnits.back().ms)
            return std::chrono::milliseconds(count * known.ms);
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                "a duration is written 250ms, 90s, 15m, 72h or 7d");
}

std::string duration_text(std::chrono::milliseconds duration) {
    const std::int64_t ms = duration.count();
    for (std::size_t i = kUnits.size(); i-- > 1;)
        if (ms != 0 && ms % kUnits[i].ms == 0)
            return std::to_string(ms / kUnits[i].ms) + std::string(kUnits[i].name);
    return std::to_string(ms) + "ms";
}

ConfigLoader::ConfigLoader(const ConfigSources& sources) : environment_(sources.environment) {
    if (sources.file) read_file(*sources.file);
    for (const auto& [key, value] : sources.flags) given_[key] = {value, "--" + key, false};
}

void ConfigLoader::read_file(const std::filesystem::path& file) {
    const std::string name = file.string();
    if (!std::filesystem::is_regular_file(file)) {
        problems_.push_back(name + ": no such file");
        return;
    }
    toml::table root;
    try {
        root = toml::parse_file(name);
    } catch (const toml::parse_error& error) {
        problems_.push_back(name + ":" + std::to_string(error.source().begin.line) + ": " +
                            std::string(error.description()));
        return;
    }
    for (const auto& [table_name, node] : root) {
        const std::string place = name + ":" + std::to_string(node.source().begin.line);
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            problems_.push_back(place + ": '" + std::string(table_name.str()) +
                                "' stands outside of any [table]");
            continue;
        }
        for (const auto& [key, value] : *table) {
            const std::string full = std::string(table_name.str()) + "." + std::string(key.str());
            const std::string line = name + ":" + std::to_string(value.source().begin.line);
            if (const auto text = scalar_text(value))
                given_[full] = {*text, line, false};
            else
                problems_.push_back(line + ": " + full + ": a list or table is no value here");
        }
    }
}

void ConfigLoader::with_table(std::string_view name,
                              const std::function<void(ConfigTable&)>& describe) {
    if (!printed_.empty()) printed_ += "\n";
    TableReader reader(
        name,
        [this](const std::string& key, std::string& place) -> const std::string* {
            const auto found = given_.find(key);
            const bool by_flag = found != given_.end() && found->second.place.starts_with("--");
            if (found != given_.end()) found->second.used = true;
            const auto variable = environment_.find("IMECE_" + upper_snake(key));
            if (!by_flag && variable != environment_.end()) {
                place = variable->first;
                return &variable->second;
            }
            if (found == given_.end()) return nullptr;
            place = found->second.place;
            return &found->second.value;
        },
        problems_, printed_);
    describe(reader);
}

void ConfigLoader::leave(std::string_view name) {
    for (auto& [key, given] : given_)
        if (key.starts_with(std::string(name) + ".")) given.used = true;
}

std::vector<std::string> ConfigLoader::problems() const {
    std::vector<std::string> all = problems_;
    for (const auto& [key, given] : given_)
        if (!given.used) all.push_back(given.place + ": " + key + ": no such key");
    return all;
}

}  // namespace imece::runtime
