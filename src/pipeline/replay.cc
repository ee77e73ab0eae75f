// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/printable.h"
#include "pipeline/brake.h"
#include "pipeline/destinations.h"
#include "pipeline/origin.h"
#include "pipeline/problem.h"
#include "pipeline/progress.h"
#include "pipeline/replay_block.h"
#include "pipeline/waiting_changes.h"

namespace dynatlas {

namespace {

// A batch is applied when it has so many changes or bytes: one transaction, one sync.
constexpr std::size_t batch_changes_max = 4000;
constexpr std::size_t batch_bytes_max = 4 * 1024 * 1024;

// Parked records told one by one on standard error; the rest is in the dead letters and in the summary.
constexpr std::uint64_t told_max = 20;

class Replayer : public BlockConsumer {
 public:
  Replayer(const Config& config, const ReplayOptions& options, Target& target, const std::atomic<bool>& stop,
           ReplaySummary& summary)
      : config_(config),
        options_(options),
        target_(target),
        stop_(stop),
        summary_(summary),
        destinations_(config),
        waiting_(system_clock()),
        brake_(config.parked_in_a_row) {}

  std::unique_ptr<BlockResult> make_result() override { return std::make_unique<ReplayBlock>(config_, options_); }

  Result<void> take(BlockResult& result, const std::string& file_name, const BlockBase& base) override {
    auto& block = static_cast<ReplayBlock&>(result);  // made by make_result()
    for (const Problem& note : block.notes) tell(describe(note, file_name, base));
    const std::string& lasting_name = *file_names_.insert(file_name).first;
    summary_.values.add(block.values);
    std::size_t change = 0;
    std::size_t parked = 0;
    for (const ReplayBlock::Kind kind : block.order) {
      switch (kind) {
        case ReplayBlock::Kind::change:
          RETURN_IF_ERROR(take_change(block.changes[change++], block.file(), lasting_name, base));
          break;
        case ReplayBlock::Kind::parked:
          RETURN_IF_ERROR(take_parked(block.parked[parked++], block.file(), file_name, base));
          break;
        case ReplayBlock::Kind::filtered:
          ++summary_.read;
          ++summary_.filtered;
          brake_.release();
          break;
      }
    }
    return {};
  }

  void progress(const InputProgress& progress) override { progress_.show(summary_.read + batch_.size(), progress); }

  bool stop_requested() override { return stop_.load(); }

  // Applies what is left, and tries again what waits. A target that failed is left alone: it was patient already.
  Result<void> flush() {
    if (target_failed_) return {};
    RETURN_IF_ERROR(apply());
    RETURN_IF_ERROR(try_waiting_again());
    while (waiting_.full() && !stop_.load()) RETURN_IF_ERROR(wait_once());
    return {};
  }

  // Until nothing waits any more.
  Result<void> finish() {
    RETURN_IF_ERROR(flush());
    while (!waiting_.empty() && !stop_.load()) RETURN_IF_ERROR(wait_once());
    return {};
  }

  std::uint64_t untold() const { return told_ > told_max ? told_ - told_max : 0; }

 private:
  Result<void> apply() {
    if (batch_.empty()) return {};
    std::vector<Change> batch = std::exchange(batch_, {});
    std::vector<Origin> origins = std::exchange(origins_, {});
    batch_bytes_ = 0;
    Result<Applied> given = target_.apply(batch);
    if (!given) return failed(std::move(given).error());
    Applied applied = *std::move(given);
    count(applied);
    if (applied.refused.empty()) {
      brake_.release();
      return {};
    }
    return take_refused(batch, origins, applied.refused);
  }

  void count(const Applied& applied) {
    summary_.read += applied.counted();
    summary_.applied.count(applied);
  }

  // In the order of the input, so that the brake counts what came in a row.
  Result<void> take_refused(std::vector<Change>& batch, std::vector<Origin>& origins, std::vector<Refused>& refused) {
    std::sort(refused.begin(), refused.end(), [](const Refused& a, const Refused& b) { return a.index < b.index; });
    std::size_t next = 0;
    for (const Refused& one : refused) {
      if (one.index != next) brake_.release();
      next = one.index + 1;
      Change& change = batch[one.index];
      // Without the guard an old change must not come behind a newer one.
      if (one.for_now && change.destination->rules->guard) {
        waiting_.add(std::move(change), std::move(origins[one.index]), one.cause);
        continue;
      }
      RETURN_IF_ERROR(park_refused(parked_record(change, origins[one.index], one.cause)));
    }
    if (next != batch.size()) brake_.release();
    return {};
  }

