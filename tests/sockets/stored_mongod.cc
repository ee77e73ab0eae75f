// SPDX-License-Identifier: Apache-2.0
#include "sockets/stored_mongod.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/bson.h"
#include "simulation/value.h"
#include "support/target_contract.h"

namespace dynatlas {

namespace {

using simulation::StepResult;
using simulation::Write;

// Both writers are on their way, so this only keeps a test that is wrong from waiting for ever.
constexpr std::chrono::seconds meeting_max{10};

CollectionName name_in(const FakeCommand& command) {
  return {std::string(string_text(find_element(command.body, "$db")->value)),
          std::string(string_text(find_element(command.body, command.name)->value))};
}

std::string document_in(std::string_view document, std::string_view name) {
  const auto found = find_element(document, name);
  return found ? std::string(found->value) : std::string();
}

Write write_in(const FakeCommand& command, std::string_view statement) {
  Write write{Write::Kind::remove, document_in(statement, "q"), document_in(statement, "u")};
  if (command.name == "update")
    write.kind = find_element(statement, "upsert") ? Write::Kind::upsert : Write::Kind::update;
  return write;
}

// The version that a write carries: `t` in its metadata, or on its top.
std::int64_t version_of(const Write& write) {
  const auto metadata = find_element(write.update, "_dynatlas");
  const auto t = find_element(metadata ? metadata->value : std::string_view(write.update), "t");
  return t ? load_little_endian<std::int64_t>(t->value) : 0;
}

std::string fault_json(std::size_t index, const StepResult& result) {
  std::string fields;
  for (const std::string& field : result.index_fields)
    fields += fmt::format(R"({}"{}":1)", fields.empty() ? "" : ",", field);
  return fmt::format(R"({{"index":{},"code":{},"errmsg":"E{} index: {} dup key: {{}}","keyPattern":{{{}}}}})", index,
                     result.code, result.code, result.index_name, fields);
}

std::string batch_json(const std::vector<std::string>& documents) {
  return fmt::format(R"({{"cursor":{{"id":{{"$numberLong":"0"}},"ns":"shop.x","firstBatch":[{}]}},"ok":1}})",
                     fmt::join(documents, ","));
}

}  // namespace

StoredMongod::StoredMongod(CollectionName raced) : raced_(std::move(raced)) {
  answer("update", &StoredMongod::write);
  answer("delete", &StoredMongod::write);
  answer("find", &StoredMongod::find);
  answer("createIndexes", &StoredMongod::make_index);
  answer("listIndexes", &StoredMongod::list_indexes);
  answer("listCollections", &StoredMongod::list_collections);
}

void StoredMongod::answer(const std::string& command, std::string (StoredMongod::*how)(const FakeCommand&)) {
  mongod_.always(command, [this, how](const FakeCommand& arrived) { return FakeReply::answer((this->*how)(arrived)); });
}

std::vector<std::string> StoredMongod::documents(const CollectionName& name) {
  const std::lock_guard lock(mutex_);
  return server_.find(name, bson_of("{}"));
}

void StoredMongod::let_older_insert_first(bool older_first) {
  const std::lock_guard lock(mutex_);
  older_first_ = older_first;
}

std::string StoredMongod::write(const FakeCommand& command) {
  std::unique_lock lock(mutex_);
  std::size_t n = 0;
  std::vector<std::string> inserted;
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < command.documents.size(); ++i) {
    const StepResult result = carry_out(name_in(command), write_in(command, command.documents[i]), lock);
    if (result.code != 0) faults.push_back(fault_json(i, result));
    if (result.inserted) inserted.push_back(fmt::format(R"({{"index":{},"_id":0}})", i));
    n += result.matched || result.inserted ? 1 : 0;
  }
  return fmt::format(R"({{"n":{},"upserted":[{}],"writeErrors":[{}],"ok":1}})", n, fmt::join(inserted, ","),
                     fmt::join(faults, ","));
}

StepResult StoredMongod::carry_out(const CollectionName& name, const Write& write, std::unique_lock<std::mutex>& lock) {
  const Clock::Time now = system_clock().now();
  const StepResult matched = server_.match(name, write, now);
  if (!matched.to_insert) return matched;
  if (name != raced_) return server_.insert(name, write, now);
  meet(write, lock);
  const StepResult inserted = server_.insert(name, write, now);
  ++races_[document_in(write.filter, "_id")].inserted;
  changed_.notify_all();
  return inserted;
}

// Waits until it is this upsert's turn to insert.
void StoredMongod::meet(const Write& write, std::unique_lock<std::mutex>& lock) {
  Race& race = races_[document_in(write.filter, "_id")];
  const std::int64_t version = version_of(write);
  race.lowest = race.arrived == 0 ? version : std::min(race.lowest, version);
  ++race.arrived;
  changed_.notify_all();
  changed_.wait_for(lock, meeting_max, [&] {
    const bool is_first = (version == race.lowest) == older_first_;
    return race.arrived >= 2 && (is_first || race.inserted > 0);
  });
}

std::string StoredMongod::find(const FakeCommand& command) {
  const std::lock_guard lock(mutex_);
  simulation::FindOptions options{document_in(command.body, "projection"), document_in(command.body, "sort"), 0};
  if (const auto limit = find_element(command.body, "limit"))
    options.documents_max = load_little_endian<std::int32_t>(limit->value);
  std::vector<std::string> documents =
      server_.find(name_in(command), document_in(command.body, "filter"), options, server_.head());
  for (std::string& document : documents) document = json_of(document, ExtendedJson::canonical);
  return batch_json(documents);
}

std::string StoredMongod::make_index(const FakeCommand& command) {
  const std::string index = document_in(document_in(command.body, "indexes"), "0");
  NewIndex made{std::string(string_text(find_element(index, "name")->value)),
                {},
                find_element(index, "unique").has_value(),
                std::nullopt};
  if (find_element(index, "expireAfterSeconds")) made.expire_after_seconds = 0;
  const std::string key = document_in(index, "key");
  BsonReader reader(elements_of(key));
  BsonElement field;
  while (reader.next(field)) made.fields.emplace_back(field.name);
  const std::lock_guard lock(mutex_);
  return server_.make_index(name_in(command), made) ? R"({"ok":1})" : R"({"ok":0,"code":85,"errmsg":"conflict"})";
}

std::string StoredMongod::list_indexes(const FakeCommand& command) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> indexes;
  for (const IndexFacts& index : server_.indexes_of(name_in(command)))
    indexes.push_back(
        fmt::format(R"({{"name":"{}","key":{},"unique":{}}})", index.name, json_of(index.key), index.unique));
  return batch_json(indexes);
}

std::string StoredMongod::list_collections(const FakeCommand& command) {
  const std::lock_guard lock(mutex_);
  const std::string database(string_text(find_element(command.body, "$db")->value));
  const std::string filter = document_in(command.body, "filter");
  const std::string collection(string_text(find_element(filter, "name")->value));
  if (!server_.facts_of({database, collection}).exists) return batch_json({});
  return batch_json({fmt::format(R"({{"name":"{}","type":"collection","options":{{}}}})", collection)});
}

}  // namespace dynatlas
