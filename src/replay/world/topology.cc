#include "replay/world/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "base/result.h"
#include "replay/world/text_json.h"

namespace imece::replay {
namespace {

using Kind = JsonValue::Kind;

class Parser {
public:
    explicit Parser(std::string_view file) : file_(file) {}

    Result<Topology> parse(const JsonValue& root) {
        if (root.kind != Kind::kObject) return error(root, "the file holds no JSON object");
        IMECE_CHECK(read_type(root));
        const JsonValue* nodes = root.find("nodes");
        const JsonValue* links = root.find("links");
        if (links == nullptr) return error(root, "'links' is missing");
        if (links->kind != Kind::kArray)
            return error(*links,
                         fmt::format("'links' must be an array, not {}", links->kind_name()));
        if (links->items.size() > kTopologyLinksMax)
            return error(*links, fmt::format("more than {} links", kTopologyLinksMax));
        IMECE_CHECK(read_nodes(nodes));
        for (const JsonValue& link : links->items) IMECE_CHECK(read_link(link));
        return finish(root);
    }

private:
    static constexpr std::uint32_t kOffline = UINT32_MAX;

    std::unexpected<Error> error(const JsonValue& at, std::string_view reason) const {
        return file_error(file_, at.line, reason);
    }

    Status read_type(const JsonValue& root) {
        const JsonValue* type = root.find("type");
        if (type == nullptr) return {};
        if (type->kind != Kind::kString || type->text != "NetworkGraph")
            return error(*type, "'type' must be \"NetworkGraph\" where it stands");
        net_json_ = true;
        return {};
    }

    /// Ids are strings in two of the formats and numbers in the third.
    Result<std::string> id_of(const JsonValue& value, std::string_view what) const {
        if (value.kind == Kind::kString && !value.text.empty()) {
            if (value.text.size() > 256) return error(value, "an id is longer than 256 bytes");
            return value.text;
        }
        if (value.kind == Kind::kNumber && value.number >= 0 && value.number <= 1e9 &&
            value.number == std::floor(value.number))
            return fmt::format("{:.0f}", value.number);
        return error(value, fmt::format("{} must be a string or a whole number", what));
    }

    Status read_nodes(const JsonValue* nodes) {
        if (nodes == nullptr) {
            nodes_implied_ = true;
            return {};
        }
        if (nodes->kind != Kind::kArray)
            return error(*nodes,
                         fmt::format("'nodes' must be an array, not {}", nodes->kind_name()));
        if (nodes->items.size() > kTopologyNodesMax)
            return error(*nodes, fmt::format("more than {} nodes", kTopologyNodesMax));
        for (std::size_t i = 0; i < nodes->items.size(); ++i)
            IMECE_CHECK(read_node(nodes->items[i], i));
        return {};
    }

    Status read_node(const JsonValue& value, std::size_t position) {
        if (value.kind != Kind::kObject)
            return error(value, fmt::format("a node must be an object, not {}", value.kind_name()));
        const JsonValue* id = value.find("node_id");
        if (id == nullptr) id = value.find("id");
        TopologyNode node;
        if (id == nullptr) {
            if (net_json_) return error(value, "a node lacks 'id'");
            node.id = std::to_string(position);  // Links name such nodes by position.
        } else {
            IMECE_TRY(node.id, id_of(*id, "a node's id"));
        }
        if (index_.contains(node.id))
            return error(value, fmt::format("node '{}' stands twice", node.id));
        bool online = true;
        if (const JsonValue* said = value.find("is_online"); said != nullptr) {
            if (said->kind != Kind::kBool) return error(*said, "'is_online' must be true or false");
            online = said->truth;
        }
        for (const std::string_view key : {"name", "hostname", "label"})
            if (const JsonValue* name = value.find(key);
                name != nullptr && name->kind == Kind::kString && node.name.empty())
                node.name = name->text.substr(0, 64);
        IMECE_CHECK(read_position(value, node));
        if (!online) {
            index_.emplace(node.id, kOffline);
            ++offline_;
            return {};
        }
        add(std::move(node));
        return {};
    }

    Status read_position(const JsonValue& value, TopologyNode& node) {
        const JsonValue* latitude = value.find("x");
        const JsonValue* longitude = value.find("y");
        for (const std::string_view key : {"location", "properties"}) {
            const JsonValue* place = value.find(key);
            if (place == nullptr || place->kind != Kind::kObject) continue;
            if (const JsonValue* inner = place->find("location");
                inner != nullptr && inner->kind == Kind::kObject)
                place = inner;
            for (const std::string_view name : {"latitude", "lat"})
                if (const JsonValue* found = place->find(name)) latitude = found;
            for (const std::string_view name : {"longitude", "lon", "lng"})
                if (const JsonValue* found = place->find(name)) longitude = found;
        }
        IMECE_TRY(node.latitude, degrees(latitude, 90, "a latitude"));
        IMECE_TRY(node.longitude, degrees(longitude, 180, "a longitude"));
        return {};
    }

