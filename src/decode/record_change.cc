// SPDX-License-Identifier: Apache-2.0
//
// The changes that Kinesis Data Streams and DynamoDB Streams deliver.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "decode/aggregated_record.h"
#include "decode/json.h"
#include "decode/record.h"
#include "decode/record_time.h"

namespace dynatlas {

namespace {

using json::for_each_member;
using json::skip;
using json::skip_blanks;

constexpr std::int64_t microseconds_a_second = 1'000'000;

// What a Streams record says of itself against a Kinesis record: where neither its other members tell.
constexpr double seconds_max = 1e11;

// Above this an unmarked time cannot be milliseconds (it would be the year 5138).
constexpr double milliseconds_max = 1e14;

// The members that say something of a change.
enum class Member : std::uint8_t {
  other,
  dynamodb,
  event_name,
  table_name,
  record_format,
  event_version,
  event_source_arn,
  user_identity,
  kinesis,
  data,
  sequence_number,
};

// By length first: each record has a dozen members, most of which say nothing.
Member member_of(std::string_view name) {
  switch (name.size()) {
    case 4:
      return name == "Data" ? Member::data : Member::other;
    case 7:
      return name == "kinesis" ? Member::kinesis : Member::other;
    case 8:
      return name == "dynamodb" ? Member::dynamodb : Member::other;
    case 9:
      return name == "eventName" ? Member::event_name : name == "tableName" ? Member::table_name : Member::other;
    case 12:
      return name == "recordFormat"   ? Member::record_format
             : name == "eventVersion" ? Member::event_version
             : name == "userIdentity" ? Member::user_identity
                                      : Member::other;
    case 14:
      return name == "eventSourceARN"   ? Member::event_source_arn
             : name == "SequenceNumber" ? Member::sequence_number
                                        : Member::other;
    default:
      return Member::other;
  }
}

// Eight at a time: Kinesis's sequence numbers have 56 digits.
bool is_digits(std::string_view text) {
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    // A digit is 0x30 to 0x39: its high half is 3, and stays so when 6 is added.
    const std::uint64_t high_halves =
        (word & 0xF0F0F0F0F0F0F0F0U) | ((word + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) >> 4;
    if (high_halves != 0x3333333333333333U) return false;
    text.remove_prefix(8);
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A sequence number in its one form; empty where it is none. 999 digits is what a version can say
// (docs/type-mapping.md).
std::string_view normalised_sequence(std::string_view digits) {
  if (digits.empty() || !is_digits(digits)) return {};
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits.size() > 999 ? std::string_view{} : digits;
}

// The table's name in arn:aws:dynamodb:region:account:table/NAME/stream/LABEL.
std::string_view table_of_arn(std::string_view arn) {
  const std::size_t begin = arn.find(":table/");
  if (begin == std::string_view::npos) return {};
  arn.remove_prefix(begin + 7);
  return arn.substr(0, arn.find('/'));
}

}  // namespace

void RecordDecoder::ChangeParts::clear() {
  body = new_image = nullptr;
  body_read = has_data = kinesis_sign = streams_sign = ttl_delete = false;
  for (json::Text* text : {&data, &sequence, &event_name, &table, &arn, &precision, &body_sequence}) text->clear();
  time = {};
  sub_sequence.reset();
}

const char* RecordDecoder::read_kinesis_envelope(const char* in, ChangeParts& parts) {
  return for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "data") return read_data(value, parts);
    if (name == "sequenceNumber") return parts.sequence.read(value);
    if (name == "subSequenceNumber") return json::read_whole(value, parts.sub_sequence);
    return skip(value);
  });
}

const char* RecordDecoder::read_data(const char* in, ChangeParts& parts) {
  if (*in != '"') return skip(in);
  parts.has_data = true;
  return parts.data.read(in);
}

const char* RecordDecoder::read_user_identity(const char* in, ChangeParts& parts) {
  if (*in != '{') return skip(in);
  json::Text type;
  json::Text principal;
  const char* behind = for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "type" || name == "Type") return type.read(value);
    if (name == "principalId" || name == "PrincipalId") return principal.read(value);
    return skip(value);
  });
  parts.ttl_delete = type.view() == "Service" && principal.view() == "dynamodb.amazonaws.com";
  return behind;
}

