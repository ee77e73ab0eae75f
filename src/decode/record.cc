// SPDX-License-Identifier: Apache-2.0
#include "decode/record.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "base/time_text.h"
#include "decode/json.h"

namespace dynatlas {

namespace {

using json::expect;
using json::skip_blanks;

constexpr std::int64_t microseconds_a_second = 1'000'000;

// Members that a change record, bare or in its envelope, may begin with.
constexpr std::array<std::string_view, 16> change_members = {"awsRegion",
                                                             "eventID",
                                                             "eventName",
                                                             "userIdentity",
                                                             "recordFormat",
                                                             "tableName",
                                                             "eventSource",
                                                             "eventVersion",
                                                             "eventSourceARN",
                                                             "SequenceNumber",
                                                             "Data",
                                                             "PartitionKey",
                                                             "ApproximateArrivalTimestamp",
                                                             "EncryptionType",
                                                             "invokeIdentityArn",
                                                             "dynamodb"};

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Calls visit(name, value) for each member of the object at `in`; visit returns the position behind the value, or null
// to stop. Returns the position behind the object, or null.
template <class Visit>
const char* for_each_member(const char* in, std::string& scratch, Visit&& visit) {
  if (*in != '{') return nullptr;
  in = skip_blanks(in + 1);
  if (*in == '}') return in + 1;
  for (;;) {
    std::string_view name;
    in = json::read_string(in, name, scratch);
    if (in == nullptr || (in = expect(in, ':')) == nullptr) return nullptr;
    in = visit(name, in);
    if (in == nullptr) return nullptr;
    in = skip_blanks(in);
    if (*in == '}') return in + 1;
    if (*in != ',') return nullptr;
    in = skip_blanks(in + 1);
  }
}

const char* skip(const char* in) {
  const char* stopped = nullptr;
  return json::skip_value(in, stopped);
}

// Reads the string at `in` into `text`; another kind of value leaves `text` and is passed over.
const char* read_if_string(const char* in, std::string& text) {
  if (*in != '"') return skip(in);
  std::string scratch;
  std::string_view view;
  in = json::read_string(in, view, scratch);
  if (in != nullptr) text = view;
  return in;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A sequence number in its one form; empty where it is none. 999 digits is what a version can say
// (docs/type-mapping.md).
std::string_view normalised_sequence(std::string_view digits) {
  if (!is_digits(digits)) return {};
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

// What a Streams record says of itself against a Kinesis record: where neither its other members tell.
constexpr double seconds_max = 1e11;

// Above this an unmarked time cannot be milliseconds (it would be the year 5138).
constexpr double milliseconds_max = 1e14;

// A time as it was received: a JSON number in some unit, or the text that the AWS CLI makes of it.
struct RawTime {
  double number = 0;
  std::int64_t whole = 0;  // exact where `is_whole`
  bool is_whole = false;
  bool present = false;
  std::optional<std::int64_t> microseconds;  // of a text
};

void read_number(const char* begin, const char* end, RawTime& time) {
  time.is_whole = std::from_chars(begin, end, time.whole).ptr == end;
  time.present = std::from_chars(begin, end, time.number).ec == std::errc{};
}

const char* read_time(const char* in, RawTime& time) {
  const char* behind = nullptr;
  time = {};
  if (*in == '"') {
    std::string text;
    behind = read_if_string(in, text);
    if (is_digits(text)) {
      read_number(text.data(), text.data() + text.size(), time);
    } else {
      time.microseconds = parse_rfc3339(text);
      time.present = time.microseconds.has_value();
    }
    return behind;
  }
  behind = json::skip_number(in);
  if (behind == nullptr) return skip(in);
  read_number(in, behind, time);
  return behind;
}

std::optional<std::int64_t> in_microseconds(const RawTime& time, std::int64_t unit) {
  if (time.microseconds) return time.microseconds;
  if (!time.present || time.number < 0) return std::nullopt;
  const double product = time.number * static_cast<double>(unit);
  if (product > static_cast<double>(last_microsecond_of_year_9999)) return std::nullopt;
  return time.is_whole ? time.whole * unit : static_cast<std::int64_t>(std::floor(product));
}

}  // namespace

void RecordDecoder::clear() {
  record_.form = Record::Form::item;
  record_.operation = Record::Operation::upsert;
  record_.table = {};
  record_.time.reset();
  record_.sequence = {};
  record_.stream_arn = {};
  record_.keys.clear();
  record_.keys_ordered = false;
  record_.ttl_delete = false;
  record_.image = {};
  record_.types = nullptr;
  fault_ = {};
}

const char* RecordDecoder::fail(std::string_view cause, std::string_view path, ErrorKind kind) {
  fault_.kind = kind;
  fault_.cause = cause;
  fault_.path = path;
  return nullptr;
}

const char* RecordDecoder::fail_as_item_did() { return fail(items_.fault().cause, items_.fault().path); }

// --- images
// -----------------------------------------------------------------------------------------------------------

// The names to look for in the image are set already.
const char* RecordDecoder::decode_image(const char* image, const char* text_end, ItemDecoder::Binary binary) {
  image_.clear();
  const char* behind = items_.decode(image, text_end, rules_.item_rules(record_.table), binary, image_);
  if (behind == nullptr) return fail_as_item_did();
  record_.image = image_.view();
  record_.types = &items_.types();
  return behind;
}

void RecordDecoder::watch_received_keys() {
  watched_.clear();
  for (const KeyAttribute& key : record_.keys) watched_.push_back(key.name);
  items_.watch_keys(watched_, rules_.item_rules(record_.table).names);
}

// A document must stand under the key that its image holds.
bool RecordDecoder::check_keys_in_image(const char* text_end, ItemDecoder::Binary binary) {
  for (std::size_t i = 0; i < record_.keys.size(); ++i) {
    const KeyAttribute& key = record_.keys[i];
    const char* at = items_.key_at(i);
    if (at == nullptr) return fail("is a key attribute that is missing from the new image", key.name), false;
    if (std::memcmp(at, key.json.data(), std::min(key.json.size(), static_cast<std::size_t>(text_end - at))) == 0)
      continue;
    KeyAttribute in_image;
    in_image.name = key.name;
    if (items_.decode_key_value(at, text_end, binary, in_image) == nullptr) return fail_as_item_did(), false;
    if (in_image.type != key.type || in_image.value != key.value) {
      return fail("is a key attribute with another value in the new image than in Keys", key.name), false;
    }
  }
  return true;
}

const char* RecordDecoder::decode_bare_item(const char* in, const char* text_end, std::string_view table) {
  clear();
  record_.table = table;
  const ItemRules& rules = rules_.item_rules(table);
  items_.watch_keys(rules.key, rules.names);
  const char* behind = decode_image(in, text_end, ItemDecoder::Binary::once);
  if (behind == nullptr) return nullptr;
  for (std::size_t i = 0; i < rules.key.size(); ++i) {
    KeyAttribute& key = record_.keys.emplace_back();
    key.name = rules.key[i];
    const char* at = items_.key_at(i);
    if (at == nullptr) return fail("is a key attribute that is missing from the item", key.name);
    if (items_.decode_key_value(at, text_end, ItemDecoder::Binary::once, key) == nullptr) return fail_as_item_did();
  }
  record_.keys_ordered = true;
  return behind;
}

const char* RecordDecoder::decode_item_wrapper(const char* in, const char* text_end) {
  bool found = false;
  bool failed = false;
  const char* behind = for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "ConsumedCapacity" || name == "ResponseMetadata") return skip(value);
    failed = true;
    if (name != "Item") return fail("has a member beside Item that is none of the AWS CLI's");
    if (found) return fail("has Item twice");
    const char* end = decode_bare_item(value, text_end, {});
    found = end != nullptr;
    failed = !found;
    return end;
  });
  if (failed) return nullptr;
  if (behind == nullptr || !found) return fail("is no {\"Item\": {..}}");
  return behind;
}

