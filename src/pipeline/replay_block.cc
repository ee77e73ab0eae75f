// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay_block.h"

#include "base/digest.h"
#include "base/table_name.h"

namespace dynatlas {

namespace {

// What numbers the change's version.
std::string kind_of(const Record& record, const std::optional<Version>& version) {
  if (!version || !record.time) return "";
  return version->s[0] == 'd' ? version->s.substr(0, 9) : "timed";
}

}  // namespace

std::string_view ReplayBlock::table_of(const Record& record) const {
  return record.table.empty() ? std::string_view(config_.default_table) : record.table;
}

std::optional<RecordFault> ReplayBlock::make(const Record& record, const TableRules& rules, const RecordPlace& place,
                                             BlockChange& made) {
  std::optional<StoredKey> key;
  if (auto fault = transformer_.key(record, rules, key)) return fault;
  if (!key)
    return RecordFault{
        ErrorKind::poison, {}, "is an item whose key nobody gave: say --key HASH[,RANGE] or key: [HASH, RANGE]"};
  Change& change = made.change;
  change.operation = record.operation;
  change.key = *std::move(key);
  change.version = versions_.of(record, file_place(file_, place.number));
  change.kind = kind_of(record, change.version);
  made.has_place = change.version && change.version->s[0] == 'f';
  if (!record.time && options_.as_of) change.version = Version{*options_.as_of, ""};
  if (record.operation == Record::Operation::remove) {
    if (rules.soft_deletes) change.key_fields = transformer_.key_fields(record, rules);
    return std::nullopt;
  }
  document_.clear();
  const Transformer::Metadata metadata{change.version ? &*change.version : nullptr, true, false};
  if (auto fault = transformer_.document(record, rules, &change.key, rules.guard ? &metadata : nullptr, document_))
    return fault;
  change.document = document_.view();
  made.document_place = transformer_.place_at();
  return std::nullopt;
}

void ReplayBlock::reset(std::size_t file) {
  file_ = file;
  order.clear();
  changes.clear();
  parked.clear();
  notes.clear();
  values = {};
}

std::optional<RecordFault> ReplayBlock::decoded(const Record& record, const RecordPlace& place) {
  const std::string_view table = table_of(record);
  if (!is_table_name(table)) return RecordFault{ErrorKind::poison, {}, "names a table that DynamoDB does not allow"};
  const TableRules& rules = config_.rules(table);
  if (record.ttl_delete && record.operation == Record::Operation::remove && rules.skip_ttl_deletes) {
    order.push_back(Kind::filtered);
    return std::nullopt;
  }
  BlockChange made;
  if (auto fault = make(record, rules, place, made)) return fault;
  made.table = table;
  made.number = place.number;
  made.text = place.text;
  if (record.operation == Record::Operation::upsert) values.add(record.numbers, transformer_.unread_dates());
  changes.push_back(std::move(made));
  order.push_back(Kind::change);
  return std::nullopt;
}

void ReplayBlock::refused(const RecordFault& fault, const Record& known, const RecordPlace& place) {
  BlockParked record;
  record.problem = {place.number, place.line, 0, fault};
  record.table = table_of(known);
  if (!is_table_name(record.table)) record.table.clear();
  std::optional<StoredKey> key;
  const TableRules& rules = config_.rules(record.table);
  if (!transformer_.key(known, rules, key)) record.key = std::move(key);
  record.version = versions_.of(known, file_place(file_, place.number));
  record.record = place.text.substr(0, parked_record_bytes_max);
  record.record_size = place.text.size();
  record.record_sha256 = sha256_hex(place.text);
  parked.push_back(std::move(record));
  order.push_back(Kind::parked);
}

void ReplayBlock::passed_over(std::uint64_t first_line, std::uint64_t last_line) {
  notes.push_back({0, first_line, last_line, {}});
}

}  // namespace dynatlas
