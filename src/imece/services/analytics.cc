#include "analytics/module.h"
#include "imece/services/service_main.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::analytics::Config>(
        argc, argv, "analytics",
        [](const imece::Lent& lent, const imece::analytics::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::analytics::make(lent.process, config, lent.door);
        });
}
