// SPDX-License-Identifier: Apache-2.0
#include "target/verdict.h"

namespace dynatlas {

namespace {

Verdict verdict_of_upsert(const Change& change, const Standing& standing) {
  bool stale = standing.has_document || standing.tombstone;  // of an item without a time
  if (change.version) {
    const bool buried = standing.tombstone && is_older(*change.version, *standing.tombstone);
    stale = buried || (standing.version && !is_older(*standing.version, *change.version));
  }
  return {!stale, !stale, false, false};
}

Verdict verdict_of_remove(const Change& change, const Standing& standing) {
  const bool raises = !standing.tombstone || is_older(*standing.tombstone, *change.version);
  const bool newer = standing.version && is_older(*change.version, *standing.version);
  return {raises, false, standing.has_document && !newer, raises};
}

}  // namespace

Verdict verdict_of(const Change& change, const Standing& standing) {
  const TableRules& rules = *change.destination->rules;
  const bool is_upsert = change.operation == Record::Operation::upsert;
  if (!rules.guard) return {true, is_upsert, !is_upsert && standing.has_document, false};
  if (is_upsert) return verdict_of_upsert(change, standing);
  if (!rules.soft_deletes) return verdict_of_remove(change, standing);
  const bool marks = !standing.version || is_older(*standing.version, *change.version);
  return {marks, marks, false, false};
}

}  // namespace dynatlas
