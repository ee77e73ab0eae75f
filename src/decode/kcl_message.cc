// SPDX-License-Identifier: Apache-2.0
#include "decode/kcl_message.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/printable.h"
#include "decode/members.h"

namespace dynatlas {

using json::for_each_element;
using json::for_each_member;
using json::skip;
using json::skip_blanks;
using json::Text;

namespace {

constexpr std::size_t shown_max = 64;

constexpr std::array<std::pair<std::string_view, KclMessage::Action>, 7> actions = {{
    {"initialize", KclMessage::Action::initialize},
    {"processRecords", KclMessage::Action::process_records},
    {"leaseLost", KclMessage::Action::lease_lost},
    {"shardEnded", KclMessage::Action::shard_ended},
    {"shutdownRequested", KclMessage::Action::shutdown_requested},
    {"shutdown", KclMessage::Action::shutdown},
    {"checkpoint", KclMessage::Action::checkpoint},
}};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What AWS allows in the id of a shard; it needs no escapes in JSON.
bool is_shard_id(std::string_view text) {
  const auto allowed = [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

// A string, or another value, which leaves `text` as it is.
const char* read_text(const char* in, std::string& text) {
  Text read;
  const char* behind = read.read(in);
  if (!read.empty()) text = read.view();
  return behind;
}

// A string that is passed on as it stands, with its quotes.
const char* read_quoted(const char* in, std::string_view& quoted) {
  const char* behind = *in == '"' ? skip(in) : nullptr;
  if (behind != nullptr) quoted = {in, static_cast<std::size_t>(behind - in)};
  return behind;
}

const char* read_sequence(const char* in, std::string_view& sequence) {
  std::string_view quoted;
  const char* behind = read_quoted(in, quoted);
  if (behind == nullptr) return nullptr;
  sequence = quoted.substr(1, quoted.size() - 2);
  return is_number(sequence) ? behind : nullptr;
}

// A whole number, or null.
const char* read_count(const char* in, std::uint64_t& count) {
  const char* behind = skip(in);
  if (behind == nullptr || *in == 'n') return behind;
  const auto [stopped, fault] = std::from_chars(in, behind, count);
  return fault == std::errc{} && stopped == behind ? behind : nullptr;
}

// The first part has the sub-sequence number 0, as a record that is none has: then others of its number follow it. Each
// delivery that holds that part holds them, so that it gets the same version each time.
void mark_parts(std::vector<KclRecord>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool has_others = i + 1 < records.size() && records[i + 1].place.sequence == records[i].place.sequence;
    records[i].is_part = records[i].place.sub_sequence > 0 || has_others;
  }
}

}  // namespace

KclMessage::KclMessage(std::string_view line) : text_(line.begin(), line.end()), size_(line.size()) {
  text_.resize(size_ + json::json_padding, '\0');
}

const char* KclMessage::read_record(const char* in) {
  KclRecord record;
  std::string scratch;
  const char* behind = for_each_member(in, scratch, [&](std::string_view name, const char* value) -> const char* {
    // A record with nothing in it is poison, and no reason to stop the daemon.
    if (*value == 'n' && (name == "data" || name == "partitionKey")) return skip(value);
    if (name == "data") return read_quoted(value, record.data);
    if (name == "partitionKey") return read_quoted(value, record.partition_key);
    if (name == "sequenceNumber") return read_sequence(value, record.place.sequence);
    if (name == "subSequenceNumber") return read_count(value, record.place.sub_sequence);
    return skip(value);
  });
  if (behind == nullptr || record.place.sequence.empty()) return nullptr;
  records_.push_back(record);
  return behind;
}

const char* KclMessage::read_records(const char* in) {
  return for_each_element(in, [this](const char* element) { return read_record(element); });
}

const char* KclMessage::read_member(std::string_view name, const char* in) {
  if (name == "action") return read_text(in, action_name_);
  if (name == "shardId") return read_text(in, shard_);
  if (name == "reason") return read_text(in, reason_);
  if (name == "error") return read_text(in, error_);
  if (name == "records") return read_records(in);
  return skip(in);
}

Result<void> KclMessage::check() {
  const auto* found =
      std::find_if(actions.begin(), actions.end(), [&](const auto& action) { return action.first == action_name_; });
  if (found == actions.end()) {
    return fatal(
        fmt::format("the MultiLangDaemon asks for `{}`, which is not known: use version 2 or 3 of "
                    "amazon-kinesis-client-multilang, or a newer dynatlas",
                    printable(std::string_view(action_name_).substr(0, shown_max))));
  }
  action_ = found->second;
  if (action_ == Action::initialize && !is_shard_id(shard_))
    return fatal("the MultiLangDaemon named no shard when it began");
  return {};
}

Result<KclMessage> KclMessage::read(std::string_view line) {
  KclMessage message(line);
  const char* begin = message.text_.data();
  std::string scratch;
  const char* behind = for_each_member(skip_blanks(begin), scratch, [&](std::string_view name, const char* value) {
    return message.read_member(name, value);
  });
  const bool whole = behind != nullptr && skip_blanks(behind) == begin + message.size_;
  if (!whole || !simdjson::validate_utf8(begin, message.size_))
    return fatal("standard input is no message of Amazon's MultiLangDaemon, which starts this verb");
  RETURN_IF_ERROR(message.check());
  mark_parts(message.records_);
  return message;
}

std::string kcl_status(const KclMessage& answered) {
  return fmt::format(R"({{"action":"status","responseFor":"{}"}})", answered.action_name());
}

std::string kcl_checkpoint(const std::optional<KclPlace>& place) {
  if (!place) return R"({"action":"checkpoint","sequenceNumber":null,"subSequenceNumber":null})";
  return fmt::format(R"({{"action":"checkpoint","sequenceNumber":"{}","subSequenceNumber":{}}})", place->sequence,
                     place->sub_sequence);
}

std::string kcl_event(std::string_view stream, std::string_view shard, std::span<const KclRecord> records) {
  std::string event = R"({"Records":[)";
  for (const KclRecord& record : records) {
    const std::string part = record.is_part ? fmt::format(R"("subSequenceNumber":{},)", record.place.sub_sequence) : "";
    fmt::format_to(
        std::back_inserter(event),
        R"({}{{"kinesis":{{"partitionKey":{},"sequenceNumber":"{}",{}"data":{}}},"eventSource":"aws:kinesis","eventID":"{}:{}","eventSourceARN":"{}"}})",
        event.ends_with('[') ? "" : ",", record.partition_key, record.place.sequence, part, record.data, shard,
        record.place.sequence, stream);
  }
  return event + "]}";
}

}  // namespace dynatlas
