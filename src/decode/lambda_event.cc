// SPDX-License-Identifier: Apache-2.0
#include "decode/lambda_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "base/printable.h"
#include "decode/members.h"

namespace dynatlas {

using json::for_each_member;
using json::skip;
using json::skip_blanks;
using json::Text;

namespace {

constexpr std::size_t source_shown_max = 64;

// "shardId-000000000000:4966.." of Kinesis; an event id of DynamoDB Streams is no such thing.
std::string shard_of(std::string_view event_id) {
  const std::size_t colon = event_id.find(':');
  return std::string(event_id.substr(0, colon == std::string_view::npos ? 0 : colon));
}

// The string member `wanted` of the object at `in`; other values are passed over.
const char* read_member_of(const char* in, std::string_view wanted, Text& text) {
  if (*in != '{') return skip(in);
  std::string scratch;
  return for_each_member(in, scratch, [&](std::string_view name, const char* value) {
    return name == wanted ? text.read(value) : skip(value);
  });
}

}  // namespace

LambdaEvent::LambdaEvent(std::string_view text) : text_(text.begin(), text.end()), size_(text.size()) {
  text_.resize(size_ + json::json_padding, '\0');
}

const char* LambdaEvent::read_record(const char* in) {
  Text sequence;
  Text event_id;
  Text source;
  Text stream;
  std::string scratch;
  const char* behind = for_each_member(in, scratch, [&](std::string_view name, const char* value) -> const char* {
    if (name == "kinesis") return read_member_of(value, "sequenceNumber", sequence);
    if (name == "dynamodb") return read_member_of(value, "SequenceNumber", sequence);
    if (name == "eventID") return event_id.read(value);
    if (name == "eventSource") return source.read(value);
    if (name == "eventSourceARN") return stream.read(value);
    return skip(value);
  });
  if (behind == nullptr) return nullptr;
  const bool is_kinesis = source.view() == "aws:kinesis";
  if (!is_kinesis && source.view() != "aws:dynamodb") foreign_ = source.empty() ? "nobody" : source.view();
  EventRecord record;
  record.text = {in, static_cast<std::size_t>(behind - in)};
  record.sequence = sequence.view();
  record.stream = stream.view();
  if (is_kinesis) record.shard = shard_of(event_id.view());
  records_.push_back(std::move(record));
  return behind;
}

const char* LambdaEvent::read_records(const char* in) {
  if (*in != '[') return nullptr;
  has_records_ = true;
  in = skip_blanks(in + 1);
  if (*in == ']') return in + 1;
  for (;;) {
    in = read_record(in);
    if (in == nullptr) return nullptr;
    in = skip_blanks(in);
    if (*in == ']') return in + 1;
    if (*in != ',') return nullptr;
    in = skip_blanks(in + 1);
  }
}

const char* LambdaEvent::read_member(std::string_view name, const char* in) {
  if (name == "Records") return read_records(in);
  if (name == "window") has_window_ = true;
  if (name == "source") {
    Text source;
    const char* behind = source.read(in);
    source_ = source.view();
    return behind;
  }
  const char* behind = skip(in);
  if (name == "state" && behind != nullptr && *in == '{') state_ = {in, static_cast<std::size_t>(behind - in)};
  return behind;
}

Error LambdaEvent::refusal() const {
  const std::string_view invoked = foreign_.empty() ? std::string_view(source_) : std::string_view(foreign_);
  const std::string by =
      invoked.empty() ? "" : fmt::format(", but comes from {}", printable(invoked.substr(0, source_shown_max)));
  return usage(fmt::format(
      "the event is none of Kinesis, DynamoDB Streams or an EventBridge schedule{}: correct what invokes the function",
      by));
}

Result<LambdaEvent> LambdaEvent::read(std::string_view text) {
  LambdaEvent event(text);
  const char* begin = event.text_.data();
  std::string scratch;
  const char* behind = for_each_member(skip_blanks(begin), scratch, [&event](std::string_view name, const char* value) {
    return event.read_member(name, value);
  });
  const bool whole = behind != nullptr && skip_blanks(behind) == event.end();
  if (!whole || !simdjson::validate_utf8(begin, event.size_)) {
    if (!event.source_.empty() || !event.foreign_.empty()) return event.refusal();
    return usage("the event is no JSON object with an array of records: correct what invokes the function");
  }
  const bool is_tick = event.source_ == "aws.events" || event.source_ == "aws.scheduler";
  if (!event.has_records_ && is_tick) {
    event.kind_ = Kind::scheduled;
    return event;
  }
  if (!event.has_records_ || !event.foreign_.empty()) return event.refusal();
  if (event.has_window_ && event.state_.empty()) event.state_ = "{}";
  if (!event.has_window_) event.state_ = {};
  return event;
}

}  // namespace dynatlas
