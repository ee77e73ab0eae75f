// SPDX-License-Identifier: Apache-2.0
#include "pipeline/convert.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"
#include "base/table_name.h"
#include "decode/extended_json.h"
#include "pipeline/convert_back.h"
#include "pipeline/problem.h"
#include "pipeline/progress.h"
#include "transform/document.h"
#include "transform/version_of.h"

namespace dynatlas {

namespace {

// The documents of one block.
class ConvertedBlock : public BlockResult {
 public:
  ConvertedBlock(const Config& config, const ConvertOptions& options)
      : config_(config), options_(options), versions_(options.stream) {}

  void reset(std::size_t file) override {
    file_ = file;
    records_ = 0;
    refused_ = 0;
    values_ = {};
    out_.clear();
    places_.clear();
    problems_.clear();
  }

  std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) override {
    const std::size_t begin = out_.size();
    auto fault = options_.changes ? change(record, place) : document(record, place);
    if (fault) {
      out_.resize_to(begin);
    } else {
      ++records_;
      if (record.operation == Record::Operation::upsert) values_.add(record.numbers, transformer_.unread_dates());
    }
    return fault;
  }

  void refused(const RecordFault& fault, const Record&, const RecordPlace& place) override {
    ++refused_;
    problems_.push_back({place.number, place.line, 0, fault});
  }

  void passed_over(std::uint64_t first_line, std::uint64_t last_line) override {
    problems_.push_back({0, first_line, last_line, {}});
  }

  // The output, with the places in it counted from the file's start.
  std::string_view finish(const BlockBase& base) {
    for (const Place& place : places_) {
      const std::string digits = fmt::format("{:012}", base.records + place.number);
      std::memcpy(out_.data() + place.at, digits.data(), digits.size());
    }
    return out_.view();
  }

  const std::vector<Problem>& problems() const { return problems_; }
  std::uint64_t records() const { return records_; }
  std::uint64_t refused_records() const { return refused_; }
  const ValueCounts& values() const { return values_; }

 private:
  // Twelve digits in the output that say which record of its file it was.
  struct Place {
    std::size_t at;
    std::uint64_t number;
  };

  std::string_view table_of(const Record& record) const {
    return record.table.empty() ? std::string_view(config_.default_table) : record.table;
  }

  bool needs_version() const { return options_.changes || options_.metadata; }

  std::optional<Version> version_of(const Record& record, const RecordPlace& place) {
    return needs_version() ? versions_.of(record, file_place(file_, place.number)) : std::nullopt;
  }

  std::optional<RecordFault> build(const Record& record, const TableRules& rules, const StoredKey* key,
                                   const std::optional<Version>& version, Buffer& out) {
    const Transformer::Metadata metadata{version ? &*version : nullptr, true, false};
    return transformer_.document(record, rules, key, options_.metadata ? &metadata : nullptr, out);
  }

  std::optional<RecordFault> document(const Record& record, const RecordPlace& place) {
    if (record.operation == Record::Operation::remove) return std::nullopt;
    const TableRules& rules = config_.rules(record.table);
    if (auto fault = transformer_.key(record, rules, key_)) return fault;
    const StoredKey* key = key_ ? &*key_ : nullptr;
    const std::optional<Version> version = version_of(record, place);
    if (options_.to == ConvertTo::bson) {
      auto fault = build(record, rules, key, version, out_);
      if (!fault && transformer_.place_at() != 0) places_.push_back({transformer_.place_at() + 9, place.number});
      return fault;
    }
    if (auto fault = render(record, rules, key, version, place)) return fault;
    out_.push_back('\n');
    return std::nullopt;
  }

  // The document as Extended JSON at the end of the output.
  std::optional<RecordFault> render(const Record& record, const TableRules& rules, const StoredKey* key,
                                    const std::optional<Version>& version, const RecordPlace& place) {
    bson_.clear();
    if (auto fault = build(record, rules, key, version, bson_)) return fault;
    ExtendedJsonWriter writer = json_writer();
    const std::size_t place_at = transformer_.place_at();
    if (place_at != 0) writer.watch(reinterpret_cast<const char*>(bson_.data()) + place_at);
    if (auto written = writer.document(bson_.view()); !written)
      return RecordFault{ErrorKind::poison, {}, written.error().message};
    if (place_at != 0) places_.push_back({writer.watched_at() + 9, place.number});
    return std::nullopt;
  }

