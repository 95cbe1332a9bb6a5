// A terminal in memory: runs command lines and keeps what they said.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "imece/cli/commands.h"
#include "testkit/temp_dir.h"

namespace imece::cli {

struct Said {
    int status = -1;
    std::string out;
    std::string err;
};

class Terminal {
public:
    explicit Terminal(std::string server = "") : server_(std::move(server)) {
        set("XDG_CONFIG_HOME", (home_.path() / "config").string());
        set("IMECE_DATA", (home_.path() / "data").string());
    }
    void set(const std::string& name, const std::string& value) { variables_[name] = value; }
    std::filesystem::path path(const std::string& name) const { return home_.path() / name; }

    /// As main does; "--server" is added where the terminal has one.
    Said run(std::vector<std::string> words, const std::string& input = "") {
        std::ostringstream out;
        std::ostringstream err;
        std::istringstream in(input);
        Said said;
        Shell shell{.out = out,
                    .err = err,
                    .in = in,
                    .clock = clock_,
                    .random = random_,
                    .variable = [this](const char* name) { return variables_[name]; },
                    .ended = [&](int status) { said.status = status; }};
        CLI::App app("imece");
        app.require_subcommand(1);
        add_commands(app, shell);
        if (!server_.empty()) {
            words.push_back("--server");
            words.push_back(server_);
        }
        std::ranges::reverse(words);  // As CLI11 takes them.
        try {
            app.parse(words);
        } catch (const CLI::ParseError& error) {
            said.status = app.exit(error, out, err) == 0 ? kOk : kUsage;
        }
        said.out = out.str();
        said.err = err.str();
        return said;
    }

private:
    testkit::TempDir home_;
    std::string server_;
    std::map<std::string, std::string> variables_;
    SystemClock clock_;
    SystemRandom random_;
};

}  // namespace imece::cli
