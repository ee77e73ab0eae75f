// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "target/dump/sqlite.h"

namespace dynatlas {

// Writes the .bson and .metadata.json of every collection that changed since it was written last, or whose file is
// gone, and the dead letters. One process at a time: each takes the folder's export lock, reads one snapshot of the
// state inside it, and renames whole files into place. The documents stand in the order of their keys' bytes, so that
// equal states give equal files.
Result<void> export_dump(sqlite3* database, const std::string& folder);

// Writes the dead letters alone.
Result<void> export_parked(sqlite3* database, const std::string& folder);

}  // namespace dynatlas