const char* RecordDecoder::decode_incremental(const char* in, const char* text_end) {
  clear();
  record_.form = Record::Form::incremental;
  const char* image = nullptr;
  RawTime time;
  bool failed = false;
  bool has_metadata = false;
  const char* behind = for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "Keys") {
      if (!record_.keys.empty()) return failed = true, fail("has Keys twice");
      const char* end = items_.decode_keys(value, text_end, ItemDecoder::Binary::once, record_.keys);
      if (end == nullptr) failed = true, fail_as_item_did();
      return end;
    }
    if (name == "NewImage") {
      if (image != nullptr) return failed = true, fail("has NewImage twice");
      image = value;
    } else if (name == "Metadata") {
      has_metadata = true;
      const char* end = for_each_member(value, scratch_, [&](std::string_view member, const char* at) -> const char* {
        if (member != "WriteTimestampMicros") return skip(at);
        if (*at != '{') return read_time(at, time);
        std::string inner;
        return for_each_member(at, inner,
                               [&](std::string_view, const char* number) { return read_time(number, time); });
      });
      if (end == nullptr) failed = true, fail("has no readable WriteTimestampMicros", "Metadata");
      return end;
    }
    return skip(value);
  });
  if (failed) return nullptr;
  if (behind == nullptr) return fail("is no line of an incremental export");
  if (record_.keys.empty()) return fail("has no Keys");
  record_.time = in_microseconds(time, 1);
  if (!record_.time)
    return fail(has_metadata ? "has no readable WriteTimestampMicros" : "has no Metadata with WriteTimestampMicros",
                "Metadata");
  record_.operation = image == nullptr ? Record::Operation::remove : Record::Operation::upsert;
  if (image == nullptr) return behind;
  watch_received_keys();
  if (decode_image(image, text_end, ItemDecoder::Binary::once) == nullptr ||
      !check_keys_in_image(text_end, ItemDecoder::Binary::once))
    return nullptr;
  return behind;
}

