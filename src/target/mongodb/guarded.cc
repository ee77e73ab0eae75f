// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/guarded.h"

#include <fmt/format.h>

#include <algorithm>

#include "target/mongodb/server_codes.h"
#include "target/stored_document.h"

namespace dynatlas {

namespace {

// Keys of one find: a command is 16 MiB at most.
constexpr std::size_t find_bytes_max = 8 * 1024 * 1024;

// How often an upsert meets a duplicate key while nothing newer is there before the batch gives up and is repeated.
// Each round somebody else's write came in between.
constexpr int rounds_max = 10;

// A server that does not say which index a duplicate is of gets so many rounds before it must be another than the
// key's.
constexpr int rounds_of_unknown_index = 3;

std::size_t keys_that_fit(std::span<const StoredKey* const> keys) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < keys.size() && bytes < find_bytes_max) bytes += keys[count++]->value.size() + 16;
  return count;
}

Result<void> add_version(std::string_view document, const Guarded& guarded, StoredVersions& versions) {
  ASSIGN_OR_RETURN(StoredKey key, key_of_document(document, guarded.key_fields));
  StoredVersion found;
  if (guarded.metadata.empty()) {
    found.version = version_in(document);
  } else {
    ASSIGN_OR_RETURN(StoredState state, stored_state(document, guarded.metadata));
    found.is_foreign = !state.has_metadata;
    found.version = std::move(state.version);
  }
  versions.emplace(std::move(key), std::move(found));
  return {};
}

class GuardedWrites {
 public:
  GuardedWrites(DeadlinePort& port, const Guarded& guarded, std::span<GuardedWrite> writes)
      : port_(port), guarded_(guarded), writes_(writes) {}

  Result<void> run() {
    prepare();
    for (int round = 1; !open_.empty(); ++round) {
      if (round > rounds_max)
        return retry(fmt::format("{}: other writers changed the same keys {} times while they were written",
                                 guarded_.name.text(), rounds_max));
      RETURN_IF_ERROR(send());
      RETURN_IF_ERROR(inspect(round));
    }
    return {};
  }

 private:
  struct Duplicate {
    GuardedWrite* write;
    DuplicateOf of;
    std::string index;
  };

  void prepare() {
    const VersionPlace place = guarded_.place();
    OlderFilters older(place, guarded_.by_fields, guarded_.refuse_foreign ? guarded_.metadata : "");
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      const GuardedWrite& write = writes_[i];
      filter_begins_.push_back(filters_.size());
      if (write.version == nullptr) {
        filters_.append(guarded_.filter(*write.key).none(place));
      } else {
        older.append(filters_, *write.key, *write.version);
      }
      open_.push_back(i);
    }
    filter_begins_.push_back(filters_.size());
  }

  std::string_view filter_of(std::size_t i) const {
    return filters_.view().substr(filter_begins_[i], filter_begins_[i + 1] - filter_begins_[i]);
  }

  Result<void> send() {
    std::vector<UpdateStatement> statements;
    statements.reserve(open_.size());
    for (const std::size_t i : open_) statements.push_back({filter_of(i), writes_[i].document, true});
    ASSIGN_OR_RETURN(const WriteReply reply, port_.update(guarded_.name, statements));
    for (const std::size_t i : open_) writes_[i].outcome = GuardedWrite::Outcome::written;
    duplicates_.clear();
    Result<void> taken;
    for (const StatementFault& fault : reply.faults) {
      if (auto one = take(fault, writes_[open_[fault.index]]); !one && taken) taken = std::move(one);
    }
    return taken;
  }

  Result<void> take(const StatementFault& fault, GuardedWrite& write) {
    write.outcome = GuardedWrite::Outcome::open;
    switch (class_of(fault.code)) {
      case CodeClass::duplicate_key:
        duplicates_.push_back({&write, duplicate_of(fault, guarded_), fault.index_name});
        return {};
      case CodeClass::document:
        write.outcome = GuardedWrite::Outcome::refused;
        write.code = fault.code;
        return {};
      default:
        return error_of(fault, guarded_.name);
    }
  }

  // Decides what met a duplicate key; what stays open is sent again.
  Result<void> inspect(int round) {
    open_.clear();
    if (duplicates_.empty()) return {};
    std::vector<const StoredKey*> keys;
    keys.reserve(duplicates_.size());
    for (const Duplicate& duplicate : duplicates_) keys.push_back(duplicate.write->key);
    ASSIGN_OR_RETURN(const StoredVersions found, find_versions(port_, guarded_, keys));
    for (const Duplicate& duplicate : duplicates_) {
      RETURN_IF_ERROR(decide(duplicate, found, round));
      if (duplicate.write->outcome == GuardedWrite::Outcome::open)
        open_.push_back(static_cast<std::size_t>(duplicate.write - writes_.data()));
    }
    return {};
  }

  Result<void> decide(const Duplicate& duplicate, const StoredVersions& versions, int round) const {
    GuardedWrite& write = *duplicate.write;
    const auto found = versions.find(*write.key);
    if (found != versions.end()) {
      if (found->second.is_foreign && guarded_.refuse_foreign) return foreign_document(guarded_);
      write.outcome = compare(write.version, found->second.version);
      if (write.outcome != GuardedWrite::Outcome::open) return {};
    }
    const bool other = duplicate.of == DuplicateOf::other ||
                       (duplicate.of == DuplicateOf::unknown && round >= rounds_of_unknown_index);
    if (other) {
      write.outcome = GuardedWrite::Outcome::waiting;
      write.index = duplicate.index;
    }
    return {};
  }

  static GuardedWrite::Outcome compare(const Version* ours, const std::optional<Version>& theirs) {
    if (ours == nullptr) return theirs ? GuardedWrite::Outcome::stale : GuardedWrite::Outcome::equal;
    if (!theirs || is_older(*theirs, *ours)) return GuardedWrite::Outcome::open;
    return *theirs == *ours ? GuardedWrite::Outcome::equal : GuardedWrite::Outcome::stale;
  }

  DeadlinePort& port_;
  const Guarded& guarded_;
  std::span<GuardedWrite> writes_;
  Buffer filters_;                          // one behind the other
  std::vector<std::size_t> filter_begins_;  // of each, and the end of the last
  std::vector<std::size_t> open_;           // positions in writes_
  std::vector<Duplicate> duplicates_;
};

}  // namespace

