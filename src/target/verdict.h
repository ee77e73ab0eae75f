// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "change/change.h"

namespace dynatlas {

// What stands under a key, where it can be read and written in one step.
struct Standing {
  bool has_document = false;
  bool is_foreign = false;           // the document has no metadata
  std::optional<Version> version;    // of the document
  std::optional<Version> tombstone;  // of the key
};

// What a change does there, by the rules of the guard (docs/architecture.md, "The guard").
struct Verdict {
  bool counts = false;   // as upserted or removed; else it is stale
  bool writes = false;   // the document is written, or marked as deleted
  bool deletes = false;  // the document goes
  bool raises_tombstone = false;
};
Verdict verdict_of(const Change& change, const Standing& standing);

}  // namespace dynatlas
