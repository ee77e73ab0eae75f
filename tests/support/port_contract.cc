// SPDX-License-Identifier: Apache-2.0
#include "support/port_contract.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

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
  for (const std::string& document : documents) bson.push_back(bson_of(document));
  place->put(name, bson);
}

std::vector<std::string> PortContract::find(std::string_view filter, std::string_view projection) {
  std::vector<std::string> all = texts(port->find(name, bson_of(filter), bson_of(projection), limit));
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> PortContract::find_first(std::string_view filter, std::string_view sort,
                                                  std::int64_t documents_max) {
  return texts(port->find_first(name, bson_of(filter), bson_of(sort), documents_max, limit));
}

WriteReply PortContract::update(const std::vector<Update>& statements) {
  std::vector<std::string> bson;
  bson.reserve(statements.size() * 2);
  std::vector<UpdateStatement> views;
  views.reserve(statements.size());
  for (const Update& statement : statements) {
    const std::string& filter = bson.emplace_back(bson_of(statement.filter));
    const std::string& change = bson.emplace_back(bson_of(statement.update));
    views.push_back({filter, change, statement.upsert});
  }
  return taken(port->update(name, views, limit));
}

WriteReply PortContract::remove(const std::vector<std::string>& filters) {
  std::vector<std::string> bson;
  bson.reserve(filters.size());
  std::vector<DeleteStatement> views;
  views.reserve(filters.size());
  for (const std::string& filter : filters) views.push_back({bson.emplace_back(bson_of(filter))});
  return taken(port->remove(name, views, limit));
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
