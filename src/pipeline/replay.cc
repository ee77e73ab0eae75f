// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "base/digest.h"
#include "base/table_name.h"
#include "pipeline/problem.h"
#include "pipeline/progress.h"
#include "transform/document.h"
#include "transform/version_of.h"

namespace dynatlas {

namespace {

// A batch is applied when it has so many changes or bytes: one transaction, one sync.
constexpr std::size_t batch_changes_max = 4000;
constexpr std::size_t batch_bytes_max = 8 * 1024 * 1024;

// Parked records told one by one on standard error; the rest is in the dead letters and in the summary.
constexpr std::uint64_t told_max = 20;

// The collections of a run; changes refer to them.
class Destinations {
 public:
  explicit Destinations(const Config& config) : config_(config) {}

  // Fatal where another table of the input has the same target: the configuration shows only some of them.
  Result<const Destination*> of(std::string_view table) {
    const auto found = by_table_.find(table);
    if (found != by_table_.end()) return &found->second;
    const Config::Namespace target = config_.target_of(table);
    const auto& [name, owner] = *by_target_.emplace(target.text(), table).first;
    if (owner != table) {
      return fatal(fmt::format(
          "the tables `{}` and `{}` have one target, {}: give each its own, such as --map {}=DATABASE.COLLECTION",
          owner, table, name, table));
    }
    return &by_table_
                .emplace(std::string(table), Destination{target.database, target.collection, &config_.rules(table)})
                .first->second;
  }

 private:
  const Config& config_;
  std::map<std::string, Destination, std::less<>> by_table_;
  std::map<std::string, std::string> by_target_;  // to the table's name
};

// A change whose place, where it has one, is still counted from its block's start.
struct BlockChange {
  Change change;
  std::string table;
  std::uint64_t number = 0;
  bool has_place = false;          // the version's s is this record's place in the input
  std::size_t document_place = 0;  // where that place begins in the document; 0 where it does not stand there
};

// A record that is parked, in the same state.
struct BlockParked {
  Problem problem;
  std::string table;
  std::optional<StoredKey> key;
  std::optional<Version> version;
  std::string record;
  std::uint64_t record_size = 0;
  std::string record_sha256;
};

// What the records of one block became, in order.
class ReplayBlock : public BlockResult {
 public:
  ReplayBlock(const Config& config, const ReplayOptions& options)
      : config_(config), options_(options), versions_(options.stream) {}

  enum class Kind : std::uint8_t { change, parked, filtered };

  void reset(std::size_t file) override {
    file_ = file;
    order.clear();
    changes.clear();
    parked.clear();
    notes.clear();
    values = {};
  }

  std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) override {
    const std::string_view table = table_of(record);
    if (!is_table_name(table)) return RecordFault{ErrorKind::poison, {}, "names a table that DynamoDB does not allow"};
    const TableRules& rules = config_.rules(table);
    if (record.ttl_delete && record.operation == Record::Operation::remove && rules.skip_ttl_deletes) {
      order.push_back(Kind::filtered);
      return std::nullopt;
    }
    BlockChange made;
    if (auto fault = make(record, rules, place, made)) return fault;
    made.table = table;
    made.number = place.number;
    if (record.operation == Record::Operation::upsert) values.add(record.numbers, transformer_.unread_dates());
    changes.push_back(std::move(made));
    order.push_back(Kind::change);
    return std::nullopt;
  }

  void refused(const RecordFault& fault, const Record& known, const RecordPlace& place) override {
    BlockParked record;
    record.problem = {place.number, place.line, 0, fault};
    record.table = table_of(known);
    if (!is_table_name(record.table)) record.table.clear();
    std::optional<StoredKey> key;
    const TableRules& rules = config_.rules(record.table);
    if (!transformer_.key(known, rules, key)) record.key = std::move(key);
    record.version = versions_.of(known, file_place(file_, place.number));
    record.record = place.text.substr(0, parked_record_bytes_max);
    record.record_size = place.text.size();
    record.record_sha256 = sha256_hex(place.text);
    parked.push_back(std::move(record));
    order.push_back(Kind::parked);
  }

  void passed_over(std::uint64_t first_line, std::uint64_t last_line) override {
    notes.push_back({0, first_line, last_line, {}});
  }

  std::size_t file() const { return file_; }

