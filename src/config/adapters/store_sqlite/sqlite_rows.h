// What the files of this folder share. Only they include it.
#pragma once

#include "config/app/ports.h"
#include "runtime/sql/database.h"

namespace imece::config {

using runtime::sql::Row;
using runtime::sql::Tx;

/// Columns of SELECTs that read a whole change, in the order in which change_of() takes them.
#define IMECE_CHANGE_COLUMNS "revision, id, kind, subject, before, after, at, actor, trace_parent"
Change change_of(const Row& row);

/// Writes the next revision down and drops what is no longer kept of its subject; gives the revision.
Result<std::uint64_t> append_change(Tx& tx, const Wanted& wanted, ChangeKind kind,
                                    const std::string& before, const std::string& after,
                                    std::uint64_t history_max);
/// Of the newest change; 0 before the first.
Result<std::uint64_t> last_revision(Tx& tx);

}  // namespace imece::config
