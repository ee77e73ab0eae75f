// SPDX-License-Identifier: Apache-2.0
#include "decode/record.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "decode/json.h"
#include "decode/record_time.h"

namespace dynatlas {

namespace {

using json::expect;
using json::for_each_member;
using json::skip;
using json::skip_blanks;

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

bool begins_change(std::string_view name) {
  return std::find(change_members.begin(), change_members.end(), name) != change_members.end();
}

}  // namespace

void RecordDecoder::clear() {
  record_.form = Record::Form::item;
  record_.operation = Record::Operation::upsert;
  record_.table = {};
  record_.time.reset();
  record_.sequence = {};
  record_.sub_sequence = 0;
  aggregated_event_.clear();
  record_.stream_arn = {};
  if (!record_.keys.empty()) std::swap(record_.keys, used_keys_);
  record_.keys.clear();
  record_.keys_ordered = false;
  record_.ttl_delete = false;
  record_.image = {};
  record_.types = nullptr;
  record_.numbers = {};
  fault_.path.clear();
  fault_.cause.clear();
}

const char* RecordDecoder::fail(std::string_view cause, std::string_view path, ErrorKind kind) {
  fault_.kind = kind;
  fault_.cause = cause;
  fault_.path = path;
  return nullptr;
}

const char* RecordDecoder::fail_as_item_did() { return fail(items_.fault().cause, items_.fault().path); }

// --- images

const ItemRules& RecordDecoder::rules_of(std::string_view table) {
  if (known_rules_ == nullptr || table != known_table_) {
    known_table_ = table;
    known_rules_ = &rules_.item_rules(table);
  }
  return *known_rules_;
}

const char* RecordDecoder::decode_keys(const char* in, const char* text_end, ItemDecoder::Binary binary) {
  if (!record_.keys.empty()) return fail("has Keys twice");
  std::swap(record_.keys, used_keys_);
  const char* behind = items_.decode_keys(in, text_end, binary, record_.keys);
  if (behind != nullptr) return behind;
  record_.keys.clear();
  return fail_as_item_did();
}

// The names to look for in the image are set already.
const char* RecordDecoder::decode_image(const char* image, const char* text_end, ItemDecoder::Binary binary) {
  image_.clear();
  const char* behind = items_.decode(image, text_end, rules_of(record_.table), binary, image_);
  if (behind == nullptr) return fail_as_item_did();
  record_.image = image_.view();
  record_.types = &items_.types();
  record_.numbers = items_.numbers();
  return behind;
}

void RecordDecoder::watch_received_keys() {
  const ItemRules& rules = rules_of(record_.table);
  const std::vector<KeyAttribute>& keys = record_.keys;
  const bool watched =
      watched_by_ == &rules && std::equal(keys.begin(), keys.end(), watched_.begin(), watched_.end(),
                                          [](const auto& key, const auto& name) { return key.name == name; });
  if (watched) return;
  watched_.clear();
  for (const KeyAttribute& key : keys) watched_.push_back(key.name);
  watched_by_ = &rules;
  items_.watch_keys(watched_, rules.names);
}

void RecordDecoder::watch_key_of(const ItemRules& rules) {
  if (watched_by_ == &rules && watched_ == rules.key) return;
  watched_ = rules.key;
  watched_by_ = &rules;
  items_.watch_keys(watched_, rules.names);
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

// Of a bare item: what items_ found of its key.
bool RecordDecoder::read_key_attributes(const ItemRules& rules, const char* text_end) {
  if (!rules.key.empty()) std::swap(record_.keys, used_keys_);
  record_.keys.resize(rules.key.size());
  for (std::size_t i = 0; i < rules.key.size(); ++i) {
    if (!read_key_attribute(i, rules.key[i], text_end)) return record_.keys.clear(), false;
  }
  record_.keys_ordered = true;
  return true;
}

bool RecordDecoder::read_key_attribute(std::size_t i, const std::string& name, const char* text_end) {
  KeyAttribute& key = record_.keys[i];
  key.name = name;
  const char* at = items_.key_at(i);
  if (at == nullptr) return fail("is a key attribute that is missing from the item", name), false;
  if (items_.decode_key_value(at, text_end, ItemDecoder::Binary::once, key) == nullptr)
    return fail_as_item_did(), false;
  return true;
}

const char* RecordDecoder::decode_bare_item(const char* in, const char* text_end, std::string_view table) {
  clear();
  record_.table = table;
  const ItemRules& rules = rules_of(table);
  watch_key_of(rules);
  const char* behind = decode_image(in, text_end, ItemDecoder::Binary::once);
  if (behind != nullptr) return read_key_attributes(rules, text_end) ? behind : nullptr;
  const RecordFault fault = fault_;  // the key may stand before it
  read_key_attributes(rules, text_end);
  fault_ = fault;
  return nullptr;
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

const char* RecordDecoder::read_write_time(const char* in, RawTime& time) {
  return for_each_member(in, scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name != "WriteTimestampMicros") return skip(value);
    if (*value != '{') return read_time(value, time);
    std::string inner;
    return for_each_member(value, inner, [&](std::string_view, const char* number) { return read_time(number, time); });
  });
}

const char* RecordDecoder::decode_incremental(const char* in, const char* text_end) {
  clear();
  record_.form = Record::Form::incremental;
  const char* image = nullptr;
  RawTime time;
  bool has_metadata = false;
  const char* behind = for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) -> const char* {
    if (name == "Keys") return decode_keys(value, text_end, ItemDecoder::Binary::once);
    if (name == "NewImage") {
      if (image != nullptr) return fail("has NewImage twice");
      image = value;
    } else if (name == "Metadata") {
      has_metadata = true;
      const char* end = read_write_time(value, time);
      return end == nullptr ? fail("has no readable WriteTimestampMicros", "Metadata") : end;
    }
    return skip(value);
  });
  if (behind == nullptr) return fault_.cause.empty() ? fail("is no line of an incremental export") : nullptr;
  if (record_.keys.empty()) return fail("has no Keys");
  record_.time = in_microseconds(time, 1);
  if (!record_.time)
    return fail(has_metadata ? "has no readable WriteTimestampMicros" : "has no Metadata with WriteTimestampMicros",
                "Metadata");
  record_.operation = image == nullptr ? Record::Operation::remove : Record::Operation::upsert;
  if (image == nullptr) return behind;
  watch_received_keys();
  if (decode_image(image, text_end, ItemDecoder::Binary::once) == nullptr) return nullptr;
  return check_keys_in_image(text_end, ItemDecoder::Binary::once) ? behind : nullptr;
}

