#include "imece/services/service_main.h"
#include "messaging/module.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::messaging::Config>(
        argc, argv, "messaging",
        [](const imece::Lent& lent, const imece::messaging::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::messaging::make(lent.process, config, lent.door, lent.trust,
                                          lent.settings);
        });
}