// --- changes
// ----------------------------------------------------------------------------------------------------------

const char* RecordDecoder::read_kinesis_envelope(const char* in, ChangeParts& parts) {
  return for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "data") return read_data(value, parts);
    if (name == "sequenceNumber") return read_if_string(value, parts.envelope_sequence);
    return skip(value);
  });
}

const char* RecordDecoder::read_data(const char* in, ChangeParts& parts) {
  json::RawString raw;
  const char* behind = json::read_raw_string(in, raw);
  if (behind == nullptr) return skip(in);
  parts.has_data = true;
  parts.data = json::unescaped(raw, data_text_);
  return behind;
}

const char* RecordDecoder::read_user_identity(const char* in, ChangeParts& parts) {
  if (*in != '{') return skip(in);
  std::string type;
  std::string principal;
  const char* behind = for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "type" || name == "Type") return read_if_string(value, type);
    if (name == "principalId" || name == "PrincipalId") return read_if_string(value, principal);
    return skip(value);
  });
  parts.ttl_delete = type == "Service" && principal == "dynamodb.amazonaws.com";
  return behind;
}

const char* RecordDecoder::read_change_member(std::string_view name, const char* in, const char* text_end,
                                              ChangeParts& parts) {
  if (name == "dynamodb") {
    if (parts.body != nullptr) return fail("has dynamodb twice");
    parts.body = in;
    // What decides how the images are read stands before them in Kinesis's records; else they are read at the end.
    const bool settled = parts.kinesis_sign && !parts.table.empty() && options_.form != InputForm::streams;
    if (!settled) return skip(in);
    parts.body_read = true;
    record_.table = table_ = parts.table;
    return read_body(in, text_end, Record::Form::kinesis, parts);
  }
  if (name == "eventName") return read_if_string(in, parts.event_name);
  if (name == "tableName") return parts.kinesis_sign = true, read_if_string(in, parts.table);
  if (name == "recordFormat") return parts.kinesis_sign = true, skip(in);
  if (name == "eventVersion") return parts.streams_sign = true, skip(in);
  if (name == "eventSourceARN") return read_if_string(in, parts.arn);
  if (name == "userIdentity") return read_user_identity(in, parts);
  if (name == "kinesis" && *in == '{') return read_kinesis_envelope(in, parts);
  if (name == "Data") return read_data(in, parts);
  if (name == "SequenceNumber") return read_if_string(in, parts.envelope_sequence);
  return skip(in);
}