  ExtendedJsonWriter json_writer() {
    return {options_.to == ConvertTo::canonical ? ExtendedJson::canonical : ExtendedJson::relaxed, out_};
  }

  // One line of --changes.
  std::optional<RecordFault> change(const Record& record, const RecordPlace& place) {
    const std::string_view table = table_of(record);
    if (!is_table_name(table)) return RecordFault{ErrorKind::poison, {}, "names a table that DynamoDB does not allow"};
    const TableRules& rules = config_.rules(table);
    if (auto fault = transformer_.key(record, rules, key_)) return fault;
    const StoredKey* key = key_ ? &*key_ : nullptr;
    if (!key)
      return RecordFault{
          ErrorKind::poison, {}, "is an item whose key nobody gave: say --key HASH[,RANGE] or key: [HASH, RANGE]"};
    const bool upsert = record.operation == Record::Operation::upsert;
    out_.append(upsert ? R"({"op":"upsert","table":)" : R"({"op":"remove","table":)");
    append_json_string(table, out_);
    out_.append(",\"to\":");
    append_json_string(config_.target_of(table).text(), out_);
    out_.append(",\"id\":");
    if (auto written = json_writer().value(key->type, key->value); !written)
      return RecordFault{ErrorKind::poison, {}, written.error().message};
    const std::optional<Version> version = version_of(record, place);
    append_version(version, place);
    if (upsert) {
      out_.append(",\"document\":");
      if (auto fault = render(record, rules, key, version, place)) return fault;
    }
    out_.append("}\n");
    return std::nullopt;
  }

  void append_version(const std::optional<Version>& version, const RecordPlace& place) {
    if (!version) return out_.append(R"(,"version":null)");
    out_.append(fmt::format(R"(,"version":{{"t":{},"s":")", version->t));
    if (version->s[0] == 'f') places_.push_back({out_.size() + 9, place.number});
    out_.append(version->s + "\"}");
  }

  const Config& config_;
  const ConvertOptions& options_;
  Transformer transformer_;
  Versions versions_;
  std::size_t file_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t refused_ = 0;
  ValueCounts values_;
  Buffer out_;
  Buffer bson_;
  std::optional<StoredKey> key_;
  std::vector<Place> places_;
  std::vector<Problem> problems_;
};

class Converter : public BlockConsumer {
 public:
  Converter(const Config& config, const ConvertOptions& options) : config_(config), options_(options) {}

  std::unique_ptr<BlockResult> make_result() override { return std::make_unique<ConvertedBlock>(config_, options_); }

  Result<void> take(BlockResult& result, const std::string& file_name, const BlockBase& base) override {
    auto& block = static_cast<ConvertedBlock&>(result);  // made by make_result()
    RETURN_IF_ERROR(write_all(STDOUT_FILENO, block.finish(base), "standard output"));
    if (!block.problems().empty()) progress_.clear();
    for (const Problem& problem : block.problems()) fmt::print(stderr, "{}\n", describe(problem, file_name, base));
    summary_.records += block.records();
    summary_.refused += block.refused_records();
    summary_.values.add(block.values());
    return {};
  }

  void progress(const InputProgress& progress) override { progress_.show(summary_.records, progress); }

  const ConvertSummary& summary() const { return summary_; }

 private:
  const Config& config_;
  const ConvertOptions& options_;
  ProgressLine progress_;
  ConvertSummary summary_;
};

}  // namespace

Result<ConvertSummary> convert(const Config& config, const ConvertOptions& options) {
  if (options.to == ConvertTo::item) return convert_back(config, options);
  Converter converter(config, options);
  const RecordOptions records{options.form, config.kinesis_binary};
  RETURN_IF_ERROR(read_blocks(options.files, config, {records, options.jobs}, converter));
  return converter.summary();
}

}  // namespace dynatlas
