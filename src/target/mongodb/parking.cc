// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/parking.h"

#include <map>

#include "target/dead_letter.h"
#include "target/mongodb/guarded.h"
#include "target/mongodb/server_codes.h"
#include "target/mongodb/tombstones.h"

namespace dynatlas {

namespace {

// {$inc: {attempts: times}}
std::string more_attempts(std::int32_t times) {
  Buffer out;
  OpenDocument update(out);
  begin_element(out, BsonType::document, "$inc");
  OpenDocument fields(out);
  append_int32(out, "attempts", times);
  fields.close();
  update.close();
  return std::string(out.view());
}

Result<std::optional<Version>> tombstone_of(DeadlinePort& port, const ParkedRecord& record) {
  if (record.destination == nullptr || !record.key) return std::optional<Version>();
  const CollectionName documents{record.destination->database, record.destination->collection};
  Guarded tombstones;
  tombstones.name = {documents.database, tombstones_name(documents)};
  const StoredKey* const key = &*record.key;
  ASSIGN_OR_RETURN(const StoredVersions found, find_versions(port, tombstones, std::span(&key, 1)));
  return found.empty() ? std::optional<Version>() : found.begin()->second.version;
}

// Whether it was inserted; false where one of its id was there.
Result<bool> insert(DeadlinePort& port, const CollectionName& letters, const std::string& id,
                    const std::string& letter) {
  const std::string filter = id_filter(id).none(VersionPlace::on_top());
  ASSIGN_OR_RETURN(const WriteReply reply, port.update(letters, std::vector{UpdateStatement{filter, letter, true}}));
  if (reply.faults.empty()) return true;
  if (class_of(reply.faults[0].code) == CodeClass::duplicate_key) return false;
  return error_of(reply.faults[0], letters);
}

}  // namespace

Result<void> count_attempts(DeadlinePort& port, const CollectionName& letters, const std::string& id,
                            std::int32_t times) {
  if (times == 0) return {};
  const std::string filter = id_filter(id).any();
  const std::string update = more_attempts(times);
  ASSIGN_OR_RETURN(const WriteReply reply, port.update(letters, std::vector{UpdateStatement{filter, update, false}}));
  return all_done(reply, letters);
}

Result<void> park_records(DeadlinePort& port, const CollectionName& letters, std::span<const ParkedRecord> records) {
  std::map<std::string, std::pair<const ParkedRecord*, std::int32_t>> by_id;  // the first of an id, and how many
  for (const ParkedRecord& record : records) ++by_id.try_emplace(record.id, &record, 0).first->second.second;
  const std::int64_t at = std::chrono::floor<std::chrono::milliseconds>(port.now().time_since_epoch()).count();
  for (const auto& [id, first] : by_id) {
    const auto& [record, times] = first;
    ASSIGN_OR_RETURN(const std::optional<Version> tombstone, tombstone_of(port, *record));
    ASSIGN_OR_RETURN(const bool inserted, insert(port, letters, id, dead_letter(*record, tombstone, at)));
    RETURN_IF_ERROR(count_attempts(port, letters, id, inserted ? times - 1 : times));
  }
  return {};
}

}  // namespace dynatlas