const char* RecordDecoder::decode_change(const char* in, const char* text_end, const ChangeParts* envelope) {
  if (envelope == nullptr) clear();
  ChangeParts parts;
  fault_ = {};
  const char* behind = for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) {
    return read_change_member(name, value, text_end, parts);
  });
  if (behind == nullptr) return fault_.cause.empty() ? fail("is no valid JSON object") : nullptr;
  if (parts.has_data && parts.body == nullptr) {
    if (envelope != nullptr) return fail("is a Kinesis record inside of a Kinesis record");
    return decode_data(parts) ? behind : nullptr;
  }
  if (parts.body == nullptr) return fail("is no change record: it has no dynamodb object");
  if (!parts.body_read && !read_body_late(text_end, envelope != nullptr, parts)) return nullptr;
  if (envelope != nullptr && record_.form == Record::Form::kinesis && !take_sequence(envelope->envelope_sequence))
    return nullptr;
  record_.ttl_delete = parts.ttl_delete;
  return take_event_name(parts) ? behind : nullptr;
}

// Kinesis delivers a change as base64 of its JSON.
bool RecordDecoder::decode_data(const ChangeParts& parts) {
  data_.clear();
  data_.reserve_more(base64_decoded_room(parts.data.size()) + json::json_padding);
  const std::size_t size = base64_decode(parts.data, data_.data());
  if (size == base64_invalid) return fail("has data that is no valid base64"), false;
  std::memset(data_.data() + size, 0, json::json_padding);
  const char* begin = reinterpret_cast<const char*>(data_.data());
  if (!simdjson::validate_utf8(begin, size)) return fail("has data that is no valid UTF-8"), false;
  const char* in = skip_blanks(begin);
  if (*in != '{') return fail("has data that is no JSON object of a DynamoDB change"), false;
  in = decode_change(in, begin + size, &parts);
  if (in == nullptr) return explain_broken_data(begin, size), false;
  if (skip_blanks(in) != begin + size) return fail("has data with something behind its JSON object"), false;
  return true;
}

// What the decoder could not read may be no JSON at all: that says more.
void RecordDecoder::explain_broken_data(const char* begin, std::size_t size) {
  const char* stopped = nullptr;
  if (json::skip_value(skip_blanks(begin), stopped) != nullptr) return;
  fail(stopped >= begin + size ? "has data whose JSON is cut off" : "has data that is no valid JSON");
}

bool RecordDecoder::take_sequence(std::string_view digits) {
  if (digits.empty()) return true;
  sequence_ = normalised_sequence(digits);
  if (sequence_.empty()) return fail("has a sequence number that is no number"), false;
  record_.sequence = sequence_;
  return true;
}

bool RecordDecoder::take_event_name(const ChangeParts& parts) {
  const bool has_image = parts.new_image != nullptr;
  if (parts.event_name == "REMOVE") {
    record_.operation = Record::Operation::remove;
    return true;
  }
  if (parts.event_name != "INSERT" && parts.event_name != "MODIFY") {
    return fail("has an eventName other than INSERT, MODIFY and REMOVE"), false;
  }
  record_.operation = Record::Operation::upsert;
  if (has_image) return true;
  return fail("has no NewImage: the stream's view type must be NEW_IMAGE or NEW_AND_OLD_IMAGES", {}, ErrorKind::fatal),
         false;
}