const char* RecordDecoder::read_change_member(std::string_view name, const char* in, const char* text_end,
                                              ChangeParts& parts) {
  switch (member_of(name)) {
    case Member::dynamodb: {
      if (parts.body != nullptr) return fail("has dynamodb twice");
      parts.body = in;
      // What decides how the images are read stands before them in Kinesis's records; else they are read at the end.
      const bool settled = parts.kinesis_sign && !parts.table.empty() && options_.form != InputForm::streams;
      if (!settled) return skip(in);
      parts.body_read = true;
      record_.table = parts.table.view();
      return read_body(in, text_end, Record::Form::kinesis, parts);
    }
    case Member::event_name:
      return parts.event_name.read(in);
    case Member::table_name:
      parts.kinesis_sign = true;
      return parts.table.read(in);
    case Member::record_format:
      parts.kinesis_sign = true;
      return skip(in);
    case Member::event_version:
      parts.streams_sign = true;
      return skip(in);
    case Member::event_source_arn:
      return parts.arn.read(in);
    case Member::user_identity:
      return read_user_identity(in, parts);
    case Member::kinesis:
      return *in == '{' ? read_kinesis_envelope(in, parts) : skip(in);
    case Member::data:
      return read_data(in, parts);
    case Member::sequence_number:
      return parts.sequence.read(in);
    case Member::other:
      break;
  }
  return skip(in);
}

const char* RecordDecoder::decode_change(const char* in, const char* text_end) {
  clear();
  return decode_change(in, text_end, nullptr);
}

const char* RecordDecoder::decode_change(const char* in, const char* text_end, const ChangeParts* envelope) {
  ChangeParts& parts = envelope == nullptr ? change_ : inner_change_;
  parts.clear();
  const char* behind = for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) {
    return read_change_member(name, value, text_end, parts);
  });
  if (behind == nullptr) {
    if (fault_.cause.empty()) return fail("is no valid JSON object");
    return keep_known_numbers(envelope, parts), nullptr;
  }
  if (parts.has_data && parts.body == nullptr) {
    if (envelope != nullptr) return fail("is a Kinesis record inside of a Kinesis record");
    return decode_data(parts) ? behind : nullptr;
  }
  if (parts.body == nullptr) return fail("is no change record: it has no dynamodb object");
  if (!parts.body_read && !read_body_late(text_end, envelope != nullptr, parts))
    return keep_known_numbers(envelope, parts), nullptr;
  record_.ttl_delete = parts.ttl_delete;
  return take_numbers(envelope, parts) && take_event_name(parts) ? behind : nullptr;
}

// Kinesis delivers a change as base64 of its JSON.
bool RecordDecoder::decode_data(const ChangeParts& parts) {
  data_.clear();
  data_.reserve_more(base64_decoded_room(parts.data.view().size()) + json::json_padding);
  const std::size_t size = base64_decode(parts.data.view(), data_.data());
  if (size == base64_invalid) return fail("has data that is no valid base64"), false;
  std::memset(data_.data() + size, 0, json::json_padding);
  const char* begin = reinterpret_cast<const char*>(data_.data());
  if (is_aggregated({begin, size})) return unpack_data({begin, size}, parts);
  if (!simdjson::validate_utf8(begin, size)) return fail("has data that is no valid UTF-8"), false;
  const char* in = skip_blanks(begin);
  if (*in != '{') return fail("has data that is no JSON object of a DynamoDB change"), false;
  in = decode_change(in, begin + size, &parts);
  if (in == nullptr) return explain_broken_data(begin, size), false;
  if (skip_blanks(in) != begin + size) return fail("has data with something behind its JSON object"), false;
  return true;
}

// Leaves what to read next in `aggregated_event_`, or the fault: it is not decoded itself.
bool RecordDecoder::unpack_data(std::string_view data, const ChangeParts& parts) {
  if (parts.sub_sequence) return fail("is an aggregated record inside of an aggregated record"), false;
  const std::string_view sequence = parts.sequence.view();
  if (!sequence.empty() && !take_sequence(sequence)) return false;
  const auto records = unpack_aggregated(data);
  if (!records) return fail("is an aggregated record whose protocol buffer is damaged"), false;
  if (records->size() > aggregated_records_max)
    return fail(fmt::format("is an aggregated record of more than {} records", aggregated_records_max)), false;
  aggregated_event_ = event_of_aggregated(record_.sequence, *records);
  return false;
}

// What the decoder could not read may be no JSON at all: that says more.
void RecordDecoder::explain_broken_data(const char* begin, std::size_t size) {
  const char* stopped = nullptr;
  if (json::skip_value(skip_blanks(begin), stopped) != nullptr) return;
  fail(stopped >= begin + size ? "has data whose JSON is cut off" : "has data that is no valid JSON");
}

// The time and the numbers that order a change among others.
bool RecordDecoder::take_numbers(const ChangeParts* envelope, const ChangeParts& parts) {
  std::int64_t unit = microseconds_a_second;
  if (record_.form == Record::Form::kinesis) {
    const bool unmarked = parts.precision.empty();
    const bool fine = unmarked ? parts.time.number > milliseconds_max : parts.precision.view() == "MICROSECOND";
    unit = fine ? 1 : 1000;
  }
  record_.time = in_microseconds(parts.time, unit);
  if (!record_.time) return fail("has no readable ApproximateCreationDateTime"), false;
  if (record_.form == Record::Form::streams) return take_sequence(parts.body_sequence.view());
  if (envelope == nullptr) return true;
  record_.sub_sequence = envelope->sub_sequence.value_or(0);
  return take_sequence(envelope->sequence.view());
}

