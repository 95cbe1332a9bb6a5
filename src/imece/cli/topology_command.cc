// imece topology show.
#include <map>
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/discovery/v1/discovery.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::discovery::v1;
constexpr int kComponentsShown = 20;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    bool nodes = false;
    bool json = false;
};

void print_nodes(Shell& shell, const pb::Topology& topology) {
    std::vector<std::vector<std::string>> rows{
        {"NODE", "STATE", "HEARD", "BATTERY", "UPLINK", "COMPONENT", "LINKS"}};
    for (const pb::Node& node : topology.nodes())
        rows.push_back(
            {node.node_id(), pb::NodeState_Name(node.state()),
             to_rfc3339(runtime::from_proto(node.last_heard_at())),
             std::to_string(node.battery_percent()) + " %", node.has_uplink() ? "yes" : "no",
             int(node.component()) < topology.components_size() ? std::to_string(node.component())
                                                                : "-",
             std::to_string(node.links())});
    shell.out << '\n';
    print_table(shell.out, rows);
}

Status show(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const pb::Topology topology,
              backend.call(&pb::DiscoveryService::Stub::GetTopology, pb::GetTopologyRequest{}));
    if (options.json) {
        shell.out << json_of(topology) << '\n';
        return {};
    }
    std::map<pb::NodeState, int> states;
    int uplinks = 0;
    for (const pb::Node& node : topology.nodes()) {
        ++states[node.state()];
        uplinks += node.has_uplink();
    }
    shell.out << "version " << topology.version() << " at "
              << to_rfc3339(runtime::from_proto(topology.at())) << '\n'
              << topology.nodes_size() << " nodes: " << states[pb::ALIVE] << " alive, "
              << states[pb::SUSPECT] << " suspect, " << states[pb::DEAD] << " dead, "
              << states[pb::ASLEEP] << " asleep; " << uplinks << " with an uplink\n"
              << topology.links_size() << " links, " << topology.components_size()
              << " components\n";
    std::vector<std::vector<std::string>> rows{{"COMPONENT", "NODES", "UPLINK"}};
    for (int i = 0; i < std::min(topology.components_size(), kComponentsShown); ++i) {
        const pb::Component& component = topology.components(i);
        rows.push_back({std::to_string(component.number()), std::to_string(component.nodes()),
                        component.has_uplink() ? "yes" : "no"});
    }
    if (rows.size() > 1) print_table(shell.out, rows);
    if (topology.components_size() > kComponentsShown)
        shell.out << "and " << topology.components_size() - kComponentsShown << " smaller ones\n";
    if (options.nodes) print_nodes(shell, topology);
    return {};
}

}  // namespace

void add_topology(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("topology", "The mesh as it is known now");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand("show", "Count nodes, links and islands");
    command.add_flag("--nodes", options->nodes, "list the nodes too");
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json, "imece topology show --nodes");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return show(shell, *options); }); });
}

}  // namespace imece::cli
