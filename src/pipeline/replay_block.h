// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "pipeline/blocks.h"
#include "pipeline/change_maker.h"
#include "pipeline/problem.h"
#include "pipeline/replay.h"
#include "pipeline/value_counts.h"
#include "transform/version_of.h"

namespace dynatlas {

// A change whose place, where it has one, is still counted from its block's start.
struct BlockChange {
  Change change;
  std::string table;
  std::uint64_t number = 0;
  bool has_place = false;          // the version's s is this record's place in the input
  std::size_t document_place = 0;  // where that place begins in the document; 0 where it does not stand there
  std::string text;                // the record as received
  std::string_view form;           // how that is read again
  bool says_table = false;         // the text itself
};

// A record that is parked, in the same state.
struct BlockParked {
  Problem problem;
  std::string id;
  std::string table;
  std::optional<StoredKey> key;
  std::optional<Version> version;
  std::string_view form;
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

  void reset(std::size_t file) override;
  std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) override;
  void refused(const RecordFault& fault, const Record& known, const RecordPlace& place) override;
  void passed_over(std::uint64_t first_line, std::uint64_t last_line) override;

  std::size_t file() const { return file_; }

  std::vector<Kind> order;
  std::vector<BlockChange> changes;
  std::vector<BlockParked> parked;
  std::vector<Problem> notes;
  ValueCounts values;

 private:
  std::string_view table_of(const Record& record) const;
  std::optional<Version> version_of(const Record& record, const RecordPlace& place);
  std::string_view form_of(const RecordPlace& place) const;

  const Config& config_;
  const ReplayOptions& options_;
  ChangeMaker maker_;
  Versions versions_;
  std::size_t file_ = 0;
};

}  // namespace dynatlas
