// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "target/dump/sqlite.h"

// The working state of a dump folder: FOLDER/.dynatlas/state.sqlite.
//
//   format        version
//                 one row; a newer one than ours is refused, an older one upgraded in place
//   collections   id, database, collection, kind ('' until a change with a version comes), fingerprint, uuid,
//                 key_fields, changed, exported
//                 key_fields: with `id: objectid` the names of the key attributes, else empty (since format 2)
//                 changed, exported: counters; exported < changed means that the .bson file is older than the state
//   documents     collection, key, t, s, is_foreign, document
//                 key: BSON type byte and value of `_id` or, with `id: objectid`, the key attributes as a document
//                 t, s: NULL where the document has no version; is_foreign: it came from somebody else's dump without
//                 metadata
//   tombstones    collection, key, t, s, expire_at (ms since 1970)
//   dead_letters  id, document                     BSON, as exported
namespace dynatlas {

inline constexpr int state_format = 2;

// Opens the working state of `folder`, made where it is missing; several processes may do so at once.
Result<OwnedSqlite> open_state(const std::string& folder);

// A copy of the folder's working state that vanishes with the process, for a dry run. The folder stays as it is, but
// for SQLite's own index of a log (state.sqlite-shm), which holds no data.
Result<OwnedSqlite> open_state_copy(const std::string& folder);

// Whether the folder has a working state.
bool has_state(const std::string& folder);

// The names of key attributes as `key_fields` holds them, and back.
std::string join_key_fields(const std::vector<std::string>& names);
std::vector<std::string> split_key_fields(std::string_view fields);

// The folder of the working state in a dump folder.
std::string state_folder(const std::string& folder);

}  // namespace dynatlas