// --- which form it is

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
    if (name == "dynamodb" || name == "kinesis") return decode_change(in, text_end);
    if (!begins_change(name)) return decode_bare_item(in, text_end, {});
  }
  return *at != '[' && begins_change(name) ? decode_change(in, text_end) : nullptr;
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
      return decode_change(in, text_end);
  }
}

// Where a wrapper of one record could be an item with such attribute names too, the valid reading counts; the wrapper's
// cause, and what is known of it, is told where neither is.
const char* RecordDecoder::decode_by_shape(const Shape& shape, const char* in, const char* text_end) {
  const auto as_wrapper = [&] {
    return shape.item          ? decode_item_wrapper(in, text_end)
           : shape.incremental ? decode_incremental(in, text_end)
                               : decode_change(in, text_end);
  };
  if (!shape.item && !shape.incremental && !shape.change) return decode_bare_item(in, text_end, {});
  const char* behind = as_wrapper();
  if (behind == nullptr) behind = decode_bare_item(in, text_end, {});
  return behind != nullptr ? behind : as_wrapper();
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
  if (behind == nullptr && !aggregated_event_.empty()) return {Outcome::aggregated, whole.behind};
  return {behind != nullptr ? Outcome::decoded : Outcome::poison, whole.behind};
}

RecordDecoder::Decoded RecordDecoder::decode_element(const char* in, const char* text_end) {
  clear();
  if (*in == '{') {
    if (const char* behind = decode_change(in, text_end); behind != nullptr) return {Outcome::decoded, behind};
  }
  if (*in != '{') fail("is no JSON object");
  const Decoded whole = pass_over(in, text_end);
  const bool aggregated = whole.outcome == Outcome::poison && !aggregated_event_.empty();
  return aggregated ? Decoded{Outcome::aggregated, whole.behind} : whole;
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
  json::Text payload;
  for_each_member(in, name_scratch_, [&](std::string_view name, const char* value) {
    return name == "payload" ? payload.read(value) : skip(value);
  });
  return std::string(payload.view());
}

}  // namespace dynatlas
