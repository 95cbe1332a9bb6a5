// The process's modules: made and started in the order of their needs, stopped in reverse.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/module.h"

namespace imece::runtime {

class Modules {
public:
    using Make = std::function<Result<std::unique_ptr<Module>>()>;
    /// Without `make`: a name for its needs, as "all" is.
    void add(std::string name, std::vector<std::string> needs, Make make = {});

    /// Makes what the comma-separated `targets` need, needs first.
    /// Errors: kInvalidArgument CONFIG_INVALID for an unknown name or a cycle; a module's own.
    Status make(std::string_view targets);
    /// Starts what was made, in that order. On an error those started before go on: call stop().
    Status start();
    /// Both in reverse order, over everything made.
    void drain();
    void stop();
    /// The names of what was made, in order.
    std::vector<std::string> made() const;

private:
    struct Entry {
        std::vector<std::string> needs;
        Make make;
    };
    Status order(const std::string& name, std::vector<std::string>& path,
                 std::vector<std::string>& out) const;

    std::map<std::string, Entry, std::less<>> entries_;
    std::vector<std::pair<std::string, std::unique_ptr<Module>>> made_;
};

}  // namespace imece::runtime
