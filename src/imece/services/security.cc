#include "imece/services/service_main.h"
#include "security/module.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::security::Config>(
        argc, argv, "security",
        [](const imece::Lent& lent, const imece::security::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::security::make(lent.process, config, lent.door);
        });
}
