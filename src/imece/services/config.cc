#include "config/module.h"
#include "imece/services/service_main.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::config::Config>(
        argc, argv, "config",
        [](const imece::Lent& lent, const imece::config::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::config::make(lent.process, config, lent.door);
        });
}
