// SPDX-License-Identifier: Apache-2.0
#include "simulation/event_text.h"

#include <fmt/format.h>

#include "support/aggregate.h"
#include "support/text_base64.h"

namespace dynatlas::simulation {

namespace {

constexpr std::int64_t microseconds_a_second = 1'000'000;

std::string shard_id(const PlannedChange& change) { return fmt::format("shardId-{:012}", change.shard); }

// As Table::key_of() stores it.
std::string key_json(const Plan& plan, int key) {
  switch (plan.key_form) {
    case 0:
      return fmt::format(R"("pk":{{"S":"{}"}})", static_cast<char>('a' + key));
    case 1:
      return fmt::format(R"("pk":{{"N":"{}"}})", key);
    default:
      return fmt::format(R"("h":{{"S":"a"}},"r":{{"N":"{}"}})", key);
  }
}

std::string image_json(const Plan& plan, const PlannedChange& change) {
  const char* poison = change.unreadable ? R"(,"bad":{"N":"1.2.3"})"
                       : change.poison   ? R"(,"poison":{"BOOL":true})"
                                         : "";
  return fmt::format(R"({{{},"v":{{"N":"{}"}},"u":{{"N":"{}"}}{}}})", key_json(plan, change.key), change.value,
                     change.unique, poison);
}

// The members of `dynamodb` that both kinds of streams have, but for the time.
std::string change_json(const Plan& plan, const PlannedChange& change) {
  const std::string image = change.removes ? "" : R"(,"NewImage":)" + image_json(plan, change);
  return fmt::format(R"("Keys":{{{}}}{},"SizeBytes":26)", key_json(plan, change.key), image);
}

const char* event_name(const PlannedChange& change) { return change.removes ? "REMOVE" : "MODIFY"; }

// A remove has no image to be damaged.
std::string kinesis_data(const Plan& plan, const PlannedChange& change) {
  if (change.unreadable && change.removes) return R"({"awsRegion":"eu-west-1","eventName")";
  return fmt::format(
      R"({{"awsRegion":"eu-west-1","eventID":"e1","eventName":"{}","userIdentity":null,"recordFormat":"application/json","tableName":"items","dynamodb":{{"ApproximateCreationDateTime":{},"ApproximateCreationDateTimePrecision":"MICROSECOND",{}}},"eventSource":"aws:dynamodb"}})",
      event_name(change), change.version->t, change_json(plan, change));
}

std::string kinesis_record(const Plan& plan, const PlannedChange& first, const std::string& data) {
  return fmt::format(
      R"({{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"0AB18464","sequenceNumber":"{}","data":"{}","approximateArrivalTimestamp":1700000000.4}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"{}:{}","eventName":"aws:kinesis:record","awsRegion":"eu-west-1","eventSourceARN":"{}"}})",
      first.sequence, text_base64_encode(data), shard_id(first), first.sequence, stream_arn(plan));
}

std::string streams_record(const Plan& plan, const PlannedChange& change) {
  const bool has_no_keys = change.unreadable && change.removes;
  return fmt::format(
      R"({{"eventID":"c4ca4238","eventName":"{}","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1","dynamodb":{{"ApproximateCreationDateTime":{},"StreamViewType":"NEW_AND_OLD_IMAGES","SequenceNumber":"{}",{}}},"eventSourceARN":"{}"}})",
      event_name(change), change.version->t / microseconds_a_second, change.sequence,
      has_no_keys ? R"("SizeBytes":26)" : change_json(plan, change), stream_arn(plan));
}

// The record that begins at `at`, which is left behind it.
std::string next_record(const Plan& plan, std::span<const std::size_t> batch, std::size_t& at) {
  const PlannedChange& first = plan.history[batch[at++]];
  if (plan.function->of_streams) return streams_record(plan, first);
  if (!first.part) return kinesis_record(plan, first, kinesis_data(plan, first));
  std::vector<std::string> parts{kinesis_data(plan, first)};
  for (; at < batch.size() && plan.history[batch[at]].part.value_or(0) > 0; ++at)
    parts.push_back(kinesis_data(plan, plan.history[batch[at]]));
  return kinesis_record(plan, first, aggregate_of(parts));
}

}  // namespace

const std::string& stream_arn(const Plan& plan) {
  static const std::string kinesis = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc";
  static const std::string streams =
      "arn:aws:dynamodb:eu-west-1:111122223333:table/items/stream/2023-11-14T00:00:00.000";
  return plan.function->of_streams ? streams : kinesis;
}

std::string letter_id_of(const Plan& plan, const PlannedChange& change) {
  if (plan.function->of_streams) return stream_arn(plan) + ":" + change.sequence;
  const std::string part = change.part ? fmt::format(":{}", *change.part) : "";
  return fmt::format("{}:{}:{}{}", stream_arn(plan), shard_id(change), change.sequence, part);
}

std::string event_text(const Plan& plan, std::span<const std::size_t> batch) {
  std::string records;
  for (std::size_t at = 0; at < batch.size();) {
    if (at > 0) records += ',';
    records += next_record(plan, batch, at);
  }
  return fmt::format(R"({{"Records":[{}]}})", records);
}

std::string tick_text() {
  return R"({"version":"0","detail-type":"Scheduled Event","source":"aws.events","region":"eu-west-1","detail":{}})";
}

}  // namespace dynatlas::simulation
