// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/guarded_batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "target/mongodb/server_codes.h"
#include "target/mongodb/soft_deletes.h"
#include "target/mongodb/tombstones.h"
#include "target/mongodb/unguarded.h"
#include "target/stored_document.h"

namespace dynatlas {

namespace {

using Verdict = BatchChange::Verdict;

template <class Changes>
std::vector<const StoredKey*> keys_of(const Changes& changes) {
  std::vector<const StoredKey*> keys;
  keys.reserve(changes.size());
  for (const BatchChange* change : changes) keys.push_back(&change->change->key);
  return keys;
}

std::vector<BatchChange*> all_of(std::span<BatchChange> changes) {
  std::vector<BatchChange*> all;
  all.reserve(changes.size());
  for (BatchChange& change : changes) all.push_back(&change);
  return all;
}

Verdict verdict_of(GuardedWrite::Outcome outcome, bool repeat) {
  switch (outcome) {
    case GuardedWrite::Outcome::written:
      return Verdict::upserted;
    case GuardedWrite::Outcome::equal:
      return repeat ? Verdict::upserted : Verdict::stale;
    case GuardedWrite::Outcome::refused:
      return Verdict::refused;
    case GuardedWrite::Outcome::waiting:
      return Verdict::waiting;
    default:
      return Verdict::stale;
  }
}

// Of the changes, those whose key's tombstone is newer: that of each with it.
struct Buried {
  BatchChange* change;
  const Version* tombstone;
};

std::vector<Buried> buried_of(const std::vector<BatchChange*>& changes, const StoredVersions& tombstones) {
  std::vector<Buried> buried;
  for (BatchChange* change : changes) {
    const auto found = tombstones.find(change->change->key);
    if (found == tombstones.end() || !found->second.version) continue;
    const std::optional<Version>& ours = change->change->version;
    if (!ours || is_older(*ours, *found->second.version)) buried.push_back({change, &*found->second.version});
  }
  return buried;
}

Result<void> remove_buried(DeadlinePort& port, const Guarded& documents, const std::vector<Buried>& buried) {
  std::vector<GuardedRemoval> removals;
  removals.reserve(buried.size());
  for (const Buried& one : buried) removals.push_back({&one.change->change->key, one.tombstone});
  return remove_not_newer(port, documents, removals);
}

}  // namespace

std::string cause_of_refusal(std::int32_t code) {
  return fmt::format("MongoDB does not store its document: {}", describe_code(code));
}

std::string cause_of_waiting(const std::string& index) {
  return (index.empty() ? "a unique index" : fmt::format("the unique index `{}`", index)) +
         " holds its value for another document";
}

Result<void> take_fault(const StatementFault& fault, const Guarded& documents, BatchChange& change) {
  const CodeClass what = class_of(fault.code);
  if (what == CodeClass::document) {
    change = {change.change, Verdict::refused, cause_of_refusal(fault.code)};
  } else if (what != CodeClass::duplicate_key) {
    return error_of(fault, documents.name);
  } else if (duplicate_of(fault, documents) == DuplicateOf::other) {
    change = {change.change, Verdict::waiting, cause_of_waiting(fault.index_name)};
  } else {
    change = {change.change};
  }
  return {};
}

Result<void> GuardedBatch::run(std::span<BatchChange> changes) {
  const TableRules& rules = *collection_.destination->rules;
  if (!rules.guard) return apply_unguarded(port_, collection_.documents, changes);
  if (rules.refuse_existing) RETURN_IF_ERROR(refuse_foreign(changes));
  const auto first_upsert = std::find_if(changes.begin(), changes.end(), [](const BatchChange& change) {
    return change.change->operation == Record::Operation::upsert;
  });
  const auto removes = changes.first(static_cast<std::size_t>(first_upsert - changes.begin()));
  const auto upserts = changes.subspan(removes.size());
  if (rules.soft_deletes) {
    RETURN_IF_ERROR(delete_softly(port_, collection_, removes, repeat_));
    return upsert(upserts);
  }
  RETURN_IF_ERROR(look_up_before(upserts));
  RETURN_IF_ERROR(bury(removes));
  RETURN_IF_ERROR(upsert(upserts));
  return look_up_after(upserts);
}

// Only what the batch meets is asked for: the collection may hold any number of others.
Result<void> GuardedBatch::refuse_foreign(std::span<const BatchChange> changes) {
  std::vector<const StoredKey*> keys;
  keys.reserve(changes.size());
  for (const BatchChange& change : changes) keys.push_back(&change.change->key);
  if (keys.empty()) return {};
  ASSIGN_OR_RETURN(const StoredVersions found, find_versions(port_, collection_.documents, keys));
  const bool met = std::any_of(found.begin(), found.end(), [](const auto& entry) { return entry.second.is_foreign; });
  return met ? foreign_document(collection_.documents) : Result<void>{};
}

// A change of unknown time is as old as can be.
bool GuardedBatch::is_old(const Change& change) {
  if (!change.version) return true;
  const std::int64_t now = port_.now().time_since_epoch().count();
  return change.version->t < now - std::chrono::microseconds(times_.settle_after / 4).count();
}

// The settle pass for an old change's tombstone may be over: a process that died between writing and looking up would
// leave it for ever.
Result<void> GuardedBatch::look_up_before(std::span<BatchChange> upserts) {
  std::vector<BatchChange*> old;
  for (BatchChange& change : upserts) {
    if (is_old(*change.change)) old.push_back(&change);
  }
  if (old.empty()) return {};
  ASSIGN_OR_RETURN(const StoredVersions tombstones, find_versions(port_, collection_.tombstones, keys_of(old)));
  for (const Buried& one : buried_of(old, tombstones)) one.change->verdict = Verdict::stale;
  return {};
}

// The tombstone comes first: whoever writes the document after the delete finds it.
Result<void> GuardedBatch::bury(std::span<BatchChange> removes) {
  if (removes.empty()) return {};
  RETURN_IF_ERROR(raise_tombstones(port_, collection_.tombstones, times_, removes, repeat_));
  std::vector<GuardedRemoval> removals;
  removals.reserve(removes.size());
  for (const BatchChange& change : removes) removals.push_back({&change.change->key, &*change.change->version});
  return remove_not_newer(port_, collection_.documents, removals);
}

Result<void> GuardedBatch::upsert(std::span<BatchChange> upserts) {
  written_.clear();
  std::vector<GuardedWrite> writes;
  std::vector<std::string> marked;  // views into them last
  marked.reserve(upserts.size());
  for (BatchChange& change : upserts) {
    if (change.verdict != Verdict::open) continue;
    const Change& made = *change.change;
    writes.push_back({&made.key, made.version ? &*made.version : nullptr, made.document});
    written_.push_back(&change);
    // Else what this wrote could not be told from what `existing: refuse` refuses.
    if (made.version || !collection_.documents.refuse_foreign) continue;
    marked.push_back(with_metadata_field(made.document, collection_.documents.metadata));
    writes.back().document = marked.back();
  }
  if (writes.empty()) return {};
  RETURN_IF_ERROR(write_guarded(port_, collection_.documents, writes));
  for (std::size_t i = 0; i < writes.size(); ++i) {
    written_[i]->verdict = verdict_of(writes[i].outcome, repeat_);
    if (written_[i]->verdict == Verdict::refused) written_[i]->cause = cause_of_refusal(writes[i].code);
    if (written_[i]->verdict == Verdict::waiting) written_[i]->cause = cause_of_waiting(writes[i].index);
  }
  return {};
}

// Those that are stale are looked up, too: an earlier try of this batch may have written them.
Result<void> GuardedBatch::look_up_after(std::span<BatchChange> upserts) {
  if (upserts.empty()) return {};
  const std::vector<BatchChange*> all = all_of(upserts);
  ASSIGN_OR_RETURN(const StoredVersions tombstones, find_versions(port_, collection_.tombstones, keys_of(all)));
  const std::vector<Buried> buried = buried_of(all, tombstones);
  RETURN_IF_ERROR(remove_buried(port_, collection_.documents, buried));
  for (const Buried& one : buried) {
    one.change->verdict = Verdict::stale;
    one.change->cause.clear();
  }
  return {};
}

}  // namespace dynatlas