// Of a change that is refused: where in the stream it stood, which may be said behind what is wrong with it.
void RecordDecoder::keep_known_numbers(const ChangeParts* envelope, ChangeParts& parts) {
  if (parts.body == nullptr) return;
  const RecordFault fault = fault_;
  for_each_member(parts.body, scratch_,
                  [&](std::string_view name, const char* value) { return read_body_number(name, value, parts); });
  take_numbers(envelope, parts);
  fault_ = fault;
}

bool RecordDecoder::take_sequence(std::string_view digits) {
  if (digits.empty()) return true;
  record_.sequence = normalised_sequence(digits);
  if (record_.sequence.empty()) return fail("has a sequence number that is no number"), false;
  return true;
}

bool RecordDecoder::take_event_name(const ChangeParts& parts) {
  const bool has_image = parts.new_image != nullptr;
  const std::string_view name = parts.event_name.view();
  if (name == "REMOVE") {
    record_.operation = Record::Operation::remove;
    return true;
  }
  if (name != "INSERT" && name != "MODIFY") {
    return fail("has an eventName other than INSERT, MODIFY and REMOVE"), false;
  }
  record_.operation = Record::Operation::upsert;
  if (has_image) return true;
  // What DynamoDB writes to Kinesis always has it (AWS, "Using Kinesis Data Streams to capture changes to DynamoDB").
  if (record_.form == Record::Form::kinesis) return fail("has no NewImage"), false;
  return fail("has no NewImage: the stream's view type must be NEW_IMAGE or NEW_AND_OLD_IMAGES", {}, ErrorKind::fatal),
         false;
}

// Reads `dynamodb` where what decides how came behind it.
bool RecordDecoder::read_body_late(const char* text_end, bool inside_data, ChangeParts& parts) {
  if (*parts.body != '{') return fail("has a dynamodb that is no object"), false;
  const std::string_view arn = parts.arn.view();
  const std::string_view arn_table = table_of_arn(arn);
  record_.table = parts.table.empty() ? arn_table : parts.table.view();
  if (!arn_table.empty() && arn.find("/stream/") != std::string_view::npos) {
    parts.streams_sign = true;
    record_.stream_arn = arn;
  }
  return read_body(parts.body, text_end, form_of(inside_data, parts), parts) != nullptr;
}

Record::Form RecordDecoder::form_of(bool inside_data, const ChangeParts& parts) {
  if (options_.form == InputForm::kinesis || parts.kinesis_sign) return Record::Form::kinesis;
  if (options_.form == InputForm::streams || parts.streams_sign) return Record::Form::streams;
  bool has_sequence = false;
  RawTime time;
  for_each_member(parts.body, scratch_, [&](std::string_view name, const char* value) {
    has_sequence |= name == "SequenceNumber";
    return name == "ApproximateCreationDateTime" ? read_time(value, time) : skip(value);
  });
  if (has_sequence) return Record::Form::streams;
  return inside_data || time.number > seconds_max ? Record::Form::kinesis : Record::Form::streams;
}

const char* RecordDecoder::read_body_number(std::string_view name, const char* in, ChangeParts& parts) {
  if (name == "ApproximateCreationDateTime") return read_time(in, parts.time);
  if (name == "ApproximateCreationDateTimePrecision") return parts.precision.read(in);
  if (name == "SequenceNumber") return parts.body_sequence.read(in);
  return skip(in);
}

const char* RecordDecoder::read_body(const char* in, const char* text_end, Record::Form form, ChangeParts& parts) {
  record_.form = form;
  const auto binary = form == Record::Form::kinesis ? options_.kinesis_binary : ItemDecoder::Binary::once;
  bool image_read = false;
  const auto read_image = [&]() {
    watch_received_keys();
    image_read = true;
    return decode_image(parts.new_image, text_end, binary);
  };
  const char* behind = for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "Keys") return decode_keys(value, text_end, binary);
    if (name == "NewImage") {
      if (parts.new_image != nullptr) return fail("has NewImage twice");
      if (*value == 'n') return skip(value);  // null: there is none
      parts.new_image = value;
      if (record_.keys.empty()) return skip(value);
      return read_image();
    }
    return read_body_number(name, value, parts);
  });
  if (behind == nullptr) return fault_.cause.empty() ? fail("has a dynamodb that is no valid JSON object") : nullptr;
  if (record_.keys.empty()) return fail("has no Keys");
  if (parts.new_image != nullptr && !image_read && read_image() == nullptr) return nullptr;
  if (parts.new_image != nullptr && !check_keys_in_image(text_end, binary)) return nullptr;
  return behind;
}

}  // namespace dynatlas
