// SPDX-License-Identifier: Apache-2.0
#include "pipeline/change_maker.h"

namespace dynatlas {

namespace {

// What numbers the change's version.
std::string kind_of(const Record& record, const std::optional<Version>& version) {
  if (!version || !record.time) return "";
  return version->s[0] == 'd' ? version->s.substr(0, 9) : "timed";
}

// A partition key has 2048 bytes at most, a sort key 1024 (AWS, "Quotas in Amazon DynamoDB"), and their names have 255
// each; base64, escapes and BSON add some. What is longer is no key of DynamoDB's, and no server could keep its
// tombstone.
constexpr std::size_t key_bytes_max = 8192;

}  // namespace

std::optional<RecordFault> ChangeMaker::key_of(const Record& record, const TableRules& rules,
                                               std::optional<StoredKey>& key) {
  if (auto fault = transformer_.key(record, rules, key)) return fault;
  if (!key || key->value.size() <= key_bytes_max) return std::nullopt;
  key.reset();
  return RecordFault{ErrorKind::poison, "Keys", "holds a longer key than DynamoDB allows"};
}

std::optional<RecordFault> ChangeMaker::make(const Record& record, const TableRules& rules,
                                             std::optional<Version> version, Change& change) {
  std::optional<StoredKey> key;
  if (auto fault = key_of(record, rules, key)) return fault;
  if (!key)
    return RecordFault{
        ErrorKind::poison, {}, "is an item whose key nobody gave: say --key HASH[,RANGE] or key: [HASH, RANGE]"};
  change.operation = record.operation;
  change.key = *std::move(key);
  change.version = std::move(version);
  change.kind = kind_of(record, change.version);
  place_at_ = 0;
  if (record.operation == Record::Operation::remove) {
    if (rules.soft_deletes) change.key_fields = transformer_.key_fields(record, rules);
    return std::nullopt;
  }
  document_.clear();
  const Transformer::Metadata metadata{change.version ? &*change.version : nullptr, true, false};
  if (auto fault = transformer_.document(record, rules, &change.key, rules.guard ? &metadata : nullptr, document_))
    return fault;
  change.document = document_.view();
  place_at_ = transformer_.place_at();
  return std::nullopt;
}

std::optional<StoredKey> ChangeMaker::known_key(const Record& known, const TableRules& rules) {
  std::optional<StoredKey> key;
  if (key_of(known, rules, key)) return std::nullopt;
  return key;
}

}  // namespace dynatlas
