#include "imece/services/service_main.h"
#include "ledger/module.h"

int main(int argc, char** argv) {
    return imece::service_main<imece::ledger::Config>(
        argc, argv, "ledger",
        [](const imece::Lent& lent, const imece::ledger::Config& config)
            -> imece::Result<std::unique_ptr<imece::runtime::Module>> {
            return imece::ledger::make(lent.process, config, lent.door);
        });
}
