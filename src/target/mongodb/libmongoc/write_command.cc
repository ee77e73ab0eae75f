// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/write_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "change/bson.h"

namespace dynatlas {

namespace {

// The command's end: two closing NULs.
constexpr std::size_t end_bytes = 2;

void write_header(Buffer& out, std::string_view verb, const CollectionName& name, const ServerLimits& limits,
                  std::chrono::milliseconds limit) {
  const auto milliseconds =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(limit.count(), 1, std::numeric_limits<std::int32_t>::max()));
  append_string_element(out, verb, name.collection);
  append_bool(out, "ordered", false);
  append_int32(out, "maxTimeMS", milliseconds);
  begin_element(out, BsonType::document, "writeConcern");
  OpenDocument concern(out);
  append_string_element(out, "w", "majority");
  append_int32(out, "wtimeout", milliseconds);
  if (limits.journal) append_bool(out, "j", true);
  concern.close();
}

void append_members(Buffer& out, const UpdateStatement& statement) {
  append_element(out, BsonType::document, "q", statement.filter);
  append_element(out, BsonType::document, "u", statement.update);
  if (statement.upsert) append_bool(out, "upsert", true);
}

void append_members(Buffer& out, const DeleteStatement& statement) {
  append_element(out, BsonType::document, "q", statement.filter);
  append_int32(out, "limit", 1);
}

// At least the bytes that a statement takes: with its type, its position as a name, and its members' names.
std::size_t room_for(const UpdateStatement& statement) {
  return statement.filter.size() + statement.update.size() + 64;
}
std::size_t room_for(const DeleteStatement& statement) { return statement.filter.size() + 64; }

template <class Statement>
std::size_t write(Buffer& out, std::string_view verb, std::string_view array, const CollectionName& name,
                  std::span<const Statement> statements, const ServerLimits& limits, std::chrono::milliseconds limit) {
  out.clear();
  OpenDocument command(out);
  write_header(out, verb, name, limits, limit);
  begin_element(out, BsonType::array, array);
  OpenDocument list(out);
  std::size_t count = 0;
  std::array<char, 20> digits{};
  for (const Statement& statement : statements) {
    if (count == limits.statements_max || out.size() + room_for(statement) + end_bytes > limits.document_bytes_max)
      break;
    const char* end = std::to_chars(digits.begin(), digits.end(), count).ptr;
    begin_element(out, BsonType::document, {digits.data(), static_cast<std::size_t>(end - digits.data())});
    OpenDocument document(out);
    append_members(out, statement);
    document.close();
    ++count;
  }
  list.close();
  command.close();
  return count;
}

}  // namespace

std::size_t write_command(Buffer& out, const CollectionName& name, std::span<const UpdateStatement> statements,
                          const ServerLimits& limits, std::chrono::milliseconds limit) {
  return write(out, "update", "updates", name, statements, limits, limit);
}

std::size_t write_command(Buffer& out, const CollectionName& name, std::span<const DeleteStatement> statements,
                          const ServerLimits& limits, std::chrono::milliseconds limit) {
  return write(out, "delete", "deletes", name, statements, limits, limit);
}

}  // namespace dynatlas
