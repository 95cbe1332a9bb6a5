// The operators' command line: each command asks a running backend over gRPC.
#pragma once

#include <CLI/CLI.hpp>

#include "imece/cli/shell.h"

namespace imece::cli {

/// Adds all commands of this folder to `app`, on the process's own terminal, environment, clock and
/// random numbers. `status` gets the exit status of the command that ran (shell.h).
void add_commands(CLI::App& app, int& status);

/// The same on a given shell, which outlives `app`'s parse().
void add_commands(CLI::App& app, Shell& shell);

// One file each.
void add_status(CLI::App& app, Shell& shell);
void add_doctor(CLI::App& app, Shell& shell);
void add_version(CLI::App& app, Shell& shell);
void add_login(CLI::App& app, Shell& shell);
void add_user(CLI::App& app, Shell& shell);
void add_user_actions(CLI::App& group, Shell& shell);  ///< Of the group "user".
void add_check_in(CLI::App& app, Shell& shell);
void add_device(CLI::App& app, Shell& shell);
void add_desk(CLI::App& app, Shell& shell);
void add_enrolment_token(CLI::App& app, Shell& shell);
void add_message(CLI::App& app, Shell& shell);
void add_ca(CLI::App& app, Shell& shell);
void add_audit(CLI::App& app, Shell& shell);
void add_config(CLI::App& app, Shell& shell);
void add_flag(CLI::App& app, Shell& shell);
void add_secret(CLI::App& app, Shell& shell);
void add_topology(CLI::App& app, Shell& shell);
void add_emergency(CLI::App& app, Shell& shell);
void add_ledger(CLI::App& app, Shell& shell);
void add_analytics(CLI::App& app, Shell& shell);
void add_events(CLI::App& app, Shell& shell);
void add_backup(CLI::App& app, Shell& shell);
void add_log_level(CLI::App& app, Shell& shell);

}  // namespace imece::cli
