// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dynatlas {

// One element of an event's `Records`.
struct EventRecord {
  std::string_view text;  // as it stands there; refers to the event, and json::json_padding bytes may be read behind it
  std::string sequence;   // its sequence number as received: what a failure is told by; empty where it has none
  std::optional<std::uint64_t> sub_sequence;  // of a record inside of an aggregated one, which was cut, too: from 0
  std::string shard;                          // of Kinesis, where `eventID` tells it
  std::string stream;                         // the stream's ARN; empty where it names none
};

// What a Lambda function is invoked with, cut into its records (docs/lambda.md, "Events").
class LambdaEvent {
 public:
  enum class Kind {
    records,    // of Kinesis or DynamoDB Streams; maybe none
    scheduled,  // a tick of EventBridge
  };

  // Usage where the text is no event of these kinds; the message names the source, never contents.
  static Result<LambdaEvent> read(std::string text);

  Kind kind() const { return kind_; }
  const std::vector<EventRecord>& records() const { return records_; }

  // Of a tumbling window, whose answer must hold the state: a JSON object, as received; else empty.
  std::string_view window_state() const { return state_; }

  LambdaEvent(LambdaEvent&&) = default;
  LambdaEvent& operator=(LambdaEvent&&) = default;
  LambdaEvent(const LambdaEvent&) = delete;  // the views refer to its text
  LambdaEvent& operator=(const LambdaEvent&) = delete;

 private:
  explicit LambdaEvent(std::string text);

  const char* read_records(const char* in);
  const char* read_record(const char* in);
  bool unpack(const EventRecord& around, std::string_view base64);
  const char* read_member(std::string_view name, const char* in);
  Error refusal() const;

  std::size_t size_ = 0;  // of the text, without its padding
  // With padding, so that it is never short: moving it leaves the bytes where they are.
  std::string text_;
  std::size_t unpacked_records_ = 0;
  std::vector<std::string> unpacked_;  // of aggregated records: events of what is inside of each, with padding
  Kind kind_ = Kind::records;
  std::vector<EventRecord> records_;
  std::string_view state_;
  bool has_records_ = false;
  bool has_window_ = false;
  std::string source_;   // of a scheduled event
  std::string foreign_;  // the source of a record that is none of ours
};

}  // namespace dynatlas
