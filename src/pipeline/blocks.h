// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/stream.h"

namespace dynatlas {

// Where a block's numbers begin: add these to what its sink was told.
struct BlockBase {
  std::uint64_t records = 0;
  std::uint64_t lines = 0;
};

// What the records of one block became; made and filled on any thread, taken on one. Used again after reset().
class BlockResult : public RecordSink {
 public:
  // Forgets everything; the next block is of this file.
  virtual void reset(std::size_t file) = 0;
};

// How far the input was read.
struct InputProgress {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  // 0 where unknown
};

// What a verb does with blocks.
class BlockConsumer {
 public:
  virtual ~BlockConsumer() = default;

  virtual std::unique_ptr<BlockResult> make_result() = 0;

  // Takes the next block, in input order. An error stops the run.
  virtual Result<void> take(BlockResult& result, const std::string& file_name, const BlockBase& base) = 0;

  virtual void progress(const InputProgress& progress) = 0;

  // Asked between blocks: ends the run early, as if the input ended here.
  virtual bool stop_requested() { return false; }
};

struct BlockOptions {
  RecordOptions records;
  std::size_t jobs = 1;  // threads, the caller's included
};

// An error of kind usage where a file cannot be opened; asked before anything is touched.
Result<void> check_inputs(const std::vector<std::string>& files);

// Reads the files one after the other, cuts them into blocks at lines, decodes the blocks on all threads and hands the
// results over in order. Every block but the first is begun as if a value began with it; where the block before ends
// otherwise (a value goes on, or a wrapper is open), it is decoded once more from the right state, so the guess never
// shows in the result.
Result<void> read_blocks(const std::vector<std::string>& files, const RulesByTable& rules, const BlockOptions& options,
                         BlockConsumer& consumer);

}  // namespace dynatlas