// Reads `dynamodb` where what decides how came behind it.
bool RecordDecoder::read_body_late(const char* text_end, bool inside_data, ChangeParts& parts) {
  if (*parts.body != '{') return fail("has a dynamodb that is no object"), false;
  const std::string_view arn_table = table_of_arn(parts.arn);
  table_ = parts.table.empty() ? std::string(arn_table) : parts.table;
  record_.table = table_;
  if (!arn_table.empty() && parts.arn.find("/stream/") != std::string::npos) {
    parts.streams_sign = true;
    record_.stream_arn = arn_ = parts.arn;
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

const char* RecordDecoder::read_body(const char* in, const char* text_end, Record::Form form, ChangeParts& parts) {
  record_.form = form;
  const auto binary = form == Record::Form::kinesis ? options_.kinesis_binary : ItemDecoder::Binary::once;
  RawTime time;
  std::string precision;
  std::string sequence;
  bool image_read = false;
  const auto read_image = [&]() {
    watch_received_keys();
    image_read = true;
    return decode_image(parts.new_image, text_end, binary);
  };
  const char* behind = for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "Keys") {
      if (!record_.keys.empty()) return fail("has Keys twice");
      const char* end = items_.decode_keys(value, text_end, binary, record_.keys);
      return end == nullptr ? fail_as_item_did() : end;
    }
    if (name == "NewImage") {
      if (parts.new_image != nullptr) return fail("has NewImage twice");
      parts.new_image = value;
      if (record_.keys.empty()) return skip(value);
      return read_image();
    }
    if (name == "ApproximateCreationDateTime") return read_time(value, time);
    if (name == "ApproximateCreationDateTimePrecision") return read_if_string(value, precision);
    if (name == "SequenceNumber") return read_if_string(value, sequence);
    return skip(value);
  });
  if (behind == nullptr) return fault_.cause.empty() ? fail("has a dynamodb that is no valid JSON object") : nullptr;
  if (record_.keys.empty()) return fail("has no Keys");
  if (parts.new_image != nullptr && !image_read && read_image() == nullptr) return nullptr;
  if (form == Record::Form::streams && !take_sequence(sequence)) return nullptr;
  std::int64_t unit = microseconds_a_second;
  if (form == Record::Form::kinesis)
    unit = precision == "MICROSECOND" || (precision.empty() && time.number > milliseconds_max) ? 1 : 1000;
  record_.time = in_microseconds(time, unit);
  if (!record_.time) return fail("has no readable ApproximateCreationDateTime");
  if (parts.new_image != nullptr && !check_keys_in_image(text_end, binary)) return nullptr;
  return behind;
}

// --- which form it is
// -------------------------------------------------------------------------------------------------

RecordDecoder::Shape RecordDecoder::shape_of(const char* in) const {
  Shape shape;
  bool item = false, others = false, keys = false, image = false, body = false, data = false, sequence = false,
       payload = false, context = false;
  std::string scratch;
  const char* end = for_each_member(in, scratch, [&](std::string_view name, const char* value) -> const char* {
    const bool object = *value == '{';
    if (*value == '[' && (name == "Records" || name == "Items")) shape.page = true;
    if (object && name == "Responses" && is_object_of_arrays(value)) shape.page = true;
    if (shape.page) return nullptr;
    if (name == "Item") {
      item = object;
    } else if (name != "ConsumedCapacity" && name != "ResponseMetadata") {
      others = true;
    }
    keys |= object && name == "Keys";
    image |= object && (name == "NewImage" || name == "OldImage" || name == "Metadata");
    body |= object && (name == "dynamodb" || name == "kinesis");
    data |= *value == '"' && name == "Data";
    sequence |= *value == '"' && name == "SequenceNumber";
    payload |= *value == '"' && name == "payload";
    context |= object && (name == "requestContext" || name == "KinesisBatchInfo" || name == "DDBStreamBatchInfo");
    return skip(value);
  });
  shape.whole = end != nullptr;
  shape.item = item && !others;
  shape.incremental = keys && image;
  shape.change = body || (data && sequence);
  shape.failed_batch = payload && context;
  return shape;
}

// A table's name has at least three characters, so {"Responses": {"L": [..]}} is an item's list.
bool RecordDecoder::is_object_of_arrays(const char* in) {
  in = skip_blanks(in + 1);
  if (*in == '}') return true;
  std::string scratch;
  std::string_view name;
  in = json::read_string(in, name, scratch);
  if (in != nullptr) in = expect(in, ':');
  return in != nullptr && *in == '[' && name.size() >= 3;
}

// The most likely reading, by the first member alone: right for every record but odd ones, which get a second look.
const char* RecordDecoder::decode_at_first_sight(const char* in, const char* text_end) {
  const char* at = skip_blanks(in + 1);
  std::string_view name;
  at = *at == '"' ? json::read_string(at, name, name_scratch_) : nullptr;
  if (at != nullptr) at = expect(at, ':');
  if (at == nullptr) return nullptr;
  if (*at == '{') {
    if (name == "Item") return decode_item_wrapper(in, text_end);
    if (name == "Keys" || name == "NewImage" || name == "OldImage" || name == "Metadata")
      return decode_incremental(in, text_end);
    if (name == "dynamodb" || name == "kinesis") return decode_change(in, text_end, nullptr);
    if (!is_one_of(name, change_members)) return decode_bare_item(in, text_end, {});
  }
  return *at != '[' && is_one_of(name, change_members) ? decode_change(in, text_end, nullptr) : nullptr;
}

