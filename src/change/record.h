// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "change/bson.h"

namespace dynatlas {

// What BSON alone cannot tell: the value at `path` is a set, or a number kept as a string.
struct TypeTag {
  std::string path;
  std::string_view type;  // SS, NS, BS or N
};

// Numbers of an image that MongoDB holds as something else than the number that DynamoDB had.
struct NumberCounts {
  std::uint64_t rounded = 0;  // to a double, by the policy `double`
  std::uint64_t as_text = 0;  // no type of MongoDB holds all their digits; not those that the policy `string` makes
};

// One key attribute: its source name and its value as it stands in `_id`, which never is a double.
struct KeyAttribute {
  std::string name;
  BsonType type = BsonType::string;
  std::string value;      // the BSON value's bytes
  std::string_view json;  // its typed value as it was received, {"S":".."}; lasts as long as the text
};

// One record, decoded: what happened to which item of which table. Views last until the decoder's next record.
struct Record {
  enum class Form : std::uint8_t { item, incremental, kinesis, streams };
  enum class Operation : std::uint8_t { upsert, remove };

  Form form = Form::item;
  Operation operation = Operation::upsert;
  std::string_view table;            // empty where the record names none
  std::optional<std::int64_t> time;  // µs since 1970 on AWS's clock; whole seconds in `streams`; absent in `item`
  std::string_view sequence;         // digits without leading zeros; empty where the record has no number of its own
  std::uint64_t sub_sequence = 0;    // of a record inside of an aggregated one: which it is, from 0
  std::string_view stream_arn;       // of a DynamoDB stream; empty where unknown
  std::vector<KeyAttribute> keys;    // from `Keys`, in the order received; for items in the order of the rules
  bool keys_ordered = false;         // `keys` are in key-schema order
  bool ttl_delete = false;           // DynamoDB's TTL removed the item
  std::string_view image;            // BSON elements of the new image; empty for a removal
  const std::vector<TypeTag>* types = nullptr;
  NumberCounts numbers;  // of the image
};

// Why a record was refused. `path` is the attribute's path, empty where the fault is not at one attribute.
struct RecordFault {
  ErrorKind kind = ErrorKind::poison;  // usage: the configuration does not say what the record needs
  std::string path;
  std::string cause;
};

}  // namespace dynatlas
