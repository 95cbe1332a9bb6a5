#include "discovery/module.h"
#include "imece/services/service_main.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::discovery::Config>(
        argc, argv, "discovery",
        [](const imece::Lent& lent, const imece::discovery::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::discovery::make(lent.process, config, lent.door);
        });
}
