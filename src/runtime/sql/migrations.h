// Bringing a database's schema up to the program's. Only this folder includes it.
#pragma once

#include <vector>

#include "runtime/sql/sqlite_connection.h"

namespace imece::runtime::sql {

/// Applies what is missing of `migrations`, which are numbered 1, 2, 3 …, in one transaction.
///
/// Errors: kDataLoss DATA_MALFORMED when an applied one has another text now (it was edited, or the
/// file belongs to another program) or when the file holds one that we do not know (a newer version
/// wrote it); nothing is changed then. kUnavailable STORE_DOWN.
Status migrate(SqliteConnection& connection, const std::vector<Migration>& migrations);

}  // namespace imece::runtime::sql
