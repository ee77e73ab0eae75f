// SPDX-License-Identifier: Apache-2.0
#include "support/port_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

using Json = nlohmann::ordered_json;

// {"$numberInt": "1"} and its like.
bool is_typed(const Json& value) {
  constexpr std::string_view types[] = {"$numberInt", "$numberLong", "$numberDouble", "$numberDecimal",
                                        "$date",      "$binary",     "$oid"};
  if (!value.is_object() || value.size() != 1) return false;
  return std::find(std::begin(types), std::end(types), value.begin().key()) != std::end(types);
}

void append_value(Buffer& out, std::string_view name, const Json& value) {
  const bool nests = (value.is_object() && !is_typed(value)) || value.is_array();
  if (!nests) {
    const std::string holder = bson_of("{\"x\":" + value.dump() + "}");
    BsonReader reader(elements_of(holder));
    BsonElement element;
    reader.next(element);
    return append_element(out, element.type, name, element.value);
  }
  begin_element(out, value.is_array() ? BsonType::array : BsonType::document, name);
  OpenDocument nest(out);
  std::size_t index = 0;
  for (const auto& [key, member] : value.items())
    append_value(out, value.is_array() ? std::to_string(index++) : key, member);
  nest.close();
}

std::vector<std::string> texts(const Result<std::vector<std::string>>& found) {
  std::vector<std::string> all;
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return all;
  }
  for (const std::string& document : *found) all.push_back(json_of(document, ExtendedJson::canonical));
  return all;
}

WriteReply taken(Result<WriteReply> reply) {
  if (reply) return *std::move(reply);
  ADD_FAILURE() << reply.error().message;
  return {};
}

}  // namespace

void PortContract::SetUp() {
  place = GetParam().make();
  port = place->open();
  name = {place->database(), "items"};
}

void PortContract::put(const std::vector<std::string>& documents) {
  std::vector<std::string> bson;
  bson.reserve(documents.size());
  for (const std::string& document : documents) bson.push_back(query_of(document));
  place->put(name, bson);
}

std::vector<std::string> PortContract::find(std::string_view filter, std::string_view projection) {
  std::vector<std::string> all = texts(port->find(name, query_of(filter), query_of(projection), limit));
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> PortContract::find_first(std::string_view filter, std::string_view sort,
                                                  std::int64_t documents_max) {
  return texts(port->find_first(name, query_of(filter), query_of(sort), documents_max, limit));
}

WriteReply PortContract::update(const std::vector<Update>& statements) {
  std::vector<std::string> bson;
  bson.reserve(statements.size() * 2);
  std::vector<UpdateStatement> views;
  views.reserve(statements.size());
  for (const Update& statement : statements) {
    const std::string& filter = bson.emplace_back(query_of(statement.filter));
    const std::string& change = bson.emplace_back(query_of(statement.update));
    views.push_back({filter, change, statement.upsert});
  }
  return taken(port->update(name, views, limit));
}

WriteReply PortContract::remove(const std::vector<std::string>& filters) {
  std::vector<std::string> bson;
  bson.reserve(filters.size());
  std::vector<DeleteStatement> views;
  views.reserve(filters.size());
  for (const std::string& filter : filters) views.push_back({bson.emplace_back(query_of(filter))});
  return taken(port->remove(name, views, limit));
}

std::string query_of(std::string_view json) {
  Buffer out;
  OpenDocument document(out);
  const Json parsed = Json::parse(json);
  for (const auto& [key, member] : parsed.items()) append_value(out, key, member);
  document.close();
  return std::string(out.view());
}

std::vector<std::string> shown(const std::vector<StatementFault>& faults) {
  std::vector<std::string> all;
  for (const StatementFault& fault : faults) {
    all.push_back(fmt::format("index {}: {} {} ({})", fault.index, fault.code, fault.index_name,
                              fmt::join(fault.index_fields, ", ")));
  }
  return all;
}

}  // namespace dynatlas
