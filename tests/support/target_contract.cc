// SPDX-License-Identifier: Apache-2.0
#include "support/target_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "change/bson.h"
#include "decode/extended_json_reader.h"
#include "decode/json.h"

namespace dynatlas {
namespace {

std::string metadata_member(const std::optional<Version>& version) {
  return version ? fmt::format(R"(,"_dynatlas":{{"t":{{"$numberLong":"{}"}},"s":"{}"}})", version->t, version->s) : "";
}

std::string kind_of(const std::optional<Version>& version) {
  if (!version || version->s.empty()) return "";
  return version->s[0] == 'd' ? version->s.substr(0, 9) : "timed";
}

// Behind `document`, which is a JSON object.
std::string with_metadata(std::string_view document, const std::optional<Version>& version) {
  return std::string(document.substr(0, document.size() - 1)) + metadata_member(version) + "}";
}

std::vector<std::string> sorted_texts(const std::vector<std::string>& documents, ExtendedJson form) {
  std::vector<std::string> texts;
  texts.reserve(documents.size());
  for (const std::string& document : documents) texts.push_back(json_of(document, form));
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

std::string bson_of(std::string_view json) {
  std::string padded(json);
  padded.resize(json.size() + json::json_padding);
  Buffer out;
  RecordFault fault;
  if (read_extended_json(padded.c_str(), out, fault) != padded.c_str() + json.size())
    throw std::invalid_argument(fmt::format("{}: {} {}", json, fault.path, fault.cause));
  return std::string(out.view());
}

std::string json_of(std::string_view bson, ExtendedJson form) {
  Buffer out;
  const Result<void> written = ExtendedJsonWriter(form, out).document(bson);
  return written ? std::string(out.view()) : "no document: " + written.error().message;
}

StoredKey key_of(std::string_view json) {
  const std::string document = bson_of(fmt::format(R"({{"k":{}}})", json));
  BsonReader reader(elements_of(document));
  BsonElement element;
  reader.next(element);
  return {element.type, std::string(element.value)};
}

std::string stored_text(std::string_view key, const std::optional<Version>& version, int value) {
  return json_of(bson_of(with_metadata(fmt::format(R"({{"_id":{},"v":{}}})", key, value), version)));
}

Version kinesis(std::int64_t t, std::string_view digits) { return {t, fmt::format("k{:03}{}", digits.size(), digits)}; }

Version streams(std::int64_t t, std::string_view digits, std::string_view hash) {
  return {t, fmt::format("d{}{:03}{}", hash, digits.size(), digits)};
}

Version copied(std::int64_t t) { return {t, ""}; }

std::string shown(const Applied& applied) {
  return fmt::format("upserted {}, removed {}, stale {}, coalesced {}", applied.upserted, applied.removed,
                     applied.stale, applied.coalesced);
}

TargetContract::TargetContract() {
  rules.items.names.metadata = "_dynatlas";
  rules.items.key = {"pk"};
  rules.fingerprint = "one mapping";
}

void TargetContract::SetUp() {
  place = GetParam().make();
  destination.database = place->database();
  reopen();
}

void TargetContract::reopen() {
  target.reset();
  auto opened = place->open();
  ASSERT_TRUE(opened) << opened.error().message;
  target = *std::move(opened);
}

Change TargetContract::upsert(std::string_view key, const std::optional<Version>& version, int value) const {
  return upsert_document(key, version, fmt::format(R"({{"_id":{},"v":{}}})", key, value));
}

Change TargetContract::upsert_document(std::string_view key, const std::optional<Version>& version,
                                       std::string_view document) const {
  Change change;
  change.destination = &destination;
  change.key = key_of(key);
  change.version = version;
  change.kind = kind_of(version);
  change.document = bson_of(rules.guard ? with_metadata(document, version) : std::string(document));
  return change;
}

Change TargetContract::remove(std::string_view key, const Version& version) const {
  Change change;
  change.destination = &destination;
  change.operation = Record::Operation::remove;
  change.key = key_of(key);
  change.version = version;
  change.kind = kind_of(version);
  if (rules.soft_deletes) change.key_fields = elements_of(bson_of(fmt::format(R"({{"pk":{}}})", key)));
  return change;
}

Applied TargetContract::apply(const std::vector<Change>& changes) {
  const Result<Applied> applied = target->apply(changes);
  if (!applied) {
    ADD_FAILURE() << "refused: " << applied.error().message;
    return {};
  }
  EXPECT_EQ(applied->upserted + applied->removed + applied->stale + applied->coalesced, changes.size())
      << shown(*applied);
  return *applied;
}

Error TargetContract::refusal(const std::vector<Change>& changes) {
  const Result<Applied> applied = target->apply(changes);
  if (!applied) return applied.error();
  ADD_FAILURE() << "taken: " << shown(*applied);
  return Error{ErrorKind::retry, ""};
}

void TargetContract::put(const std::vector<std::string>& documents) {
  std::vector<std::string> bson;
  bson.reserve(documents.size());
  for (const std::string& document : documents) bson.push_back(bson_of(document));
  place->put(destination, bson);
}

std::vector<std::string> TargetContract::stored(ExtendedJson form) { return stored_in(destination, form); }

std::vector<std::string> TargetContract::stored_in(const Destination& from, ExtendedJson form) {
  const Result<void> drained = target->drain();
  EXPECT_TRUE(drained) << drained.error().message;
  return sorted_texts(place->documents(from), form);
}

std::vector<std::string> TargetContract::dead_letters() {
  const Result<void> drained = target->drain();
  EXPECT_TRUE(drained) << drained.error().message;
  return sorted_texts(place->dead_letters(), ExtendedJson::canonical);
}

}  // namespace dynatlas