    Result<std::optional<double>> degrees(const JsonValue* value, double limit,
                                          std::string_view what) const {
        if (value == nullptr || value->kind == Kind::kNull) return std::nullopt;
        if (value->kind != Kind::kNumber)
            return error(*value, fmt::format("{} must be a number", what));
        // Operators mistype places, and a node is more than its place: it has none then.
        if (std::abs(value->number) > limit) return std::nullopt;
        return value->number;
    }

    std::uint32_t add(TopologyNode node) {
        const auto index = std::uint32_t(made_.nodes.size());
        index_.emplace(node.id, index);
        made_.nodes.push_back(std::move(node));
        return index;
    }

    Result<std::uint32_t> end_of(const JsonValue& link, std::string_view key) {
        const JsonValue* end = link.find(key);
        if (end == nullptr) return error(link, fmt::format("a link lacks '{}'", key));
        IMECE_TRY(const std::string id, id_of(*end, fmt::format("'{}'", key)));
        if (const auto found = index_.find(id); found != index_.end()) return found->second;
        if (!nodes_implied_)
            return error(*end,
                         fmt::format("'{}' names node '{}', which is not in 'nodes'", key, id));
        if (made_.nodes.size() >= kTopologyNodesMax)
            return error(*end, fmt::format("more than {} nodes", kTopologyNodesMax));
        TopologyNode node;
        node.id = id;
        return add(std::move(node));
    }

    /// Unknown: nullopt. The worse of the two directions counts, because frames are acknowledged.
    Result<std::optional<double>> quality_of(const JsonValue& link) const {
        std::optional<double> worst;
        for (const std::string_view key : {"source_tq", "target_tq"}) {
            const JsonValue* said = link.find(key);
            if (said == nullptr || said->kind == Kind::kNull) continue;
            if (said->kind != Kind::kNumber || said->number < 0 || said->number > 1)
                return error(*said, fmt::format("'{}' must be a number from 0 to 1", key));
            worst = std::min(worst.value_or(1), said->number);
        }
        const JsonValue* cost = link.find("cost");
        if (worst || cost == nullptr || cost->kind == Kind::kNull) return worst;
        if (cost->kind != Kind::kNumber || cost->number < 0)
            return error(*cost, "'cost' must be a number, 0 or more");
        return cost->number <= 1 ? 1 : 1 / cost->number;
    }

    Status read_link(const JsonValue& link) {
        if (link.kind != Kind::kObject)
            return error(link, fmt::format("a link must be an object, not {}", link.kind_name()));
        IMECE_TRY(const std::uint32_t a, end_of(link, "source"));
        IMECE_TRY(const std::uint32_t b, end_of(link, "target"));
        IMECE_TRY(const std::optional<double> quality, quality_of(link));
        const JsonValue* type = link.find("type");
        if (type != nullptr && type->kind != Kind::kString && type->kind != Kind::kNull)
            return error(*type, "'type' of a link must be a string");
        if (a == kOffline || b == kOffline) return ++links_offline_, Status{};
        if (a == b) return ++loops_, Status{};
        if (type != nullptr && type->text.starts_with("vpn")) {
            made_.nodes[a].internet = made_.nodes[b].internet = true;
            ++vpn_;
            return {};
        }
        if (quality && *quality <= 0) return ++down_, Status{};
        if (!quality) ++unknown_;
        const auto pair = std::minmax(a, b);
        const double value = quality.value_or(kUnknownQuality);
        const auto [known, fresh] = pairs_.emplace(pair, made_.links.size());
        if (fresh) {
            made_.links.push_back({pair.first, pair.second, value});
        } else {
            ++doubles_;
            auto& kept = made_.links[known->second].quality;
            kept = std::max(kept, value);
        }
        return {};
    }

    void note(std::size_t count, std::string_view what) {
        if (count > 0) made_.notes.push_back(fmt::format("{}: {} {}", file_, count, what));
    }

    Result<Topology> finish(const JsonValue& root) {
        if (made_.nodes.size() < 2)
            return error(root, "a mesh needs at least two nodes that are online");
        note(offline_, "nodes are not online and were left out");
        note(links_offline_, "links to nodes that are not online were left out");
        note(vpn_, "links run over the internet (vpn): their ends can have an uplink");
        note(down_, "links have quality 0 and are down");
        note(unknown_, "links have no quality: 0.8 is assumed");
        note(doubles_, "links join a pair that is linked already: the better one counts");
        note(loops_, "links lead to their own node and were left out");
        return std::move(made_);
    }

    std::string file_;
    Topology made_;
    std::unordered_map<std::string, std::uint32_t> index_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> pairs_;
    bool net_json_ = false;
    bool nodes_implied_ = false;
    std::size_t offline_ = 0;
    std::size_t links_offline_ = 0;
    std::size_t vpn_ = 0;
    std::size_t down_ = 0;
    std::size_t unknown_ = 0;
    std::size_t doubles_ = 0;
    std::size_t loops_ = 0;
};

}  // namespace

Result<Topology> parse_topology(std::string_view text, std::string_view file) {
    IMECE_TRY(const JsonValue root, parse_json(text, file));
    return Parser(file).parse(root);
}

}  // namespace imece::replay
