// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_applier.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/digest.h"
#include "base/printable.h"
#include "base/table_name.h"
#include "decode/aggregated_record.h"
#include "pipeline/problem.h"

namespace dynatlas {

namespace {

// As replay() cuts them.
constexpr std::size_t batch_changes_max = 4000;
constexpr std::size_t batch_bytes_max = 4 * 1024 * 1024;

// What time is too short for is tried in smaller parts the next time, down to one change: each delivery of an event has
// to get further than the one before.
constexpr std::size_t shrink_by = 4;

constexpr std::size_t told_max = 20;

std::string_view without_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return digits.substr(first == std::string_view::npos ? digits.size() : first);
}

// By number: the digits are not all of one length.
bool is_lower(std::string_view a, std::string_view b) {
  a = without_zeros(a);
  b = without_zeros(b);
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Where the record stood; a dead letter's id. One that does not say it goes by its bytes.
std::string id_of(const EventRecord& record) {
  if (record.stream.empty() || record.sequence.empty()) return "lambda:" + sha256_hex(record.text);
  const std::string shard = record.shard.empty() ? "" : ":" + record.shard;
  const std::string sub_sequence = record.sub_sequence ? fmt::format(":{}", *record.sub_sequence) : "";
  return record.stream + shard + ":" + record.sequence + sub_sequence;
}

// What can be said of a record without its content.
std::optional<RecordFault> fault_of(RecordDecoder::Outcome outcome, const RecordFault& poison) {
  switch (outcome) {
    case RecordDecoder::Outcome::decoded:
      return std::nullopt;
    case RecordDecoder::Outcome::poison:
      return poison;
    case RecordDecoder::Outcome::page:
    case RecordDecoder::Outcome::failed_batch:
      return RecordFault{ErrorKind::poison, {}, "is a wrapper inside of a Lambda event"};
    case RecordDecoder::Outcome::aggregated:
      return RecordFault{ErrorKind::poison,
                         {},
                         fmt::format("is an aggregated record with which its event holds more than {} records",
                                     aggregated_records_max)};
    default:
      return RecordFault{ErrorKind::poison, {}, "is no valid JSON"};
  }
}

std::string of_table(const ParkedRecord& record) {
  const std::string table = record.table.empty() ? "" : fmt::format("table `{}`, ", record.table);
  return fmt::format("{}{}: {}", table, record.position, record.cause);
}

bool has_place(const Record& record) { return record.time && !record.sequence.empty(); }

}  // namespace

EventApplier::EventApplier(const Config& config, Clock& clock)
    : config_(config),
      clock_(clock),
      decoder_(config, {InputForm::lambda, config.kinesis_binary}),
      versions_(""),
      destinations_(config),
      waiting_(clock),
      brake_(config.parked_in_a_row),
      kept_brake_(brake_),
      at_once_(batch_changes_max) {}

EventSummary EventApplier::apply(const LambdaEvent& event, Target& target, Clock::Time ends) {
  reset();
  event_ = &event;
  target_ = &target;
  ends_ = ends;
  open_.assign(event.records().size(), true);
  Result<void> taken = take_all();
  if (!taken) {
    summary_.failure = failure(std::move(taken).error());
    // What comes again counts again.
    if (!braked_) brake_ = kept_brake_;
    const bool got_nowhere = std::all_of(open_.begin(), open_.end(), [](bool open) { return open; });
    if (target_failed_ && got_nowhere) at_once_ = std::max<std::size_t>(at_once_ / shrink_by, 1);
  }
  return std::move(summary_);
}

Result<void> EventApplier::recall(TimedTarget& target) {
  for (const std::string& database : config_.databases()) {
    RETURN_IF_ERROR(target.recall(database, [&](const std::string& collection) -> const Destination* {
      const auto table = config_.table_of(database, collection);
      const auto destination = table ? destinations_.of(*table) : Result<const Destination*>(nullptr);
      return destination ? *destination : nullptr;
    }));
  }
  return {};
}

void EventApplier::reset() {
  summary_ = {};
  batch_.clear();
  origins_.clear();
  batch_bytes_ = 0;
  waiting_.clear();
  kept_brake_ = brake_;
  target_failed_ = false;
  braked_ = false;
}

// The brake fails the whole event, so that none of it is parked for good.
EventFailure EventApplier::failure(Error error) const {
  EventFailure failure{{}, std::move(error), target_failed_};
  const std::vector<EventRecord>& records = event_->records();
  const bool all_numbered =
      std::all_of(records.begin(), records.end(), [](const EventRecord& record) { return !record.sequence.empty(); });
  if (!all_numbered) return failure;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!open_[i] && !braked_) continue;
    const bool lower = failure.from.empty() || is_lower(records[i].sequence, failure.from);
    if (lower) failure.from = records[i].sequence;
  }
  return failure;
}

