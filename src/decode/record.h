// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "change/record.h"
#include "decode/input_form.h"
#include "decode/item.h"
#include "decode/members.h"
#include "decode/record_time.h"

namespace dynatlas {

struct RecordOptions {
  InputForm form = InputForm::any;
  ItemDecoder::Binary kinesis_binary = ItemDecoder::Binary::twice;
};

// Decodes single records: an item, {"Item":..}, an incremental export line, a record of Kinesis or DynamoDB Streams,
// bare or as an element of an event or a page (docs/file-formats.md shows each). Which one it is, is read off each
// record.
class RecordDecoder {
 public:
  RecordDecoder(const RulesByTable& rules, RecordOptions options) : rules_(rules), options_(options) {}

  enum class Outcome : std::uint8_t {
    decoded,       // record() holds it
    poison,        // fault() says why; the text is one whole JSON value all the same
    page,          // the value is a wrapper of several records: not decoded, and `behind` is where it begins
    failed_batch,  // the value is what Lambda writes to S3 of a failed batch: see failed_batch_payload()
    aggregated,    // the value is a Kinesis record that holds several: see aggregated_event()
    broken,        // no valid JSON
    unfinished,    // the text ended inside the value
  };
  struct Decoded {
    Outcome outcome;
    const char* behind;  // the position behind the value; of what is broken, where
  };

  // Decodes the value at `in`, which stands by itself.
  Decoded decode(const char* in, const char* text_end);

  // Decodes the value at `in`, an element of `Records`.
  Decoded decode_element(const char* in, const char* text_end);

  // Decodes the item at `in`, an element of `Items` or of a table's array in `Responses`.
  Decoded decode_item_of(std::string_view table, const char* in, const char* text_end);

  // What was decoded last; after `poison` what is known of it. Refers to the text and to this decoder.
  const Record& record() const { return record_; }
  const RecordFault& fault() const { return fault_; }

  // The event inside what Lambda writes to S3 of a failed batch, a whole JSON object at `in`. Empty where there is
  // none.
  std::string failed_batch_payload(const char* in);

  // After `aggregated`: an event whose elements are the records inside of it.
  const std::string& aggregated_event() const { return aggregated_event_; }

 private:
  // The top-level members of a value, by name and JSON kind.
  struct Shape {
    bool whole = false;        // read to its end
    bool page = false;         // Records or Items as an array, Responses as an object of arrays
    bool item = false;         // Item as an object, beside nothing but what the AWS CLI adds
    bool incremental = false;  // Keys with an image or Metadata
    bool change = false;       // dynamodb or kinesis as an object, or Data with SequenceNumber
    bool failed_batch = false;
  };
  // The members of a change record, in whatever order they come. Used again for the next record: nothing is allocated
  // for any.
  struct ChangeParts {
    const char* body = nullptr;  // `dynamodb`
    bool body_read = false;
    const char* new_image = nullptr;  // in the body
    bool has_data = false;            // of a Kinesis record: base64
    json::Text data;
    json::Text sequence;                        // of that Kinesis record
    std::optional<std::uint64_t> sub_sequence;  // of a record that was inside of an aggregated one
    json::Text event_name;
    json::Text table;
    json::Text arn;
    json::Text precision;       // in the body
    json::Text body_sequence;   // in the body
    RawTime time;               // in the body
    bool kinesis_sign = false;  // tableName or recordFormat
    bool streams_sign = false;  // eventVersion or a DynamoDB stream's ARN
    bool ttl_delete = false;

    void clear();
  };

  const char* decode_at_first_sight(const char* in, const char* text_end);
  const char* decode_as_forced(const char* in, const char* text_end);
  const char* decode_by_shape(const Shape& shape, const char* in, const char* text_end);
  Shape shape_of(const char* in) const;
  static bool is_object_of_arrays(const char* in);
  Decoded pass_over(const char* in, const char* text_end) const;

  const char* decode_bare_item(const char* in, const char* text_end, std::string_view table);
  bool read_key_attributes(const ItemRules& rules, const char* text_end);
  bool read_key_attribute(std::size_t i, const std::string& name, const char* text_end);
  const char* decode_item_wrapper(const char* in, const char* text_end);
  const char* decode_incremental(const char* in, const char* text_end);
  const char* read_write_time(const char* in, RawTime& time);

  // decode/record_change.cc: changes, bare or in a Kinesis record.
  const char* decode_change(const char* in, const char* text_end);
  // `envelope` is the Kinesis record around the change, null where it stands by itself.
  const char* decode_change(const char* in, const char* text_end, const ChangeParts* envelope);
  const char* read_change_member(std::string_view name, const char* in, const char* text_end, ChangeParts& parts);
  const char* read_kinesis_envelope(const char* in, ChangeParts& parts);
  const char* read_data(const char* in, ChangeParts& parts);
  const char* read_user_identity(const char* in, ChangeParts& parts);
  bool decode_data(const ChangeParts& parts);
  bool unpack_data(std::string_view data, const ChangeParts& parts);
  void explain_broken_data(const char* begin, std::size_t size);
  bool read_body_late(const char* text_end, bool inside_data, ChangeParts& parts);
  const char* read_body(const char* in, const char* text_end, Record::Form form, ChangeParts& parts);
  Record::Form form_of(bool inside_data, const ChangeParts& parts);
  const char* read_body_number(std::string_view name, const char* in, ChangeParts& parts);
  void keep_known_numbers(const ChangeParts* envelope, ChangeParts& parts);
  bool take_numbers(const ChangeParts* envelope, const ChangeParts& parts);
  bool take_sequence(std::string_view digits);
  bool take_event_name(const ChangeParts& parts);

  const ItemRules& rules_of(std::string_view table);
  const char* decode_keys(const char* in, const char* text_end, ItemDecoder::Binary binary);
  const char* decode_image(const char* image, const char* text_end, ItemDecoder::Binary binary);
  void watch_received_keys();
  void watch_key_of(const ItemRules& rules);
  bool check_keys_in_image(const char* text_end, ItemDecoder::Binary binary);
  const char* fail(std::string_view cause, std::string_view path = {}, ErrorKind kind = ErrorKind::poison);
  const char* fail_as_item_did();
  void clear();

  const RulesByTable& rules_;
  RecordOptions options_;
  ItemDecoder items_;
  Record record_;
  RecordFault fault_;
  Buffer image_;
  Buffer data_;  // one Kinesis record's payload, with padding
  std::string aggregated_event_;
  ChangeParts change_;
  ChangeParts inner_change_;  // in a Kinesis record's payload
  std::string table_;
  std::string scratch_;
  std::string name_scratch_;
  std::vector<KeyAttribute> used_keys_;  // of an earlier record: their memory is used again
  std::vector<std::string> watched_;     // what items_ looks for
  const ItemRules* watched_by_ = nullptr;
  std::string known_table_;  // the table of `known_rules_`
  const ItemRules* known_rules_ = nullptr;
};

}  // namespace dynatlas