Result<StoredVersions> find_versions(DeadlinePort& port, const Guarded& guarded,
                                     std::span<const StoredKey* const> keys) {
  std::vector<std::string> fields = guarded.key_fields;
  fields.emplace_back("_id");
  if (guarded.metadata.empty()) {
    fields.insert(fields.end(), {"t", "s"});
  } else {
    fields.push_back(guarded.metadata);
  }
  const std::string projection = ones(fields);
  StoredVersions versions;
  while (!keys.empty()) {
    const std::size_t count = keys_that_fit(keys);
    ASSIGN_OR_RETURN(const std::vector<std::string> documents,
                     port.find(guarded.name, keys_filter(keys.first(count), guarded.by_fields), projection));
    for (const std::string& document : documents) {
      if (auto added = add_version(document, guarded, versions); !added)
        return fatal(guarded.name.text() + ": " + added.error().message);
    }
    keys = keys.subspan(count);
  }
  return versions;
}

Error foreign_document(const Guarded& guarded) {
  return fatal(
      fmt::format("{}: holds a document without metadata, which `existing: refuse` does not let dynatlas replace; say "
                  "`existing: take`, or use a new collection",
                  guarded.name.text()));
}

Result<void> write_guarded(DeadlinePort& port, const Guarded& guarded, std::span<GuardedWrite> writes) {
  return GuardedWrites(port, guarded, writes).run();
}

Result<void> remove_not_newer(DeadlinePort& port, const Guarded& guarded, std::span<const GuardedRemoval> removals) {
  if (removals.empty()) return {};
  std::vector<std::string> filters;
  filters.reserve(removals.size());
  for (const GuardedRemoval& removal : removals) {
    std::string filter = guarded.filter(*removal.key).not_newer(guarded.place(), *removal.version);
    if (guarded.refuse_foreign) filter = and_holds_document(filter, guarded.metadata);
    filters.push_back(std::move(filter));
  }
  std::vector<DeleteStatement> statements;
  statements.reserve(filters.size());
  for (const std::string& filter : filters) statements.push_back({filter});
  ASSIGN_OR_RETURN(const WriteReply reply, port.remove(guarded.name, statements));
  return all_done(reply, guarded.name);
}

DuplicateOf duplicate_of(const StatementFault& fault, const Guarded& guarded) {
  std::vector<std::string> fields = fault.index_fields;
  std::vector<std::string> key = guarded.by_fields ? guarded.key_fields : std::vector<std::string>{"_id"};
  std::sort(fields.begin(), fields.end());
  std::sort(key.begin(), key.end());
  if (!fields.empty()) return fields == key ? DuplicateOf::key : DuplicateOf::other;
  if (fault.index_name == "_id_" && !guarded.by_fields) return DuplicateOf::key;
  return DuplicateOf::unknown;
}

Result<void> all_done(const WriteReply& reply, const CollectionName& name) {
  return reply.faults.empty() ? Result<void>{} : error_of(reply.faults.front(), name);
}

Error error_of(const StatementFault& fault, const CollectionName& name) {
  const CodeClass what = class_of(fault.code);
  const std::string message = fmt::format("{}: MongoDB answered {}", name.text(), describe_code(fault.code));
  const bool again = what == CodeClass::retry || what == CodeClass::unknown;
  return again ? retry(message) : fatal(message + "; see docs/mongodb.md, \"What the server's errors become\"");
}

}  // namespace dynatlas
