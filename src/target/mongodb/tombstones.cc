// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/tombstones.h"

#include "base/digest.h"
#include "target/stored_document.h"

namespace dynatlas {

namespace {

// A namespace's length in bytes (MongoDB manual, "Limits and Thresholds").
constexpr std::size_t namespace_bytes_max = 255;

std::int64_t milliseconds(Clock::Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string tombstone_of(const Change& change, const GuardTimes& times, Clock::Time now) {
  Buffer out;
  OpenDocument tombstone(out);
  append_element(out, change.key.type, "_id", change.key.value);
  append_int64(out, "t", change.version->t);
  append_string_element(out, "s", change.version->s);
  append_date(out, "settle_at", milliseconds(now + times.settle_after));
  append_date(out, "expire_at", milliseconds(now + times.tombstone_life));
  tombstone.close();
  return std::string(out.view());
}

std::string due_filter(Clock::Time now) {
  Buffer out;
  OpenDocument filter(out);
  begin_element(out, BsonType::document, "settle_at");
  OpenDocument condition(out);
  append_date(out, "$lte", milliseconds(now));
  condition.close();
  filter.close();
  return std::string(out.view());
}

// The tombstone as it was read: one that was raised since settles later.
std::string same_tombstone(std::string_view tombstone) {
  Buffer out;
  OpenDocument filter(out);
  BsonReader reader(elements_of(tombstone));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name != "expire_at") append_element(out, element.type, element.name, element.value);
  }
  filter.close();
  return std::string(out.view());
}

std::string without_settle_at() {
  Buffer out;
  OpenDocument update(out);
  begin_element(out, BsonType::document, "$unset");
  OpenDocument fields(out);
  append_string_element(out, "settle_at", "");
  fields.close();
  update.close();
  return std::string(out.view());
}

Result<void> mark_settled(DeadlinePort& port, const Guarded& tombstones, const std::vector<std::string>& settled) {
  std::vector<std::string> filters;
  filters.reserve(settled.size());
  for (const std::string& tombstone : settled) filters.push_back(same_tombstone(tombstone));
  const std::string update = without_settle_at();
  std::vector<UpdateStatement> statements;
  statements.reserve(filters.size());
  for (const std::string& filter : filters) statements.push_back({filter, update, false});
  ASSIGN_OR_RETURN(const WriteReply reply, port.update(tombstones.name, statements));
  return all_done(reply, tombstones.name);
}

}  // namespace

std::string tombstones_name(const CollectionName& documents) {
  const std::string name = "dynatlas.tombstones." + documents.collection;
  const bool fits = documents.database.size() + 1 + name.size() <= namespace_bytes_max;
  return fits ? name : "dynatlas.tombstones." + sha256_hex(documents.collection);
}

Result<void> raise_tombstones(DeadlinePort& port, const Guarded& tombstones, const GuardTimes& times,
                              std::span<BatchChange> removes, bool repeat) {
  const Clock::Time now = port.now();
  std::vector<std::string> documents;
  std::vector<GuardedWrite> writes;
  documents.reserve(removes.size());
  writes.reserve(removes.size());
  for (const BatchChange& change : removes) {
    documents.push_back(tombstone_of(*change.change, times, now));
    writes.push_back({&change.change->key, &*change.change->version, documents.back()});
  }
  RETURN_IF_ERROR(write_guarded(port, tombstones, writes));
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const GuardedWrite::Outcome outcome = writes[i].outcome;
    const std::string unfit = outcome == GuardedWrite::Outcome::refused   ? cause_of_refusal(writes[i].code)
                              : outcome == GuardedWrite::Outcome::waiting ? cause_of_waiting(writes[i].index)
                                                                          : "";
    if (!unfit.empty()) return fatal(tombstones.name.text() + ": a tombstone could not be written: " + unfit);
    const bool raised =
        outcome == GuardedWrite::Outcome::written || (repeat && outcome == GuardedWrite::Outcome::equal);
    removes[i].verdict = raised ? BatchChange::Verdict::removed : BatchChange::Verdict::stale;
  }
  return {};
}

Result<std::int64_t> settle_tombstones(DeadlinePort& port, const MongoCollection& collection) {
  ASSIGN_OR_RETURN(
      const std::vector<std::string> due,
      port.find_first(collection.tombstones.name, due_filter(port.now()), ones({"settle_at"}), settled_at_once_max));
  if (due.empty()) return std::int64_t{0};
  std::vector<StoredKey> keys;
  std::vector<std::optional<Version>> versions;
  std::vector<GuardedRemoval> removals;
  keys.reserve(due.size());
  versions.reserve(due.size());
  for (const std::string& tombstone : due) {
    ASSIGN_OR_RETURN(keys.emplace_back(), key_of_document(tombstone, {}));
    versions.push_back(version_in(tombstone));
    if (versions.back()) removals.push_back({&keys.back(), &*versions.back()});
  }
  RETURN_IF_ERROR(remove_not_newer(port, collection.documents, removals));
  RETURN_IF_ERROR(mark_settled(port, collection.tombstones, due));
  return static_cast<std::int64_t>(due.size());
}

}  // namespace dynatlas
