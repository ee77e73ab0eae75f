// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The words of Amazon's MultiLangDaemon: one JSON object a line.
// Source: awslabs/amazon-kinesis-client, amazon-kinesis-client-multilang, the package `messages`.
namespace dynatlas {

// A place in a shard. The Kinesis Client Library takes aggregated records apart; those of one record have one sequence
// number, and are told apart by their sub-sequence number, from 0.
struct KclPlace {
  std::string_view sequence;
  std::uint64_t sub_sequence = 0;
};

// A record of a message, which its views refer to.
struct KclRecord {
  std::string_view data = R"("")";           // base64, as a JSON string with its quotes
  std::string_view partition_key = R"("")";  // a JSON string with its quotes
  KclPlace place;
  bool is_part = false;  // of an aggregated record
};

// What the daemon sends.
class KclMessage {
 public:
  enum class Action : std::uint8_t {
    initialize,
    process_records,
    lease_lost,
    shard_ended,
    shutdown_requested,
    shutdown,    // of versions before 2
    checkpoint,  // the reply to ours
  };

  // Fatal where it is no message, or one that we do not know; members that we do not know are passed over. The error
  // never shows contents.
  static Result<KclMessage> read(std::string_view line);

  Action action() const { return action_; }
  const std::string& action_name() const { return action_name_; }     // as an answer must repeat it
  const std::string& shard() const { return shard_; }                 // of `initialize`
  const std::string& reason() const { return reason_; }               // of `shutdown`
  const std::string& error() const { return error_; }                 // of `checkpoint`; empty where it worked
  const std::vector<KclRecord>& records() const { return records_; }  // of `process_records`

  KclMessage(KclMessage&&) = default;
  KclMessage& operator=(KclMessage&&) = default;
  KclMessage(const KclMessage&) = delete;  // the views refer to its text
  KclMessage& operator=(const KclMessage&) = delete;

 private:
  explicit KclMessage(std::string_view line);

  const char* read_member(std::string_view name, const char* in);
  const char* read_records(const char* in);
  const char* read_record(const char* in);
  Result<void> check();

  std::vector<char> text_;  // a vector: moving it leaves the bytes where they are
  std::size_t size_ = 0;
  Action action_ = Action::initialize;
  std::string action_name_;
  std::string shard_;
  std::string reason_;
  std::string error_;
  std::vector<KclRecord> records_;
};

// What we send, without the end of the line.
std::string kcl_status(const KclMessage& answered);
std::string kcl_checkpoint(const std::optional<KclPlace>& place);  // none: all that was delivered so far

// The records as a Lambda function would get them (docs/lambda.md), but with `subSequenceNumber` for parts of
// aggregated records, which Lambda does not take apart. `stream` is its ARN, or its name: text that needs no escapes.
std::string kcl_event(std::string_view stream, std::string_view shard, std::span<const KclRecord> records);

}  // namespace dynatlas
