// SPDX-License-Identifier: Apache-2.0
#include "pipeline/letter_decoder.h"

#include <simdjson.h>

#include "base/digest.h"
#include "base/table_name.h"
#include "decode/json.h"
#include "decode/record.h"
#include "pipeline/problem.h"
#include "transform/version_of.h"

namespace dynatlas {

namespace {

// What the letter itself says of it, before its record is read.
Result<InputForm> readable_form(const DeadLetter& letter) {
  const ParkedRecord& parked = letter.record;
  if (letter.is_cut())
    return poison("it was cut when it was parked, for it is larger than 12 MiB: replay the file that held it");
  if (sha256_hex(parked.record) != parked.record_sha256)
    return poison("it is damaged: its record is not the one that was parked");
  if (parked.form.empty())
    return poison(
        "it is no whole record: repair it (dynatlas dlq show prints it), replay it as a file and drop this one");
  const std::optional<InputForm> form = input_form_of(parked.form);
  if (!form) return poison("it is damaged: its `form` is none that this program knows");
  return *form;
}

// Reads the one record that `text` is. Padding must follow it.
RecordDecoder::Decoded decode(RecordDecoder& decoder, InputForm form, const char* text, const char* end) {
  const char* begin = json::skip_blanks(text);
  const bool was_element = form == InputForm::lambda;
  return was_element ? decoder.decode_element(begin, end) : decoder.decode(begin, end);
}

Result<void> read_one(RecordDecoder& decoder, InputForm form, const std::string& padded, std::size_t size) {
  const char* end = padded.data() + size;
  const RecordDecoder::Decoded decoded = decode(decoder, form, padded.data(), end);
  switch (decoded.outcome) {
    case RecordDecoder::Outcome::decoded:
      break;
    case RecordDecoder::Outcome::poison:
      return poison(describe(decoder.fault()));
    case RecordDecoder::Outcome::page:
    case RecordDecoder::Outcome::failed_batch:
    case RecordDecoder::Outcome::aggregated:
      return poison("it holds several records: replay it as a file and drop this one");
    default:
      return poison("it is no valid JSON");
  }
  if (json::skip_blanks(decoded.behind) != end) return poison("it has something behind its record");
  return {};
}

// The version that it was parked with; its record's own sequence number serves where the letter has none.
Result<std::optional<Version>> version_of(const DeadLetter& letter, const Record& record) {
  if (letter.record.version || !record.time) return letter.record.version;
  if (record.sequence.empty()) return poison("it has no version: replay it as a file and drop this one");
  return Versions("").of(record, {});
}

}  // namespace

Result<std::optional<Change>> LetterDecoder::change_of(const DeadLetter& letter) {
  ASSIGN_OR_RETURN(const InputForm form, readable_form(letter));
  const std::string& text = letter.record.record;
  if (!simdjson::validate_utf8(text.data(), text.size())) return poison("it is no valid UTF-8");
  const std::string known = letter.record.table.empty() ? default_table_ : letter.record.table;
  config_.default_table = known;
  RecordDecoder decoder(config_, {form, config_.kinesis_binary});
  const std::string padded = text + std::string(json::json_padding, '\0');
  RETURN_IF_ERROR(read_one(decoder, form, padded, text.size()));
  const Record& record = decoder.record();
  const std::string table = record.table.empty() ? known : std::string(record.table);
  if (table.empty()) return poison("it has a table that is not known: say --table NAME");
  if (!is_table_name(table)) return poison("it names a table that DynamoDB does not allow");
  return make(letter, record, table);
}

Result<std::optional<Change>> LetterDecoder::make(const DeadLetter& letter, const Record& record,
                                                  const std::string& table) {
  const TableRules& rules = config_.rules(table);
  const bool is_remove = record.operation == Record::Operation::remove;
  if (record.ttl_delete && is_remove && rules.skip_ttl_deletes) return std::optional<Change>();
  if (!rules.guard) {
    return poison(
        "it goes where guard: off lets nothing tell whether something newer is there: if not, replay it as a file, "
        "then drop this one");
  }
  ASSIGN_OR_RETURN(std::optional<Version> version, version_of(letter, record));
  Change change;
  if (const auto fault = maker_.make(record, rules, std::move(version), change)) return poison(describe(*fault));
  ASSIGN_OR_RETURN(change.destination, destinations_.of_parked(table, letter.record.to));
  return std::optional<Change>(std::move(change));
}

}  // namespace dynatlas
