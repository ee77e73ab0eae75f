// SPDX-License-Identifier: Apache-2.0
#include "target/dump/dump_letters.h"

#include "target/dead_letter.h"
#include "target/dump/export.h"

namespace dynatlas {

Result<std::vector<StoredLetter>> DumpLetters::page(const std::optional<std::string>& after) {
  const std::string_view sql = after ? "SELECT id, document FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?"
                                     : "SELECT id, document FROM dead_letters WHERE id >= ? ORDER BY id LIMIT ?";
  ASSIGN_OR_RETURN(Statement select, Statement::prepare(database_, sql));
  select.bind_text(1, after ? std::string_view(*after) : "");
  select.bind(2, dead_letters_page_max);
  std::vector<StoredLetter> letters;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, select.step());
    if (!more) return letters;
    letters.push_back({std::string(select.bytes(0)), std::string(select.bytes(1))});
  }
}

Result<std::optional<StoredLetter>> DumpLetters::find(const std::string& id) {
  ASSIGN_OR_RETURN(Statement select, Statement::prepare(database_, "SELECT document FROM dead_letters WHERE id = ?"));
  select.bind_text(1, id);
  ASSIGN_OR_RETURN(const bool exists, select.step());
  if (!exists) return std::optional<StoredLetter>();
  return StoredLetter{id, std::string(select.bytes(0))};
}

Result<void> DumpLetters::drop(std::span<const std::string> ids) {
  if (ids.empty()) return {};
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  ASSIGN_OR_RETURN(Statement remove, Statement::prepare(database_, "DELETE FROM dead_letters WHERE id = ?"));
  for (const std::string& id : ids) {
    remove.bind_text(1, id);
    RETURN_IF_ERROR(remove.run());
  }
  return transaction.commit();
}

Result<void> DumpLetters::count_attempt(const std::string& id) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  ASSIGN_OR_RETURN(const std::optional<StoredLetter> letter, find(id));
  if (!letter) return {};
  const std::string counted = tried_again(letter->bson);
  ASSIGN_OR_RETURN(Statement write, Statement::prepare(database_, "UPDATE dead_letters SET document = ? WHERE id = ?"));
  write.bind_blob(1, counted);
  write.bind_text(2, id);
  RETURN_IF_ERROR(write.run());
  return transaction.commit();
}

Result<void> DumpLetters::finish() {
  return mode_ == Mode::dry_run ? Result<void>{} : export_parked(database_, folder_);
}

}  // namespace dynatlas
