// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/dry_run.h"

#include "target/coalesce.h"
#include "target/mongodb/collection.h"

namespace dynatlas {

namespace {

constexpr auto batch_max = std::chrono::minutes(2);

// What stands there once the change has done what the verdict says.
void change_standing(const Change& change, const Verdict& verdict, Standing& standing) {
  if (verdict.raises_tombstone) standing.tombstone = change.version;
  if (verdict.deletes) {
    standing.has_document = false;
    standing.version.reset();
  }
  if (verdict.writes) {
    standing.has_document = true;
    standing.is_foreign = false;
    standing.version = change.version;
  }
}

}  // namespace

Result<void> MongoDryRun::open(DeadlinePort& port, const Change& change) {
  auto found = collections_.find(change.destination);
  if (found == collections_.end()) {
    ASSIGN_OR_RETURN(MongoCollection opened, look_at_collection(port, change));
    found = collections_.emplace(change.destination, Collection{std::move(opened), {}}).first;
  }
  return check_kind(port, found->second.opened, change, KindMode::dry_run);
}

Result<void> MongoDryRun::read(DeadlinePort& port, Collection& collection, const std::vector<const StoredKey*>& keys) {
  ASSIGN_OR_RETURN(const StoredVersions documents, find_versions(port, collection.opened.documents, keys));
  ASSIGN_OR_RETURN(const StoredVersions tombstones, find_versions(port, collection.opened.tombstones, keys));
  for (const StoredKey* key : keys) {
    Standing& standing = collection.standing[*key];
    if (const auto document = documents.find(*key); document != documents.end()) {
      standing.has_document = true;
      standing.is_foreign = document->second.is_foreign;
      standing.version = document->second.version;
    }
    if (const auto tombstone = tombstones.find(*key); tombstone != tombstones.end())
      standing.tombstone = tombstone->second.version;
  }
  return {};
}

Result<void> MongoDryRun::count(const Change& change, Applied& applied) {
  Collection& collection = collections_.at(change.destination);
  Standing& standing = collection.standing.at(change.key);
  if (standing.is_foreign && collection.opened.documents.refuse_foreign)
    return foreign_document(collection.opened.documents);
  const Verdict verdict = verdict_of(change, standing);
  const bool is_upsert = change.operation == Record::Operation::upsert;
  ++(!verdict.counts ? applied.stale : is_upsert ? applied.upserted : applied.removed);
  change_standing(change, verdict, standing);
  return {};
}

Result<Applied> MongoDryRun::apply(std::span<const Change> changes) {
  Applied applied;
  std::vector<const Change*> chosen;
  const auto look = [&]() -> Result<void> {
    port_->begin_session();
    DeadlinePort port(*port_, clock_, batch_max);
    for (const Change& change : changes) RETURN_IF_ERROR(open(port, change));
    applied = {};
    chosen = coalesce(changes, applied);
    std::map<const Destination*, std::vector<const StoredKey*>> unknown;
    for (const Change* change : chosen) {
      if (!collections_.at(change->destination).standing.contains(change->key))
        unknown[change->destination].push_back(&change->key);
    }
    for (const auto& [destination, keys] : unknown) RETURN_IF_ERROR(read(port, collections_.at(destination), keys));
    return {};
  };
  RETURN_IF_ERROR(persistence_.run(look));
  for (const Change* change : chosen) RETURN_IF_ERROR(count(*change, applied));
  return applied;
}

Result<void> MongoDryRun::park(std::span<const ParkedRecord> /*records*/) { return {}; }

}  // namespace dynatlas
