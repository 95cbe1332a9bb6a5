// The program of one service: what its container runs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "imece/process.h"
#include "runtime/config/loader.h"
#include "runtime/module.h"

namespace imece {

/// The same as `imece serve --target name`, without what the others need. Tables of other services in the same configuration are left to them.
int run_service(int argc, char** argv, const std::string& name,
                const std::function<void(runtime::ConfigLoader&)>& load,
                const std::function<Result<std::unique_ptr<runtime::Module>>(const Lent&)>& make);

template <class Config>
int service_main(int argc, char** argv, const std::string& name,
                 Result<std::unique_ptr<runtime::Module>> (*make)(const Lent&, const Config&)) {
    Config config;
    return run_service(
        argc, argv, name, [&](runtime::ConfigLoader& loader) { loader.load(name, config); },
        [&](const Lent& lent) { return make(lent, config); });
}

}  // namespace imece
