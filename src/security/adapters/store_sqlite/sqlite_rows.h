// What the files of this folder share. Only they include it.
#pragma once

#include "runtime/sql/database.h"
#include "security/app/ports.h"

namespace imece::security {

using runtime::sql::Row;
using runtime::sql::Tx;

/// As AuditStore::append(). `leaf` is the record's hash.
Status append_record(Tx& tx, const NewRecord& record, const crypto::Digest& leaf);
/// Behind the last one of its source, whatever its position.
Status append_next(Tx& tx, NewRecord record, const crypto::Digest& leaf);

}  // namespace imece::security
