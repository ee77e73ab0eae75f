// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/mongo_letters.h"

#include "target/mongodb/filters.h"
#include "target/mongodb/guarded.h"
#include "target/mongodb/parking.h"
#include "target/stored_document.h"

namespace dynatlas {

namespace {

// Of one page, or one write.
constexpr auto call_max = std::chrono::minutes(2);

// {_id: {comparison: id}}
std::string ids_filter(std::string_view comparison, const std::string& id) {
  Buffer out;
  OpenDocument filter(out);
  begin_element(out, BsonType::document, "_id");
  OpenDocument condition(out);
  append_string_element(out, comparison, id);
  condition.close();
  filter.close();
  return std::string(out.view());
}

}  // namespace

MongoLetters::MongoLetters(std::unique_ptr<MongoPort> port, Clock& clock, const MongoLettersOptions& options)
    : port_(std::move(port)),
      clock_(clock),
      letters_(letters_in(options.state_database)),
      persistence_(clock, options.patience, options.seed),
      dry_run_(options.dry_run) {}

template <class Work>
Result<void> MongoLetters::run(Work work) {
  return persistence_.run([&]() -> Result<void> {
    port_->begin_session();
    DeadlinePort port(*port_, clock_, call_max);
    return work(port);
  });
}

Result<std::vector<StoredLetter>> MongoLetters::read(const std::string& filter) {
  std::vector<StoredLetter> letters;
  const auto work = [&](DeadlinePort& port) -> Result<void> {
    letters.clear();
    ASSIGN_OR_RETURN(std::vector<std::string> found,
                     port.find_first(letters_, filter, ones({"_id"}), dead_letters_page_max));
    for (std::string& letter : found) {
      const auto id = id_of(letter);
      if (!id || id->type != BsonType::string) return fatal(letters_.text() + ": the server's answer makes no sense");
      std::string text(string_text(id->value));
      letters.push_back({std::move(text), std::move(letter)});
    }
    return {};
  };
  RETURN_IF_ERROR(run(work));
  return letters;
}

Result<std::vector<StoredLetter>> MongoLetters::page(const std::optional<std::string>& after) {
  return read(after ? ids_filter("$gt", *after) : ids_filter("$gte", ""));
}

Result<std::optional<StoredLetter>> MongoLetters::find(const std::string& id) {
  ASSIGN_OR_RETURN(std::vector<StoredLetter> found, read(id_filter(id).any()));
  return found.empty() ? std::optional<StoredLetter>() : std::move(found.front());
}

Result<void> MongoLetters::drop(std::span<const std::string> ids) {
  if (dry_run_ || ids.empty()) return {};
  std::vector<std::string> filters;
  filters.reserve(ids.size());
  for (const std::string& id : ids) filters.push_back(id_filter(id).any());
  std::vector<DeleteStatement> statements;
  statements.reserve(filters.size());
  for (const std::string& filter : filters) statements.push_back({filter});
  return run([&](DeadlinePort& port) -> Result<void> {
    ASSIGN_OR_RETURN(const WriteReply reply, port.remove(letters_, statements));
    return all_done(reply, letters_);
  });
}

Result<void> MongoLetters::count_attempt(const std::string& id) {
  if (dry_run_) return {};
  return run([&](DeadlinePort& port) { return count_attempts(port, letters_, id, 1); });
}

}  // namespace dynatlas
