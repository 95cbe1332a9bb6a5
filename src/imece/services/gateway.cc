#include "gateway/module.h"

#include "imece/services/service_main.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::gateway::Config>(
        argc, argv, "gateway",
        [](const imece::Lent& lent, const imece::gateway::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::gateway::make(lent.process, config, lent.trust, lent.settings,
                                        [&trust = lent.trust] { return imece::knows_keys(trust); });
        });
}
