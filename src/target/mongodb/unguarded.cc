// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/unguarded.h"

namespace dynatlas {

namespace {

using Verdict = BatchChange::Verdict;

Result<void> replace(DeadlinePort& port, const Guarded& documents, const std::vector<BatchChange*>& upserts,
                     const std::vector<std::string>& filters) {
  std::vector<UpdateStatement> statements;
  statements.reserve(upserts.size());
  for (std::size_t i = 0; i < upserts.size(); ++i)
    statements.push_back({filters[i], upserts[i]->change->document, true});
  ASSIGN_OR_RETURN(const WriteReply reply, port.update(documents.name, statements));
  for (BatchChange* change : upserts) change->verdict = Verdict::upserted;
  for (const StatementFault& fault : reply.faults) {
    BatchChange& change = *upserts[fault.index];
    RETURN_IF_ERROR(take_fault(fault, documents, change));
    if (change.verdict != Verdict::open) continue;
    if (duplicate_of(fault, documents) == DuplicateOf::key)
      return retry(documents.name.text() + ": two writers inserted one key at once");
    // The server itself repeats an upsert by equality that met a duplicate of its own key: it is another index's.
    change = {change.change, Verdict::waiting, cause_of_waiting(fault.index_name)};
  }
  return {};
}

Result<void> remove(DeadlinePort& port, const Guarded& documents, const std::vector<BatchChange*>& removes,
                    const std::vector<std::string>& filters) {
  std::vector<DeleteStatement> statements;
  statements.reserve(removes.size());
  for (const std::string& filter : filters) statements.push_back({filter});
  ASSIGN_OR_RETURN(const WriteReply reply, port.remove(documents.name, statements));
  RETURN_IF_ERROR(all_done(reply, documents.name));
  for (BatchChange* change : removes) change->verdict = Verdict::removed;
  return {};
}

}  // namespace

Result<void> apply_unguarded(DeadlinePort& port, const Guarded& documents, std::span<BatchChange> changes) {
  std::vector<BatchChange*> of[2];  // removes, upserts
  std::vector<std::string> filters[2];
  for (BatchChange& change : changes) {
    const std::size_t which = change.change->operation == Record::Operation::upsert ? 1 : 0;
    of[which].push_back(&change);
    filters[which].push_back(documents.filter(change.change->key).any());
  }
  if (!of[0].empty()) RETURN_IF_ERROR(remove(port, documents, of[0], filters[0]));
  return of[1].empty() ? Result<void>{} : replace(port, documents, of[1], filters[1]);
}

}  // namespace dynatlas
