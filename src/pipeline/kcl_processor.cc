// SPDX-License-Identifier: Apache-2.0
#include "pipeline/kcl_processor.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/printable.h"
#include "pipeline/spare_time.h"

namespace dynatlas {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A change that a unique index refuses is parked after 30 s, for which a try must last.
constexpr seconds attempt_max{60};

constexpr milliseconds pause_first{500};
constexpr milliseconds pause_longest{30'000};

// A batch goes on without its checkpoint, which the next one covers; who waits for the end of a daemon does not wait
// long.
constexpr seconds checkpoint_within{60};
constexpr seconds last_checkpoint_within{10};

// Due tombstones are settled once a minute (target/mongodb/mongo_target.cc): between two messages for a moment, and for
// longer while none comes.
constexpr seconds idle_after{30};
constexpr milliseconds settle_idle_max{1000};

// What a Lambda function gets at most: nothing grows with the daemon's messages but their own text.
constexpr std::size_t slice_records_max = 10'000;
constexpr std::size_t slice_bytes_max = std::size_t{6} * 1024 * 1024;

// Never empty where `records` are not: a record alone may be larger.
std::span<const KclRecord> slice_of(std::span<const KclRecord> records) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < records.size() && count < slice_records_max) {
    bytes += records[count].data.size();
    if (count > 0 && bytes > slice_bytes_max) break;
    ++count;
  }
  return records.first(count);
}

// How many stand before the one that a failure names. The parts of an aggregated record are taken together.
std::size_t records_before(const std::string& sequence, std::span<const KclRecord> records) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const KclRecord& record) { return record.place.sequence == sequence; });
  return found == records.end() ? 0 : static_cast<std::size_t>(found - records.begin());
}

}  // namespace

KclProcessor::KclProcessor(const Config& config, OpenTimedTarget open, KclDaemon& daemon, Clock& clock, TellLine tell)
    : config_(config),
      open_(std::move(open)),
      daemon_(daemon),
      clock_(clock),
      tell_(std::move(tell)),
      applier_(config, clock),
      checkpointer_(daemon, clock, tell_),
      backoff_(pause_first, pause_longest, std::random_device{}()) {}

Result<void> KclProcessor::run() {
  for (;;) {
    ASSIGN_OR_RETURN(const KclDaemon::Received received, daemon_.receive(idle_after));
    switch (received.kind) {
      case KclDaemon::Received::Kind::closed:
        tell_total();
        return {};
      case KclDaemon::Received::Kind::nothing_yet:
        settle_while_idle();
        break;
      case KclDaemon::Received::Kind::message:
        ASSIGN_OR_RETURN(const KclMessage message, KclMessage::read(received.line));
        RETURN_IF_ERROR(handle(message));
        RETURN_IF_ERROR(daemon_.answer(kcl_status(message)));
        if (message.action() == KclMessage::Action::process_records) settle_between();
        break;
    }
  }
}

Result<void> KclProcessor::handle(const KclMessage& message) {
  const bool begins = message.action() == KclMessage::Action::initialize;
  if (begins != shard_.empty())
    return fatal(fmt::format("the MultiLangDaemon sent `{}` {} it sent `initialize`", message.action_name(),
                             begins ? "after" : "before"));
  switch (message.action()) {
    case KclMessage::Action::initialize:
      return initialize(message);
    case KclMessage::Action::process_records:
      return take(message.records());
    case KclMessage::Action::shard_ended:
      return end_shard();
    case KclMessage::Action::shutdown_requested:
      return stop_soon();
    case KclMessage::Action::shutdown:
      return stop(message.reason());
    case KclMessage::Action::lease_lost:
      return {};
    case KclMessage::Action::checkpoint:
      break;
  }
  return fatal("the MultiLangDaemon answered a question that was not asked");
}

Result<void> KclProcessor::initialize(const KclMessage& message) {
  shard_ = message.shard();
  for (;;) {
    Result<void> opened = open();
    if (opened || opened.error().kind != ErrorKind::retry) return opened;
    wait_for(opened.error());
  }
}

Result<void> KclProcessor::open() {
  if (target_ != nullptr) return {};
  ASSIGN_OR_RETURN(target_, open_());
  recalled_ = false;
  return {};
}

void KclProcessor::wait_for(const Error& error) {
  const milliseconds pause = backoff_.next();
  tell_(fmt::format("{}: {}; trying again in {:.1f} s", shard_, error.message,
                    std::chrono::duration<double>(pause).count()));
  clock_.sleep(pause);
}