  Result<void> try_waiting_again() {
    const Result<WaitingChanges::Round> round = waiting_.try_again(target_);
    if (!round) return failed(round.error());
    count(round->applied);
    for (const ParkedRecord& record : round->parked) RETURN_IF_ERROR(park_refused(record));
    return {};
  }

  Result<void> wait_once() {
    waiting_.wait();
    return try_waiting_again();
  }

  Error failed(Error error) {
    target_failed_ = true;
    return error;
  }

  void tell(const std::string& line) {
    progress_.clear();
    fmt::print(stderr, "{}\n", line);
  }

  Result<void> take_change(BlockChange& made, std::size_t file, const std::string& file_name, const BlockBase& base) {
    Change& change = made.change;
    ASSIGN_OR_RETURN(change.destination, destinations_.of(made.table));
    if (made.has_place) {
      const std::string place = file_place(file, base.records + made.number);
      change.version->s = place;
      if (made.document_place != 0) change.document.replace(made.document_place, place.size(), place);
    }
    batch_bytes_ += change.document.size() + change.key.value.size() + made.text.size();
    batch_.push_back(std::move(change));
    origins_.push_back({std::move(made.table), file_name, base.records + made.number, std::move(made.text), made.form,
                        made.says_table});
    return batch_.size() < batch_changes_max && batch_bytes_ < batch_bytes_max ? Result<void>{} : flush();
  }

  // What came before is applied first: a parked record keeps the tombstone that it left.
  Result<void> take_parked(BlockParked& made, std::size_t file, const std::string& file_name, const BlockBase& base) {
    RETURN_IF_ERROR(flush());
    const RecordFault& fault = made.problem.fault;
    if (fault.kind == ErrorKind::fatal) return fatal(describe(made.problem, file_name, base));
    ParkedRecord record;
    record.id = std::move(made.id);
    record.table = made.table;
    if (!made.table.empty()) {
      ASSIGN_OR_RETURN(record.destination, destinations_.of(made.table));
      record.to = record.destination->name();
    }
    record.key = std::move(made.key);
    record.version = std::move(made.version);
    const bool has_place = record.version && record.version->s[0] == 'f';
    if (has_place) record.version->s = file_place(file, base.records + made.problem.record);
    record.position = fmt::format("{}: record {}, line {}", printable(file_name), base.records + made.problem.record,
                                  base.lines + made.problem.line + 1);
    record.cause = cause_of(fault);
    record.form = made.form;
    record.record = std::move(made.record);
    record.record_size = made.record_size;
    record.record_sha256 = std::move(made.record_sha256);
    return park(record, fault.cause, describe(made.problem, file_name, base));
  }

  Result<void> park_refused(const ParkedRecord& record) {
    return park(record, record.cause, fmt::format("{}: {}", printable(record.position), printable(record.cause)));
  }

  Result<void> park(const ParkedRecord& record, const std::string& cause, const std::string& line) {
    if (++told_ <= told_max) tell(line);
    RETURN_IF_ERROR(target_.park(std::span(&record, 1)));
    ++summary_.read;
    ++summary_.parked;
    return brake_.parked(cause, line);
  }

  const Config& config_;
  const ReplayOptions& options_;
  Target& target_;
  const std::atomic<bool>& stop_;
  ReplaySummary& summary_;
  Destinations destinations_;
  ProgressLine progress_;
  std::vector<Change> batch_;
  std::vector<Origin> origins_;  // one for each change of the batch
  std::set<std::string> file_names_;
  std::size_t batch_bytes_ = 0;
  WaitingChanges waiting_;
  bool target_failed_ = false;
  std::uint64_t told_ = 0;
  Brake brake_;
};

}  // namespace

Result<void> replay(const Config& config, const ReplayOptions& options, Target& target, const std::atomic<bool>& stop,
                    ReplaySummary& summary) {
  Replayer replayer(config, options, target, stop, summary);
  const RecordOptions records{options.form, config.kinesis_binary};
  auto read = read_blocks(options.files, config, {records, options.jobs}, replayer);
  if (!read) {
    // What came before the error is applied all the same; what the target failed at is not tried again.
    if (read.error().kind == ErrorKind::fatal) static_cast<void>(replayer.flush());
    static_cast<void>(target.break_off());
    return std::move(read).error();
  }
  RETURN_IF_ERROR(replayer.finish());
  if (replayer.untold() != 0) fmt::print(stderr, "and {} more records were parked\n", replayer.untold());
  if (stop.load()) {
    RETURN_IF_ERROR(target.break_off());
    return fatal("stopped by a signal; what was applied is kept, and the same command continues");
  }
  return target.drain();
}

}  // namespace dynatlas
