#include "identity/module.h"
#include "imece/services/service_main.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::identity::Config>(
        argc, argv, "identity",
        [](const imece::Lent& lent, const imece::identity::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::identity::make(lent.process, config, lent.door);
        });
}
