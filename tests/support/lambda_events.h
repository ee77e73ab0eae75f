// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "support/text_base64.h"

namespace dynatlas {

inline constexpr const char* test_stream = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc";

// A Kinesis record of an event, with this payload.
inline std::string kinesis_element_of(const std::string& sequence, const std::string& payload) {
  return fmt::format(
      R"({{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"p","sequenceNumber":"{0}","data":"{1}","approximateArrivalTimestamp":1772442001.4}},"eventSource":"aws:kinesis","eventID":"shardId-000000000007:{0}","eventName":"aws:kinesis:record","eventSourceARN":"{2}"}})",
      sequence, text_base64_encode(payload), test_stream);
}

// DynamoDB's record of an upsert of the item `key`, at this time.
inline std::string change_of(const std::string& key = "a", const std::string& seconds = "1772442001",
                             const std::string& table = "t") {
  return fmt::format(
      R"({{"eventName":"MODIFY","tableName":"{}","recordFormat":"application/json","dynamodb":{{"ApproximateCreationDateTime":{}000000,"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{{"pk":{{"S":"{}"}}}},"NewImage":{{"pk":{{"S":"{}"}}}}}}}})",
      table, seconds, key, key);
}

// A Kinesis record of an event, with such a one.
inline std::string kinesis_element(const std::string& sequence, const std::string& key = "a",
                                   const std::string& seconds = "1772442001", const std::string& table = "t") {
  return kinesis_element_of(sequence, change_of(key, seconds, table));
}

inline std::string poison_element(const std::string& sequence) { return kinesis_element_of(sequence, "no JSON"); }

inline std::string event_of(const std::vector<std::string>& elements, const std::string& members = "") {
  std::string list;
  for (const std::string& element : elements) list += (list.empty() ? "" : ",") + element;
  return fmt::format(R"({{"Records":[{}]{}}})", list, members);
}

}  // namespace dynatlas
