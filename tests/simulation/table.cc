// SPDX-License-Identifier: Apache-2.0
#include "simulation/table.h"

#include <fmt/format.h>

#include <map>

#include "decode/extended_json.h"
#include "simulation/function_config.h"
#include "simulation/value.h"
#include "target/stored_document.h"

namespace dynatlas::simulation {

namespace {

constexpr const char* metadata_name = "_dynatlas";

std::string bytes_of(std::int64_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
std::string bytes_of(std::int32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

// 1.5 and the like: 15 with the exponent -1, and the key's number in front.
std::string decimal_bytes(int key) {
  return bytes_of(static_cast<std::int64_t>(key * 10 + 5)) + bytes_of(static_cast<std::int64_t>(0x303E) << 48);
}

std::string json(std::string_view document) {
  Buffer out;
  return ExtendedJsonWriter(ExtendedJson::relaxed, out).document(document) ? std::string(out.view()) : "no document";
}

template <class Write>
std::string document(Write write) {
  Buffer out;
  OpenDocument open(out);
  write(out);
  open.close();
  return std::string(out.view());
}

// The key's, which an item has beside `_id`.
void append_attributes(Buffer& out, const StoredKey& key) {
  if (key.type == BsonType::document) {
    out.append(elements_of(key.value));
  } else {
    append_element(out, key.type, "pk", key.value);
  }
}

void append_metadata(Buffer& out, const Version& version) {
  begin_element(out, BsonType::document, metadata_name);
  OpenDocument fields(out);
  append_element(out, BsonType::int64, "t", bytes_of(version.t));
  append_string_element(out, "s", version.s);
  fields.close();
}

std::optional<Version> version_of(std::string_view fields) {
  const auto t = find_element(fields, "t");
  const auto s = find_element(fields, "s");
  if (!t || !s) return std::nullopt;
  return Version{load_little_endian<std::int64_t>(t->value), std::string(string_text(s->value))};
}

std::optional<Version> version_in(std::string_view document) {
  const auto metadata = find_element(document, metadata_name);
  return metadata ? version_of(metadata->value) : std::nullopt;
}

bool is_deleted(std::string_view document) {
  const auto metadata = find_element(document, metadata_name);
  return metadata && find_element(metadata->value, "deleted");
}

}  // namespace

Table::Table(const Plan& plan)
    : plan_(plan),
      destination_{"shop", "items", &rules_},
      documents_{"shop", "items"},
      tombstones_{"shop", "dynatlas.tombstones.items"} {
  rules_.id = plan.id;
  rules_.guard = plan.guard;
  rules_.soft_deletes = plan.soft_deletes;
  rules_.items.names.metadata = metadata_name;
  rules_.items.key = {"pk"};
  rules_.fingerprint = "one mapping";
  if (plan.function) rules_ = config_of(plan).rules(destination_.collection);
  for (const PlannedChange& planned : plan.history) {
    Change& change = changes_.emplace_back();
    change.destination = &destination_;
    change.key = key_of(planned.key);
    change.version = planned.version;
    change.kind = planned.kind;
    if (planned.removes) {
      change.operation = Record::Operation::remove;
      if (plan.soft_deletes)
        change.key_fields = plan.id == IdForm::objectid
                                ? std::string(elements_of(change.key.value))
                                : std::string(elements_of(document([&](Buffer& out) {
                                    append_element(out, change.key.type, "pk", change.key.value);
                                  })));
    } else {
      change.document = document_of(planned, change.key);
    }
  }
}

StoredKey Table::key_of(int key) const {
  StoredKey made;
  switch (plan_.key_form) {
    case 0:
      made = {BsonType::string, string_value(std::string(1, static_cast<char>('a' + key)))};
      break;
    case 1:
      made = {BsonType::int32, bytes_of(static_cast<std::int32_t>(key))};
      break;
    case 2:
      made = {BsonType::decimal128, decimal_bytes(key)};
      break;
    default:
      made = {BsonType::document, document([&](Buffer& out) {
                append_string_element(out, "h", "a");
                append_element(out, BsonType::int32, "r", bytes_of(static_cast<std::int32_t>(key)));
              })};
  }
  if (plan_.id != IdForm::objectid || made.type == BsonType::document) return made;
  return {BsonType::document, document([&](Buffer& out) { append_element(out, made.type, "pk", made.value); })};
}

std::string Table::document_of(const PlannedChange& planned, const StoredKey& key) const {
  return document([&](Buffer& out) {
    if (plan_.id == IdForm::objectid) {
      out.append(elements_of(key.value));
    } else {
      append_element(out, key.type, "_id", key.value);
      if (plan_.function) append_attributes(out, key);
    }
    append_element(out, BsonType::int32, "v", bytes_of(static_cast<std::int32_t>(planned.value)));
    append_element(out, BsonType::int32, "u", bytes_of(static_cast<std::int32_t>(planned.unique)));
    if (planned.poison) append_element(out, BsonType::boolean, "poison", std::string(1, '\1'));
    if (planned.version && plan_.guard) append_metadata(out, *planned.version);
  });
}

std::string Table::filter_of(const StoredKey& key) const {
  if (plan_.id == IdForm::objectid) return key.value;
  return document([&](Buffer& out) { append_element(out, key.type, "_id", key.value); });
}

std::optional<std::string> Table::stored(int key, const Server& server) const {
  const auto found = server.find(documents_, filter_of(key_of(key)));
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

std::optional<Version> Table::tombstone(int key, const Server& server) const {
  const StoredKey id = key_of(key);
  const auto found =
      server.find(tombstones_, document([&](Buffer& out) { append_element(out, id.type, "_id", id.value); }));
  return found.empty() ? std::nullopt : version_of(found[0]);
}

std::string Table::difference_of(int key, const PlannedChange& last, const Server& server) const {
  const auto there = stored(key, server);
  const std::string is = there ? json(*there) : "absent";
  const std::string name = "key " + std::to_string(key);
  if (last.removes && plan_.soft_deletes) {
    if (there && is_deleted(*there) && version_in(*there) == last.version) return "";
    return fmt::format("{} is {}, and must be marked as deleted by {}", name, is, described(last));
  }
  if (last.removes) return there ? fmt::format("{} is {}, and must be absent after {}", name, is, described(last)) : "";
  const std::string wanted = document_of(last, key_of(key));
  const bool same =
      there && (plan_.id == IdForm::objectid ? elements_of(*there).ends_with(elements_of(wanted)) && id_of(*there)
                                             : *there == wanted);
  return same ? "" : fmt::format("{} is {}, and must be {} after {}", name, is, json(wanted), described(last));
}

std::string Table::difference(const Server& server, bool settler_too) const {
  std::map<int, const PlannedChange*> last;
  for (const PlannedChange& change : plan_.history) last[change.key] = &change;
  if (!settler_too) last.erase(plan_.history.back().key);
  for (const auto& [key, change] : last) {
    std::string wrong = difference_of(key, *change, server);
    if (!wrong.empty()) return wrong;
  }
  return !settler_too || server.find(documents_, std::string_view("\5\0\0\0\0", 5)).size() <= last.size()
             ? ""
             : "the collection holds more documents than the table has keys";
}

std::string Table::not_kept(const PlannedChange& change, const Server& server) const {
  const auto buried = tombstone(change.key, server);
  const auto there = stored(change.key, server);
  if (!change.version) return there || buried ? "" : "neither a document nor a tombstone";
  if (buried && !is_older(*buried, *change.version)) return "";
  const auto version = there ? version_in(*there) : std::nullopt;
  return version && !is_older(*version, *change.version) ? "" : "neither a document as new nor a tombstone";
}

bool Table::is_stale(std::size_t index, const Server& server) const {
  const PlannedChange& change = plan_.history[index];
  // A soft delete that meets another's mark cannot tell it from its own.
  if (!plan_.guard || (change.removes && plan_.soft_deletes)) return false;
  if (!change.removes) return not_kept(change, server).empty();
  const auto buried = tombstone(change.key, server);
  return buried && !is_older(*buried, *change.version);
}

std::string Table::lost(std::size_t index, bool was_dropped, const Server& server) const {
  const PlannedChange& change = plan_.history[index];
  if (!plan_.guard) return "";
  std::string missing = not_kept(change, server);
  if (change.removes && !plan_.soft_deletes && !was_dropped) {
    const auto buried = tombstone(change.key, server);
    if (!buried || is_older(*buried, *change.version)) missing = "no tombstone as new";
  }
  return missing.empty() ? "" : fmt::format("{} was acknowledged, and there is {}", described(change), missing);
}

std::string described(const PlannedChange& change) {
  const std::string when = change.version ? fmt::format("t {} s \"{}\"", change.version->t, change.version->s)
                                          : std::string("without a time");
  const char* poison = change.unreadable ? ", unreadable" : change.poison ? ", poison" : "";
  return fmt::format("{} of key {}, {}{}{}", change.removes ? "remove" : "upsert", change.key, when,
                     change.removes ? "" : fmt::format(", v {} u {}", change.value, change.unique), poison);
}

}  // namespace dynatlas::simulation