const char* RecordDecoder::decode_as_forced(const char* in, const char* text_end) {
  switch (options_.form) {
    case InputForm::item:
      return decode_bare_item(in, text_end, {});
    case InputForm::full_export:
      return decode_item_wrapper(in, text_end);
    case InputForm::incremental:
      return decode_incremental(in, text_end);
    default:
      return decode_change(in, text_end, nullptr);
  }
}

// Where a wrapper of one record could be an item with such attribute names too, the valid reading counts; the wrapper's
// cause is told where neither is.
const char* RecordDecoder::decode_by_shape(const Shape& shape, const char* in, const char* text_end) {
  const char* behind = nullptr;
  if (shape.item) {
    behind = decode_item_wrapper(in, text_end);
  } else if (shape.incremental) {
    behind = decode_incremental(in, text_end);
  } else if (shape.change) {
    behind = decode_change(in, text_end, nullptr);
  } else {
    return decode_bare_item(in, text_end, {});
  }
  if (behind != nullptr) return behind;
  const RecordFault fault = fault_;
  behind = decode_bare_item(in, text_end, {});
  if (behind == nullptr) fault_ = fault;
  return behind;
}

RecordDecoder::Decoded RecordDecoder::decode(const char* in, const char* text_end) {
  clear();
  const bool any = options_.form == InputForm::any;
  const bool forced_single = options_.form == InputForm::item || options_.form == InputForm::full_export ||
                             options_.form == InputForm::incremental;
  if (*in == '{') {
    const char* behind = any             ? decode_at_first_sight(in, text_end)
                         : forced_single ? decode_as_forced(in, text_end)
                                         : nullptr;
    if (behind != nullptr) return {Outcome::decoded, behind};
  }
  Shape shape;
  if (!forced_single) {
    if (*in == '[') return {Outcome::page, in};
    if (*in == '{') shape = shape_of(in);
    if (shape.page) return {Outcome::page, in};
  }
  const Decoded whole = pass_over(in, text_end);
  if (whole.outcome != Outcome::poison) return whole;
  if (*in != '{') return fail("is no JSON object"), whole;
  if (shape.failed_batch && !forced_single) return {Outcome::failed_batch, in};
  const char* behind = any ? decode_by_shape(shape, in, text_end) : decode_as_forced(in, text_end);
  if (options_.form == InputForm::lambda && behind == nullptr) fail("is no event: it has no Records array");
  return {behind != nullptr ? Outcome::decoded : Outcome::poison, whole.behind};
}

RecordDecoder::Decoded RecordDecoder::decode_element(const char* in, const char* text_end) {
  clear();
  if (*in == '{') {
    if (const char* behind = decode_change(in, text_end, nullptr); behind != nullptr) return {Outcome::decoded, behind};
  }
  if (*in != '{') fail("is no JSON object");
  return pass_over(in, text_end);
}

RecordDecoder::Decoded RecordDecoder::decode_item_of(std::string_view table, const char* in, const char* text_end) {
  table_ = table;
  if (const char* behind = decode_bare_item(in, text_end, table_); behind != nullptr) return {Outcome::decoded, behind};
  return pass_over(in, text_end);
}

// After a refusal: is it one whole value at least? The cause stays what it was.
RecordDecoder::Decoded RecordDecoder::pass_over(const char* in, const char* text_end) const {
  const char* stopped = nullptr;
  if (const char* behind = json::skip_value(in, stopped); behind != nullptr) return {Outcome::poison, behind};
  return {stopped >= text_end ? Outcome::unfinished : Outcome::broken, stopped};
}

std::string RecordDecoder::failed_batch_payload(const char* in) {
  std::string payload;
  for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) {
    return name == "payload" ? read_if_string(value, payload) : skip(value);
  });
  return payload;
}

}  // namespace dynatlas