Result<void> EventApplier::take_all() {
  for (std::size_t i = 0; i < event_->records().size(); ++i) RETURN_IF_ERROR(take(i));
  RETURN_IF_ERROR(flush());
  return wait();
}

Result<void> EventApplier::take(std::size_t index) {
  const EventRecord& record = event_->records()[index];
  const RecordDecoder::Decoded decoded =
      decoder_.decode_element(record.text.data(), record.text.data() + record.text.size());
  if (auto fault = fault_of(decoded.outcome, decoder_.fault())) {
    const bool is_known = decoded.outcome == RecordDecoder::Outcome::poison;
    return refuse(index, *fault, is_known ? decoder_.record() : Record{});
  }
  const Record& known = decoder_.record();
  if (known.time) summary_.newest = std::max(summary_.newest.value_or(*known.time), *known.time);
  const bool skips = is_table_name(known.table) && config_.rules(known.table).skip_ttl_deletes;
  if (skips && known.ttl_delete && known.operation == Record::Operation::remove) {
    ++summary_.read;
    ++summary_.filtered;
    brake_.release();
    done(index);
    return {};
  }
  Change change;
  if (auto fault = take_change(index, change)) return refuse(index, *fault, known);
  return add(index, std::move(change));
}

std::optional<RecordFault> EventApplier::take_change(std::size_t index, Change& change) {
  const Record& record = decoder_.record();
  if (!has_place(record) || event_->records()[index].sequence.empty())
    return RecordFault{ErrorKind::poison, {}, "is no change with a time and a sequence number"};
  if (record.table.empty()) return RecordFault{ErrorKind::poison, {}, "names no table"};
  if (!is_table_name(record.table))
    return RecordFault{ErrorKind::poison, {}, "names a table that DynamoDB does not allow"};
  return maker_.make(record, config_.rules(record.table), versions_.of(record, ""), change);
}

// Without what only a change that was refused needs: complete() adds it.
Origin EventApplier::origin_of(std::size_t index) const {
  Origin origin;
  origin.table = decoder_.record().table;
  origin.record = index;
  origin.form = word_of(InputForm::lambda);
  origin.says_table = true;
  return origin;
}

void EventApplier::complete(Origin& origin) const {
  const EventRecord& record = event_->records()[origin.record];
  origin.text = record.text;
  origin.id = id_of(record);
}

Result<void> EventApplier::add(std::size_t index, Change change) {
  ASSIGN_OR_RETURN(change.destination, destinations_.of(decoder_.record().table));
  batch_bytes_ += change.document.size() + change.key.value.size();
  batch_.push_back(std::move(change));
  origins_.push_back(origin_of(index));
  return batch_.size() < at_once_ && batch_bytes_ < batch_bytes_max ? Result<void>{} : flush();
}

// What came before is applied first: a parked record keeps the tombstone that it left.
Result<void> EventApplier::refuse(std::size_t index, const RecordFault& fault, const Record& known) {
  const EventRecord& event_record = event_->records()[index];
  ParkedRecord record;
  record.id = id_of(event_record);
  record.position = printable(record.id);
  record.cause = cause_of(fault);
  if (is_table_name(known.table)) record.table = known.table;
  if (!record.table.empty()) record.key = maker_.known_key(known, config_.rules(record.table));
  if (has_place(known)) record.version = versions_.of(known, "");
  record.form = word_of(InputForm::lambda);
  record.record = event_record.text.substr(0, parked_record_bytes_max);
  record.record_size = event_record.text.size();
  record.record_sha256 = sha256_hex(event_record.text);
  RETURN_IF_ERROR(flush());
  // What the set-up lacks is no fault of the record: a whole table would go into the dead letters.
  if (fault.kind != ErrorKind::poison) return fatal(of_table(record));
  if (!record.table.empty()) {
    ASSIGN_OR_RETURN(record.destination, destinations_.of(record.table));
    record.to = record.destination->name();
  }
  RETURN_IF_ERROR(park(record, fault.cause));
  done(index);
  keep_brake();
  return {};
}

