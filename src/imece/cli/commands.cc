#include "imece/cli/commands.h"

#include <cstdlib>
#include <iostream>
#include <memory>

namespace imece::cli {

void add_commands(CLI::App& app, int& status) {
    // The commands' callbacks hold references to it until the process ends.
    static SystemClock clock;
    static SystemRandom random;
    static Shell shell{.out = std::cout,
                       .err = std::cerr,
                       .in = std::cin,
                       .clock = clock,
                       .random = random,
                       .variable = [](const char* name) -> std::string {
                           const char* value = std::getenv(name);
                           return value != nullptr ? value : "";
                       }};
    shell.ended = [&status](int with) { status = with; };
    add_commands(app, shell);
}

void add_commands(CLI::App& app, Shell& shell) {
    add_status(app, shell);
    add_doctor(app, shell);
    add_version(app, shell);
    add_login(app, shell);
    add_user(app, shell);
    add_check_in(app, shell);
    add_device(app, shell);
    add_desk(app, shell);
    add_enrolment_token(app, shell);
    add_message(app, shell);
    add_topology(app, shell);
    add_audit(app, shell);
    add_ca(app, shell);
    add_config(app, shell);
    add_flag(app, shell);
    add_secret(app, shell);
    add_emergency(app, shell);
    add_ledger(app, shell);
    add_analytics(app, shell);
    add_events(app, shell);
    add_backup(app, shell);
    add_log_level(app, shell);
}

}  // namespace imece::cli
