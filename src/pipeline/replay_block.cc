// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay_block.h"

#include <simdjson.h>

#include "base/digest.h"
#include "base/table_name.h"
#include "pipeline/origin.h"

namespace dynatlas {

namespace {

bool says_table(const Record& record) { return record.form != Record::Form::item && !record.table.empty(); }

}  // namespace

std::string_view ReplayBlock::table_of(const Record& record) const {
  return record.table.empty() ? std::string_view(config_.default_table) : record.table;
}

// An item has no time of its own.
std::optional<Version> ReplayBlock::version_of(const Record& record, const RecordPlace& place) {
  const bool is_undated = record.form == Record::Form::item && place.reading != Reading::none;
  if (is_undated && options_.as_of) return Version{*options_.as_of, ""};
  return versions_.of(record, file_place(file_, place.number));
}

// How the record's text is read again by itself (docs/file-formats.md, "Dead letters").
std::string_view ReplayBlock::form_of(const RecordPlace& place) const {
  switch (place.reading) {
    case Reading::value:
      return word_of(options_.form);
    case Reading::element:
      return word_of(options_.form == InputForm::any ? InputForm::lambda : options_.form);
    case Reading::item:
    case Reading::lost_item:
      return word_of(InputForm::item);
    case Reading::none:
      break;
  }
  return "";
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
  if (auto fault = maker_.make(record, rules, version_of(record, place), made.change)) return fault;
  made.has_place = made.change.version && made.change.version->s[0] == 'f';
  made.document_place = maker_.place_at();
  made.table = table;
  made.number = place.number;
  made.text = place.text;
  made.form = form_of(place);
  made.says_table = says_table(record);
  if (record.operation == Record::Operation::upsert) values.add(record.numbers, maker_.unread_dates());
  changes.push_back(std::move(made));
  order.push_back(Kind::change);
  return std::nullopt;
}

void ReplayBlock::refused(const RecordFault& fault, const Record& known, const RecordPlace& place) {
  BlockParked record;
  record.problem = {place.number, place.line, 0, fault};
  const bool knows_table = place.reading != Reading::none && place.reading != Reading::lost_item;
  if (knows_table && is_table_name(table_of(known))) record.table = table_of(known);
  // A letter holds no text that is no UTF-8.
  const bool knows_key = place.reading != Reading::lost_item && simdjson::validate_utf8(place.text);
  if (knows_key) record.key = maker_.known_key(known, config_.rules(record.table));
  record.version = version_of(known, place);
  record.form = form_of(place);
  record.record = place.text.substr(0, parked_record_bytes_max);
  record.record_size = place.text.size();
  record.record_sha256 = sha256_hex(place.text);
  record.id = parked_id(record.record_sha256, says_table(known) ? "" : record.table);
  parked.push_back(std::move(record));
  order.push_back(Kind::parked);
}

void ReplayBlock::passed_over(std::uint64_t first_line, std::uint64_t last_line) {
  notes.push_back({0, first_line, last_line, {}});
}

}  // namespace dynatlas