Error EventApplier::failed_target(Error error) {
  target_failed_ = true;
  return error;
}

Result<void> EventApplier::flush() {
  if (batch_.empty()) return {};
  const Clock::Time began = clock_.now();
  RETURN_IF_ERROR(apply_batch());
  keep_brake();
  pace(began);
  return {};
}

// Called where all that came so far is dealt with, but for what waits.
void EventApplier::keep_brake() {
  if (waiting_.empty()) kept_brake_ = brake_;
}

// Twice as many take twice the time.
void EventApplier::pace(Clock::Time began) {
  const Clock::Time now = clock_.now();
  if (now + 2 * (now - began) <= ends_) at_once_ = std::min(at_once_ * 2, batch_changes_max);
}

Result<void> EventApplier::apply_batch() {
  std::vector<Change> batch = std::exchange(batch_, {});
  std::vector<Origin> origins = std::exchange(origins_, {});
  batch_bytes_ = 0;
  Result<Applied> applied = target_->apply(batch);
  if (!applied) return failed_target(std::move(applied).error());
  count(*applied);
  std::vector<bool> refused(batch.size());
  for (const Refused& one : applied->refused) refused[one.index] = true;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!refused[i]) done(origins[i].record);
  }
  return take_refused(batch, origins, applied->refused);
}

void EventApplier::count(const Applied& applied) {
  summary_.read += applied.counted();
  summary_.applied.count(applied);
}

// In the order of the event, so that the brake counts what came in a row.
Result<void> EventApplier::take_refused(std::vector<Change>& batch, std::vector<Origin>& origins,
                                        std::vector<Refused>& refused) {
  std::sort(refused.begin(), refused.end(), [](const Refused& a, const Refused& b) { return a.index < b.index; });
  std::size_t next = 0;
  for (const Refused& one : refused) {
    if (one.index != next) brake_.release();
    next = one.index + 1;
    Change& change = batch[one.index];
    Origin& origin = origins[one.index];
    complete(origin);
    // Without the guard an old change must not come behind a newer one.
    if (one.for_now && change.destination->rules->guard) {
      waiting_.add(std::move(change), std::move(origin), one.cause);
      continue;
    }
    RETURN_IF_ERROR(park(parked_record(change, origin, one.cause), one.cause));
    done(origin.record);
  }
  if (next != batch.size()) brake_.release();
  return {};
}

// Those that were given are dealt with once all that are over were parked.
Result<void> EventApplier::try_waiting_again() {
  const std::vector<std::uint64_t> given = waiting_.records();
  Result<WaitingChanges::Round> round = waiting_.try_again(*target_);
  if (!round) return failed_target(std::move(round).error());
  count(round->applied);
  for (const ParkedRecord& record : round->parked) RETURN_IF_ERROR(park(record, record.cause));
  for (const std::uint64_t index : given) done(index);
  for (const std::uint64_t index : waiting_.records()) open_[index] = true;
  return {};
}

Result<void> EventApplier::wait() {
  while (!waiting_.empty()) {
    if (clock_.now() >= ends_) {
      return retry(
          fmt::format("a unique index of a target collection refuses {} changes: they come again. Where that does not "
                      "end, give the function a timeout of a minute, so that they can be parked",
                      waiting_.size()));
    }
    waiting_.wait(ends_);
    RETURN_IF_ERROR(try_waiting_again());
  }
  return {};
}

Result<void> EventApplier::park(const ParkedRecord& record, const std::string& cause) {
  Result<void> parked = target_->park(std::span(&record, 1));
  if (!parked) return failed_target(std::move(parked).error());
  ++summary_.read;
  ++summary_.parked;
  const std::string line = fmt::format("{}: {}", record.position, printable(record.cause));
  if (summary_.told.size() < told_max) summary_.told.push_back(line);
  Result<void> parked_on = brake_.parked(cause, line);
  braked_ = !parked_on;
  return parked_on;
}

}  // namespace dynatlas