  std::vector<Kind> order;
  std::vector<BlockChange> changes;
  std::vector<BlockParked> parked;
  std::vector<Problem> notes;
  ValueCounts values;

 private:
  std::string_view table_of(const Record& record) const {
    return record.table.empty() ? std::string_view(config_.default_table) : record.table;
  }

  // What numbers the change's version.
  static std::string kind_of(const Record& record, const std::optional<Version>& version) {
    if (!version || !record.time) return "";
    return version->s[0] == 'd' ? version->s.substr(0, 9) : "timed";
  }

  std::optional<RecordFault> make(const Record& record, const TableRules& rules, const RecordPlace& place,
                                  BlockChange& made) {
    std::optional<StoredKey> key;
    if (auto fault = transformer_.key(record, rules, key)) return fault;
    if (!key)
      return RecordFault{
          ErrorKind::poison, {}, "is an item whose key nobody gave: say --key HASH[,RANGE] or key: [HASH, RANGE]"};
    Change& change = made.change;
    change.operation = record.operation;
    change.key = *std::move(key);
    change.version = versions_.of(record, file_place(file_, place.number));
    change.kind = kind_of(record, change.version);
    made.has_place = change.version && change.version->s[0] == 'f';
    if (!record.time && options_.as_of) change.version = Version{*options_.as_of, ""};
    if (record.operation == Record::Operation::remove) {
      if (rules.soft_deletes) change.key_fields = transformer_.key_fields(record, rules);
      return std::nullopt;
    }
    document_.clear();
    const Transformer::Metadata metadata{change.version ? &*change.version : nullptr, true, false};
    if (auto fault = transformer_.document(record, rules, &change.key, rules.guard ? &metadata : nullptr, document_))
      return fault;
    change.document = document_.view();
    made.document_place = transformer_.place_at();
    return std::nullopt;
  }

  const Config& config_;
  const ReplayOptions& options_;
  Transformer transformer_;
  Versions versions_;
  Buffer document_;
  std::size_t file_ = 0;
};

class Replayer : public BlockConsumer {
 public:
  Replayer(const Config& config, const ReplayOptions& options, Target& target, const std::atomic<bool>& stop,
           ReplaySummary& summary)
      : config_(config), options_(options), target_(target), stop_(stop), summary_(summary), destinations_(config) {}

  std::unique_ptr<BlockResult> make_result() override { return std::make_unique<ReplayBlock>(config_, options_); }

  Result<void> take(BlockResult& result, const std::string& file_name, const BlockBase& base) override {
    auto& block = static_cast<ReplayBlock&>(result);  // made by make_result()
    for (const Problem& note : block.notes) tell(describe(note, file_name, base));
    summary_.values.add(block.values);
    std::size_t change = 0;
    std::size_t parked = 0;
    for (const ReplayBlock::Kind kind : block.order) {
      switch (kind) {
        case ReplayBlock::Kind::change:
          RETURN_IF_ERROR(take_change(block.changes[change++], block.file(), base));
          break;
        case ReplayBlock::Kind::parked:
          RETURN_IF_ERROR(take_parked(block.parked[parked++], block.file(), file_name, base));
          break;
        case ReplayBlock::Kind::filtered:
          ++summary_.read;
          ++summary_.filtered;
          in_a_row_ = 0;
          break;
      }
    }
    return {};
  }

  void progress(const InputProgress& progress) override { progress_.show(summary_.read + batch_.size(), progress); }

  bool stop_requested() override { return stop_.load(); }

  // Applies what is left, then parks: a parked record keeps the tombstone that what came before it left.
  Result<void> flush() {
    RETURN_IF_ERROR(apply());
    if (parking_.empty()) return {};
    RETURN_IF_ERROR(target_.park(parking_));
    summary_.read += parking_.size();
    summary_.parked += parking_.size();
    parking_.clear();
    return {};
  }

  std::uint64_t untold() const { return told_ > told_max ? told_ - told_max : 0; }

 private:
  Result<void> apply() {
    if (batch_.empty()) return {};
    ASSIGN_OR_RETURN(const Applied applied, target_.apply(batch_));
    summary_.read += batch_.size();
    summary_.applied.upserted += applied.upserted;
    summary_.applied.removed += applied.removed;
    summary_.applied.stale += applied.stale;
    summary_.applied.coalesced += applied.coalesced;
    summary_.applied.ties += applied.ties;
    batch_.clear();
    batch_bytes_ = 0;
    return {};
  }

