// SPDX-License-Identifier: Apache-2.0
#include "decode/lambda_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "base/base64.h"
#include "base/printable.h"
#include "decode/aggregated_record.h"
#include "decode/members.h"

namespace dynatlas {

using json::for_each_element;
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

bool has_only_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

std::string padded(std::string text) {
  text.append(json::json_padding, '\0');
  return text;
}

// What a record's `kinesis` or `dynamodb` says of where it stood.
struct Place {
  Text sequence;
  std::optional<std::uint64_t> sub_sequence;
  Text data;

  const char* read_kinesis(const char* in) {
    return read(in, [this](std::string_view name, const char* value) {
      return name == "sequenceNumber"      ? sequence.read(value)
             : name == "subSequenceNumber" ? json::read_whole(value, sub_sequence)
             : name == "data"              ? data.read(value)
                                           : skip(value);
    });
  }
  const char* read_dynamodb(const char* in) {
    return read(in, [this](std::string_view name, const char* value) {
      return name == "SequenceNumber" ? sequence.read(value) : skip(value);
    });
  }

 private:
  template <class Visit>
  static const char* read(const char* in, Visit&& visit) {
    std::string scratch;
    return *in == '{' ? for_each_member(in, scratch, visit) : skip(in);
  }
};

}  // namespace

LambdaEvent::LambdaEvent(std::string text) : size_(text.size()), text_(padded(std::move(text))) {}

const char* LambdaEvent::read_record(const char* in) {
  Place place;
  Text event_id;
  Text source;
  Text stream;
  std::string scratch;
  const char* behind = for_each_member(in, scratch, [&](std::string_view name, const char* value) -> const char* {
    if (name == "kinesis") return place.read_kinesis(value);
    if (name == "dynamodb") return place.read_dynamodb(value);
    if (name == "eventID") return event_id.read(value);
    if (name == "eventSource" || name == "EventSource") return source.read(value);
    if (name == "eventSourceARN") return stream.read(value);
    return skip(value);
  });
  if (behind == nullptr) return nullptr;
  const bool is_kinesis = source.view() == "aws:kinesis";
  if (!is_kinesis && source.view() != "aws:dynamodb") foreign_ = source.empty() ? "nobody" : source.view();
  EventRecord record;
  record.text = {in, static_cast<std::size_t>(behind - in)};
  record.sequence = place.sequence.view();
  record.sub_sequence = place.sub_sequence;
  record.stream = stream.view();
  if (is_kinesis) record.shard = shard_of(event_id.view());
  if (!is_kinesis || !unpack(record, place.data.view())) records_.push_back(std::move(record));
  return behind;
}

// Puts the records inside of an aggregated one in its place. False where it is none, or a damaged one, or was inside of
// another, or holds too many: that is for who decodes it to say.
bool LambdaEvent::unpack(const EventRecord& around, std::string_view base64) {
  if (!base64.starts_with(aggregated_base64) || around.sub_sequence) return false;
  std::vector<std::uint8_t> data(base64_decoded_room(base64.size()));
  const std::size_t size = base64_decode(base64, data.data());
  const std::string_view bytes(reinterpret_cast<const char*>(data.data()), size == base64_invalid ? 0 : size);
  const std::size_t most = aggregated_records_max - unpacked_records_;
  const auto records = is_aggregated(bytes) ? unpack_aggregated(bytes, most) : std::nullopt;
  if (!records || records->size() > most || !has_only_digits(around.sequence)) return false;
  unpacked_records_ += records->size();
  unpacked_.push_back(padded(event_of_aggregated(around.sequence, *records)));
  const std::size_t first = records_.size();
  std::string scratch;
  for_each_member(unpacked_.back().data(), scratch,
                  [this](std::string_view, const char* value) { return read_records(value); });
  for (std::size_t i = first; i < records_.size(); ++i) {
    records_[i].shard = around.shard;
    records_[i].stream = around.stream;
  }
  return true;
}

const char* LambdaEvent::read_records(const char* in) {
  has_records_ = has_records_ || *in == '[';
  return for_each_element(in, [this](const char* element) { return read_record(element); });
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

Result<LambdaEvent> LambdaEvent::read(std::string text) {
  LambdaEvent event(std::move(text));
  const char* begin = event.text_.data();
  std::string scratch;
  const char* behind = for_each_member(skip_blanks(begin), scratch, [&event](std::string_view name, const char* value) {
    return event.read_member(name, value);
  });
  const bool whole = behind != nullptr && skip_blanks(behind) == begin + event.size_;
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