// Once the lease is lost another worker applies them; no checkpoint of ours would be taken.
Result<void> KclProcessor::take(std::span<const KclRecord> records) {
  std::size_t done = 0;
  checkpointed_ = 0;
  backoff_.reset();
  while (done < records.size() && !lease_lost_) {
    const Attempt attempt = try_to_apply(slice_of(records.subspan(done)));
    done += attempt.done;
    if (!attempt.error) continue;
    RETURN_IF_ERROR(keep(records, done));
    if (lease_lost_) break;
    if (attempt.error->kind != ErrorKind::retry) return *attempt.error;
    if (attempt.done > 0) backoff_.reset();
    wait_for(*attempt.error);
  }
  if (done == checkpointed_ || lease_lost_) return {};
  return checkpoint(records[done - 1].place, clock_.now() + checkpoint_within);
}

KclProcessor::Attempt KclProcessor::try_to_apply(std::span<const KclRecord> records) {
  if (auto opened = open(); !opened) return {0, opened.error()};
  const Clock::Time ends = clock_.now() + attempt_max;
  target_->end_by(ends);
  const Result<LambdaEvent> event = LambdaEvent::read(kcl_event(*config_.kinesis_stream, shard_, records));
  if (!event) return {0, event.error()};
  const EventSummary summary = applier_.apply(*event, *target_, ends);
  count(summary);
  if (!summary.failure) return {records.size(), std::nullopt};
  if (summary.failure->of_target) target_ = nullptr;  // it is found anew: its address may have changed
  return {records_before(summary.failure->from, records), summary.failure->error};
}

// What is done before a failure need not come again if this process dies.
Result<void> KclProcessor::keep(std::span<const KclRecord> records, std::size_t done) {
  if (done == checkpointed_) return {};
  checkpointed_ = done;
  return checkpoint(records[done - 1].place, clock_.now());
}

Result<void> KclProcessor::checkpoint(const std::optional<KclPlace>& place, Clock::Time until) {
  ASSIGN_OR_RETURN(const KclCheckpointer::Outcome outcome, checkpointer_.checkpoint(place, until));
  if (outcome != KclCheckpointer::Outcome::lease_lost) return {};
  lease_lost_ = true;
  tell_(shard_ + ": the lease is lost, another worker goes on from the last checkpoint");
  return {};
}

// Without this checkpoint the shard's children would never be read.
Result<void> KclProcessor::end_shard() { return checkpoint(std::nullopt, Clock::Time::max()); }

Result<void> KclProcessor::stop_soon() {
  return lease_lost_ ? Result<void>{} : checkpoint(std::nullopt, clock_.now() + last_checkpoint_within);
}

// Version 1 has one message for all ends.
Result<void> KclProcessor::stop(const std::string& reason) {
  if (reason == "TERMINATE" || reason == "SHARD_END") return end_shard();
  if (reason == "REQUESTED") return stop_soon();
  if (reason == "ZOMBIE" || reason == "LEASE_LOST") return {};
  return fatal(
      fmt::format("the MultiLangDaemon shuts down for the reason `{}`, which is not known", printable(reason)));
}

void KclProcessor::settle_between() {
  if (target_ == nullptr) return;
  tell_settled(settle_in_spare_time(*target_, clock_.now()));
}

// There is time for what earlier processes left, too.
void KclProcessor::settle_while_idle() {
  if (target_ == nullptr) return;
  target_->end_by(clock_.now() + attempt_max);
  const Result<void> recalled = recalled_ ? Result<void>{} : applier_.recall(*target_);
  recalled_ = recalled_ || recalled;
  tell_settled(recalled ? target_->settle_until(clock_.now() + settle_idle_max) : recalled);
}

// What is left is done the next time: a failure here loses nothing.
void KclProcessor::tell_settled(const Result<void>& settled) {
  if (!settled) tell_(fmt::format("{}: tombstones were not settled: {}", shard_, settled.error().message));
}

void KclProcessor::count(const EventSummary& summary) {
  total_.read += summary.read;
  total_.parked += summary.parked;
  total_.filtered += summary.filtered;
  total_.applied.count(summary.applied);
  for (const std::string& line : summary.told) tell_("parked " + line);
  if (summary.told.size() < summary.parked)
    tell_(fmt::format("parked {} more records", summary.parked - summary.told.size()));
}

void KclProcessor::tell_total() {
  const Applied& applied = total_.applied;
  tell_(fmt::format("{}: read {}: upserted {}, removed {}, stale {}, coalesced {}, parked {}, filtered {}",
                    shard_.empty() ? "no shard" : shard_, total_.read, applied.upserted, applied.removed, applied.stale,
                    applied.coalesced, total_.parked, total_.filtered));
  if (applied.ties == 0) return;
  tell_(
      fmt::format("{}: {} times two different images of one item had equal times, and their sequence numbers decided; "
                  "the Kinesis destination's precision should be MICROSECOND",
                  shard_, applied.ties));
}

}  // namespace dynatlas