  void tell(const std::string& line) {
    progress_.clear();
    fmt::print(stderr, "{}\n", line);
  }

  Result<void> take_change(BlockChange& made, std::size_t file, const BlockBase& base) {
    Change& change = made.change;
    ASSIGN_OR_RETURN(change.destination, destinations_.of(made.table));
    in_a_row_ = 0;
    if (made.has_place) {
      const std::string place = file_place(file, base.records + made.number);
      change.version->s = place;
      if (made.document_place != 0) change.document.replace(made.document_place, place.size(), place);
    }
    batch_bytes_ += change.document.size() + change.key.value.size();
    batch_.push_back(std::move(change));
    return batch_.size() < batch_changes_max && batch_bytes_ < batch_bytes_max ? Result<void>{} : flush();
  }

  Result<void> take_parked(BlockParked& made, std::size_t file, const std::string& file_name, const BlockBase& base) {
    const RecordFault& fault = made.problem.fault;
    const std::string line = describe(made.problem, file_name, base);
    if (fault.kind == ErrorKind::fatal) {
      RETURN_IF_ERROR(flush());
      return fatal(line);
    }
    if (++told_ <= told_max) tell(line);
    ParkedRecord record;
    record.id = "files:" + made.record_sha256;
    record.table = made.table;
    if (!made.table.empty()) {
      ASSIGN_OR_RETURN(record.destination, destinations_.of(made.table));
      record.to = record.destination->name();
    }
    record.key = std::move(made.key);
    record.version = std::move(made.version);
    const bool has_place = record.version && record.version->s[0] == 'f';
    if (has_place) record.version->s = file_place(file, base.records + made.problem.record);
    record.position = fmt::format("{}: record {}, line {}", file_name, base.records + made.problem.record,
                                  base.lines + made.problem.line + 1);
    record.cause = fault.path.empty() ? fault.cause : fmt::format("attribute `{}` {}", fault.path, fault.cause);
    record.record = std::move(made.record);
    record.record_size = made.record_size;
    record.record_sha256 = std::move(made.record_sha256);
    parking_.push_back(std::move(record));
    RETURN_IF_ERROR(flush());
    return brake(fault.cause, line);
  }

  // A whole stream must not drain into the dead letters for one cause.
  Result<void> brake(const std::string& cause, const std::string& line) {
    in_a_row_ = cause == last_cause_ ? in_a_row_ + 1 : 1;
    last_cause_ = cause;
    if (config_.parked_in_a_row == 0 || in_a_row_ < config_.parked_in_a_row) return {};
    return fatal(fmt::format("{} records in a row were parked for one cause (limits.parked_in_a_row); the last: {}",
                             in_a_row_, line));
  }

  const Config& config_;
  const ReplayOptions& options_;
  Target& target_;
  const std::atomic<bool>& stop_;
  ReplaySummary& summary_;
  Destinations destinations_;
  ProgressLine progress_;
  std::vector<Change> batch_;
  std::size_t batch_bytes_ = 0;
  std::vector<ParkedRecord> parking_;
  std::uint64_t told_ = 0;
  std::size_t in_a_row_ = 0;
  std::string last_cause_;
};

}  // namespace

Result<void> replay(const Config& config, const ReplayOptions& options, Target& target, const std::atomic<bool>& stop,
                    ReplaySummary& summary) {
  Replayer replayer(config, options, target, stop, summary);
  const RecordOptions records{options.form, config.kinesis_binary};
  auto read = read_blocks(options.files, config, {records, options.jobs}, replayer);
  if (!read) {
    // What came before the error is applied all the same; a target that failed says so again or is whole.
    if (read.error().kind == ErrorKind::fatal) static_cast<void>(replayer.flush());
    static_cast<void>(target.break_off());
    return std::move(read).error();
  }
  RETURN_IF_ERROR(replayer.flush());
  if (replayer.untold() != 0) fmt::print(stderr, "and {} more records were parked\n", replayer.untold());
  if (stop.load()) {
    RETURN_IF_ERROR(target.break_off());
    return fatal("stopped by a signal; what was applied is kept, and the same command continues");
  }
  return target.drain();
}

}  // namespace dynatlas
