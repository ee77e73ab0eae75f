// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/soft_deletes.h"

#include <fmt/format.h>

namespace dynatlas {

namespace {

using Verdict = BatchChange::Verdict;

// As guarded.cc has it: each round somebody else's write came in between.
constexpr int rounds_max = 10;

void append_mark(Buffer& out, const Version& version, const std::string& before) {
  append_int64(out, before + "t", version.t);
  append_string_element(out, before + "s", version.s);
  append_bool(out, before + "deleted", true);
}

void append_marked_field(Buffer& out, const Version& version, const std::string& metadata) {
  begin_element(out, BsonType::document, metadata);
  OpenDocument fields(out);
  append_mark(out, version, "");
  fields.close();
}

// Sets the three fields of the metadata, or, where that is no document, all of it.
std::string mark(const Version& version, const std::string& metadata, bool has_metadata) {
  Buffer out;
  OpenDocument update(out);
  begin_element(out, BsonType::document, "$set");
  OpenDocument set(out);
  has_metadata ? append_mark(out, version, metadata + ".") : append_marked_field(out, version, metadata);
  set.close();
  update.close();
  return std::string(out.view());
}

// What stands for a document that was never there.
std::string marked_key(const Change& change, const Guarded& documents) {
  Buffer out;
  OpenDocument document(out);
  if (!documents.by_fields) append_element(out, change.key.type, "_id", change.key.value);
  out.append(change.key_fields);
  append_marked_field(out, *change.version, documents.metadata);
  document.close();
  return std::string(out.view());
}

class SoftDeletes {
 public:
  SoftDeletes(DeadlinePort& port, const Guarded& documents, bool repeat)
      : port_(port), documents_(documents), repeat_(repeat) {}

  Result<void> run(std::span<BatchChange> removes) {
    for (BatchChange& change : removes) open_.push_back(&change);
    for (int round = 0; !open_.empty(); ++round) {
      if (round == rounds_max)
        return retry(fmt::format("{}: other writers changed the same keys {} times while they were marked",
                                 documents_.name.text(), rounds_max));
      RETURN_IF_ERROR(look(round != 0 || repeat_));
      if (!open_.empty()) RETURN_IF_ERROR(send());
    }
    return {};
  }

 private:
  struct Statement {
    std::string filter;
    std::string update;
    bool inserts = false;
  };

  // Takes out what is done; `sent`: an equal version may be our own mark.
  Result<void> look(bool sent) {
    std::vector<const StoredKey*> keys;
    for (const BatchChange* change : open_) keys.push_back(&change->change->key);
    ASSIGN_OR_RETURN(const StoredVersions found, find_versions(port_, documents_, keys));
    statements_.clear();
    std::vector<BatchChange*> still_open;
    for (BatchChange* change : open_) {
      const auto there = found.find(change->change->key);
      const StoredVersion* stored = there == found.end() ? nullptr : &there->second;
      if (stored != nullptr && stored->is_foreign && documents_.refuse_foreign) return foreign_document(documents_);
      const Version& ours = *change->change->version;
      if (stored != nullptr && stored->version && !is_older(*stored->version, ours)) {
        change->verdict = sent && *stored->version == ours ? Verdict::removed : Verdict::stale;
        continue;
      }
      statements_.push_back(statement(*change->change, stored));
      still_open.push_back(change);
    }
    open_ = std::move(still_open);
    return {};
  }

  Statement statement(const Change& change, const StoredVersion* stored) const {
    const KeyFilter filter = documents_.filter(change.key);
    if (stored == nullptr) return {filter.none(documents_.place()), marked_key(change, documents_), true};
    const std::string older = filter.older(documents_.place(), *change.version);
    const bool has_metadata = !stored->is_foreign;
    return {has_metadata ? and_holds_document(older, documents_.metadata)
                         : and_holds_no_document(older, documents_.metadata),
            mark(*change.version, documents_.metadata, has_metadata), false};
  }

  // What was marked, and what was not, the next look says, unless all of it was.
  Result<void> send() {
    std::vector<UpdateStatement> statements;
    statements.reserve(statements_.size());
    for (const Statement& made : statements_) statements.push_back({made.filter, made.update, made.inserts});
    ASSIGN_OR_RETURN(const WriteReply reply, port_.update(documents_.name, statements));
    for (const StatementFault& fault : reply.faults)
      RETURN_IF_ERROR(take_fault(fault, documents_, *open_[fault.index]));
    const bool all = reply.faults.empty() && reply.matched + reply.inserted == open_.size();
    std::vector<BatchChange*> still_open;
    for (BatchChange* change : open_) {
      if (all) change->verdict = Verdict::removed;
      if (change->verdict == Verdict::open) still_open.push_back(change);
    }
    open_ = std::move(still_open);
    return {};
  }

  DeadlinePort& port_;
  const Guarded& documents_;
  bool repeat_;
  std::vector<BatchChange*> open_;
  std::vector<Statement> statements_;  // one for each of open_
};

}  // namespace

Result<void> delete_softly(DeadlinePort& port, const MongoCollection& collection, std::span<BatchChange> removes,
                           bool repeat) {
  return removes.empty() ? Result<void>{} : SoftDeletes(port, collection.documents, repeat).run(removes);
}

}  // namespace dynatlas
