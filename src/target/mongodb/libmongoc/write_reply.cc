// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/write_reply.h"

#include <algorithm>
#include <string_view>

#include "target/mongodb/libmongoc/owned.h"
#include "target/mongodb/server_codes.h"

namespace dynatlas {

namespace {

// A number that counts or points, in whichever type a server writes it.
std::optional<std::size_t> count_at(const bson_iter_t& iter) {
  if (!BSON_ITER_HOLDS_NUMBER(&iter)) return std::nullopt;
  const std::int64_t value = bson_iter_as_int64(&iter);
  if (value < 0) return std::nullopt;
  return static_cast<std::size_t>(value);
}

std::optional<std::size_t> count_of(const bson_t& document, const char* name) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &document, name)) return std::nullopt;
  return count_at(iter);
}

// "E11000 duplicate key error collection: shop.customers index: email_1 dup key: { .. }"; old servers write
// "index: shop.customers.$email_1 dup key".
std::string index_name_in(std::string_view message) {
  constexpr std::string_view before = " index: ";
  const std::size_t begin = message.find(before);
  if (begin == std::string_view::npos) return {};
  std::string_view name = message.substr(begin + before.size());
  const std::size_t end = name.find(" dup key");
  if (end == std::string_view::npos) return {};
  name = name.substr(0, end);
  const std::size_t namespace_end = name.find(".$");
  return std::string(namespace_end == std::string_view::npos ? name : name.substr(namespace_end + 2));
}

std::vector<std::string> names_in(std::string_view document) {
  std::vector<std::string> names;
  const LentBson lent(document);
  bson_iter_t iter;
  if (!bson_iter_init(&iter, lent.get())) return names;
  while (bson_iter_next(&iter)) names.emplace_back(bson_iter_key(&iter));
  return names;
}

void add_index(const bson_t& entry, StatementFault& fault) {
  bson_iter_t iter;
  if (bson_iter_init_find(&iter, &entry, "errmsg")) fault.index_name = index_name_in(text_at(iter));
  if (bson_iter_init_find(&iter, &entry, "keyPattern")) fault.index_fields = names_in(document_at(iter));
  if (fault.index_fields.empty() && fault.index_name == "_id_") fault.index_fields = {"_id"};
}

std::optional<StatementFault> read_fault(const bson_t& entry, std::size_t statements) {
  const auto index = count_of(entry, "index");
  const auto code = count_of(entry, "code");
  if (!index || *index >= statements || !code || *code == 0) return std::nullopt;
  StatementFault fault;
  fault.index = *index;
  fault.code = static_cast<std::int32_t>(*code);
  if (class_of(fault.code) == CodeClass::duplicate_key) add_index(entry, fault);
  return fault;
}

// Calls `take` for each document of the array `name`, if there is one; false where it is no array of documents or
// `take` says so.
template <class Take>
bool each_in(const bson_t& reply, const char* name, Take take) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &reply, name)) return true;
  bson_iter_t entries;
  if (!BSON_ITER_HOLDS_ARRAY(&iter) || !bson_iter_recurse(&iter, &entries)) return false;
  while (bson_iter_next(&entries)) {
    if (!BSON_ITER_HOLDS_DOCUMENT(&entries)) return false;
    const LentBson entry(document_at(entries));
    if (!take(*entry.get())) return false;
  }
  return true;
}

bool all_differ(std::vector<std::size_t> indexes) {
  std::sort(indexes.begin(), indexes.end());
  return std::adjacent_find(indexes.begin(), indexes.end()) == indexes.end();
}

std::optional<WriteReply> read(const bson_t& reply, std::size_t statements) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &reply, "ok") || !bson_iter_as_bool(&iter)) return std::nullopt;
  auto faults = read_faults(reply, statements);
  const auto n = count_of(reply, "n");
  if (!faults || !n) return std::nullopt;
  std::vector<std::size_t> named;
  const bool upserts_are_known = each_in(reply, "upserted", [&](const bson_t& entry) {
    const auto index = count_of(entry, "index");
    if (index) named.push_back(*index);
    return index && *index < statements;
  });
  const std::size_t inserted = named.size();
  for (const StatementFault& fault : *faults) named.push_back(fault.index);
  if (!upserts_are_known || !all_differ(named)) return std::nullopt;
  if (*n < inserted || *n > statements - faults->size()) return std::nullopt;
  return WriteReply{*n - inserted, inserted, *std::move(faults)};
}

// How many of the statements without a fault are upserts.
std::size_t upserts_done(std::span<const UpdateStatement> statements, const std::vector<StatementFault>& faults) {
  const auto upserts = std::count_if(statements.begin(), statements.end(), [](const auto& s) { return s.upsert; });
  const auto failed =
      std::count_if(faults.begin(), faults.end(), [&](const auto& fault) { return statements[fault.index].upsert; });
  return static_cast<std::size_t>(upserts - failed);
}

}  // namespace

std::optional<std::vector<StatementFault>> read_faults(const bson_t& reply, std::size_t statements) {
  std::vector<StatementFault> faults;
  const bool known = each_in(reply, "writeErrors", [&](const bson_t& entry) {
    auto fault = read_fault(entry, statements);
    if (!fault) return false;
    faults.push_back(*std::move(fault));
    return true;
  });
  if (!known) return std::nullopt;
  std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  return faults;
}

std::optional<WriteReply> read_write_reply(const bson_t& reply, std::span<const UpdateStatement> statements) {
  auto read_reply = read(reply, statements.size());
  if (!read_reply) return std::nullopt;
  const std::size_t done = read_reply->matched + read_reply->inserted;
  if (done < upserts_done(statements, read_reply->faults)) return std::nullopt;
  return read_reply;
}

std::optional<WriteReply> read_write_reply(const bson_t& reply, std::span<const DeleteStatement> statements) {
  return read(reply, statements.size());
}

}  // namespace dynatlas
