// SPDX-License-Identifier: Apache-2.0
#include "simulation/server.h"

#include <algorithm>
#include <set>

#include "change/bson.h"
#include "simulation/filter.h"
#include "simulation/update.h"
#include "simulation/value.h"
#include "target/stored_document.h"

namespace dynatlas::simulation {

namespace {

constexpr std::int32_t duplicate_key = 11000;
constexpr std::int32_t validation_failure = 121;

std::string id_key(std::string_view document) { return comparable_key(*id_of(document)); }

// What is absent is indexed as null.
std::string key_of_fields(std::string_view document, const std::vector<std::string>& fields) {
  std::string key;
  for (const std::string& field : fields) {
    const auto values = values_at(document, field);
    key += comparable_key(values.empty() ? BsonElement{} : values[0]) + '|';
  }
  return key;
}

StepResult duplicate_of(std::string index_name, std::vector<std::string> fields) {
  StepResult result;
  result.code = duplicate_key;
  result.index_name = std::move(index_name);
  result.index_fields = std::move(fields);
  return result;
}

StepResult failed(std::int32_t code) {
  StepResult result;
  result.code = code;
  return result;
}

// The keys that `_id` must have one of, where the filter says so at its top.
std::optional<std::vector<std::string>> ids_wanted(std::string_view filter) {
  const auto condition = find_element(filter, "_id");
  if (!condition) return std::nullopt;
  if (condition->type != BsonType::document) return std::vector{comparable_key(*condition)};
  BsonReader reader(elements_of(condition->value));
  BsonElement first;
  if (!reader.next(first) || !first.name.starts_with('$')) return std::vector{comparable_key(*condition)};
  if (first.name != "$in") return std::nullopt;
  std::set<std::string> keys;
  BsonReader wanted(elements_of(first.value));
  for (BsonElement value; wanted.next(value);) keys.insert(comparable_key(value));
  return std::vector<std::string>(keys.begin(), keys.end());
}

std::string ascending(const std::vector<std::string>& fields) {
  Buffer out;
  OpenDocument key(out);
  for (const std::string& field : fields) append_element(out, BsonType::int32, field, std::string_view("\1\0\0\0", 4));
  key.close();
  return std::string(out.view());
}

}  // namespace

Server::Index& Server::Collection::index(const std::string& name) {
  return *std::find_if(indexes.begin(), indexes.end(), [&](const Index& index) { return index.made.name == name; });
}

const Server::Collection* Server::existing(const CollectionName& name) const {
  const auto found = collections_.find(name);
  return found == collections_.end() ? nullptr : &found->second;
}

void Server::put(const CollectionName& name, std::string document) {
  if (!id_of(document)) document = with_id(document, BsonType::object_id, new_object_id());
  const std::string id = id_key(document);
  store(collection(name), id, std::make_shared<const std::string>(std::move(document)), Clock::Time{});
}

std::string Server::new_object_id() {
  std::string id(12, '\0');
  ++object_ids_;
  for (std::size_t i = 0; i < 8; ++i) id[11 - i] = static_cast<char>(object_ids_ >> 8 * i & 0xFF);
  return id;
}

std::int32_t Server::fault_of(std::string_view document) const {
  return !poison_.empty() && find_element(document, poison_) ? validation_failure : 0;
}

// A unique index of another document that has the same key there; `_id` is asked first, as mongod does.
std::optional<StepResult> Server::duplicate(const Collection& collection, const std::string& id,
                                            std::string_view document) const {
  for (const Index& index : collection.indexes) {
    if (!index.made.unique) continue;
    const auto found = index.ids.find(key_of_fields(document, index.made.fields));
    if (found != index.ids.end() && found->second != id) return duplicate_of(index.made.name, index.made.fields);
  }
  return std::nullopt;
}

void Server::store(Collection& collection, const std::string& id, Document document, Clock::Time now) {
  Document& stored = collection.documents[id];
  for (Index& index : collection.indexes) {
    if (!index.made.unique) continue;
    if (stored) index.ids.erase(key_of_fields(*stored, index.made.fields));
    if (document) index.ids[key_of_fields(*document, index.made.fields)] = id;
  }
  log_.push_back({now, &collection, id, std::move(stored)});
  stored = std::move(document);
  if (!stored) collection.documents.erase(id);
}

Server::Position Server::position_at(Clock::Time time) const {
  const auto later = std::upper_bound(log_.begin(), log_.end(), time,
                                      [](Clock::Time t, const Logged& logged) { return t < logged.time; });
  return static_cast<Position>(later - log_.begin());
}

// What stood there before the first write behind the position.
Server::Document Server::at_position(const Collection& collection, const std::string& id, Position at) const {
  for (Position i = at; i < log_.size(); ++i)
    if (log_[i].collection == &collection && log_[i].id == id) return log_[i].before;
  const auto found = collection.documents.find(id);
  return found == collection.documents.end() ? nullptr : found->second;
}

std::vector<std::string> Server::ids_to_search(const Collection& collection, std::string_view filter,
                                               Position at) const {
  if (auto wanted = ids_wanted(filter)) return *std::move(wanted);
  std::vector<std::string> ids;
  ids.reserve(collection.documents.size());
  for (const auto& [id, document] : collection.documents) ids.push_back(id);
  std::set<std::string> gone;
  for (Position i = at; i < log_.size(); ++i)
    if (log_[i].collection == &collection && !collection.documents.contains(log_[i].id)) gone.insert(log_[i].id);
  ids.insert(ids.end(), gone.begin(), gone.end());
  return ids;
}

std::vector<std::string> Server::find(const CollectionName& name, std::string_view filter, const FindOptions& options,
                                      Position at) const {
  std::vector<Document> found;
  if (const Collection* collection = existing(name)) {
    for (const std::string& id : ids_to_search(*collection, filter, at)) {
      Document document = at_position(*collection, id, at);
      if (document && matches(*document, filter)) found.push_back(std::move(document));
    }
  }
  if (!options.sort.empty()) {
    std::stable_sort(found.begin(), found.end(),
                     [&](const Document& a, const Document& b) { return comes_before(*a, *b, options.sort); });
  }
  if (options.documents_max > 0 && std::ssize(found) > options.documents_max)
    found.resize(static_cast<std::size_t>(options.documents_max));
  std::vector<std::string> documents;
  documents.reserve(found.size());
  for (const Document& document : found) documents.push_back(projected(*document, options.projection));
  return documents;
}

StepResult Server::match(const CollectionName& name, const Write& write, Clock::Time now) {
  Collection& there = collection(name);
  for (const std::string& id : ids_to_search(there, write.filter, head())) {
    const auto found = there.documents.find(id);
    if (found == there.documents.end() || !matches(*found->second, write.filter)) continue;
    StepResult result;
    result.matched = true;
    if (write.kind == Write::Kind::remove) return store(there, id, nullptr, now), result;
    Updated changed = updated(*found->second, write.update);
    if (changed.code == 0) changed.code = fault_of(changed.document);
    if (changed.code != 0) return failed(changed.code);
    if (auto other = duplicate(there, id, changed.document)) return *std::move(other);
    if (changed.document != *found->second)
      store(there, id, std::make_shared<const std::string>(std::move(changed.document)), now);
    return result;
  }
  StepResult result;
  result.to_insert = write.kind == Write::Kind::upsert;
  return result;
}

StepResult Server::insert(const CollectionName& name, const Write& write, Clock::Time now) {
  Collection& there = collection(name);
  Updated made = upserted(write.filter, write.update, new_object_id());
  if (made.code == 0) made.code = fault_of(made.document);
  if (made.code != 0) return failed(made.code);
  const std::string id = id_key(made.document);
  StepResult result;
  if (there.documents.contains(id)) {
    result = duplicate_of("_id_", {"_id"});
  } else if (auto other = duplicate(there, id, made.document)) {
    result = *std::move(other);
  } else {
    store(there, id, std::make_shared<const std::string>(std::move(made.document)), now);
    result.inserted = true;
    return result;
  }
  // mongod matches again by itself where the filter has equalities on exactly the index's fields, and nothing else.
  std::vector<std::string> fields;
  for_each_equality(write.filter, [&](std::string_view path, const BsonElement&) { fields.emplace_back(path); });
  std::sort(fields.begin(), fields.end());
  std::vector<std::string> indexed = result.index_fields;
  std::sort(indexed.begin(), indexed.end());
  return is_all_equalities(write.filter) && fields == indexed ? match(name, write, now) : result;
}

CollectionFacts Server::facts_of(const CollectionName& name) const {
  const auto facts = facts_.find(name);
  if (facts != facts_.end()) return facts->second;
  CollectionFacts plain;
  plain.exists = existing(name) != nullptr;
  return plain;
}

std::vector<IndexFacts> Server::indexes_of(const CollectionName& name) const {
  const Collection* there = existing(name);
  if (there == nullptr) return {};
  std::vector<IndexFacts> all{{"_id_", ascending({"_id"}), true, true}};
  for (const Index& index : there->indexes)
    all.push_back({index.made.name, ascending(index.made.fields), index.made.unique, index.whole});
  return all;
}

Result<void> Server::make_index(const CollectionName& name, const NewIndex& index) {
  Collection& there = collection(name);
  for (const Index& other : there.indexes) {
    const bool same_name = other.made.name == index.name;
    const bool same_fields = other.made.fields == index.fields;
    const bool same = same_name && same_fields && other.made.unique == index.unique && other.whole &&
                      other.made.expire_after_seconds == index.expire_after_seconds;
    if (same) return {};
    if (same_name || same_fields)
      return fatal(name.text() + ": another index has the name or the fields of " + index.name);
  }
  Index made{index, true, {}};
  for (const auto& [id, document] : there.documents) {
    if (!index.unique) break;
    if (!made.ids.emplace(key_of_fields(*document, index.fields), id).second)
      return fatal(name.text() + ": two documents have one key of the unique index " + index.name);
  }
  there.indexes.push_back(std::move(made));
  return {};
}

}  // namespace dynatlas::simulation
