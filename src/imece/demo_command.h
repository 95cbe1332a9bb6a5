// `imece demo` on the command line.
#pragma once

namespace CLI {
class App;
}

namespace imece {

/// `status` gets the exit status when the command was run.
void add_demo(CLI::App& app, int& status);

}  // namespace imece
