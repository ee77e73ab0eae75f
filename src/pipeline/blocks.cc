// SPDX-License-Identifier: Apache-2.0
#include "pipeline/blocks.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "decode/json.h"
#include "pipeline/inputs.h"

namespace dynatlas {

namespace {

// Small enough for a block, and what becomes of it, to stay in a core's second-level cache.
constexpr std::size_t block_bytes = 256 * 1024;

// Left free before a block's text, for what the block before leaves over: so that is copied, and not the block.
constexpr std::size_t headroom = 64 * 1024;

// The kernel copies to the beginning of a page twice as fast as to elsewhere.
constexpr std::size_t page_bytes = 4096;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// One piece of a file and what it became.
struct Block {
  enum class Stage : std::uint8_t { waiting, taken, done };

  std::size_t file = 0;
  Buffer buffer;  // the text, after what is free, and its padding
  std::size_t begin = 0;
  bool clean = false;  // begins with a line that begins with a bracket
  bool last = false;   // of its file
  bool ahead = false;  // given to the threads
  Stage stage = Stage::waiting;
  StreamState end;
  std::size_t used = 0;
  std::unique_ptr<BlockResult> result;

  std::string_view text() const { return buffer.view().substr(begin); }
};

void pad(Buffer& text) {
  text.reserve_more(json::json_padding);
  std::memset(text.end(), 0, json::json_padding);
}

void decode_block(Block& block, const StreamState& begin, RecordDecoder& decoder) {
  block.result->reset(block.file);
  RecordStream stream(decoder, *block.result);
  stream.set_state(begin);
  block.used = stream.read(block.text(), block.last);
  block.end = stream.state();
}

// Cuts the files' texts into blocks.
class BlockReader {
 public:
  BlockReader(std::vector<InputFile> files, BlockConsumer& consumer) : files_(std::move(files)), consumer_(consumer) {}

  bool done() const { return file_ == files_.size(); }

  Result<void> read(Block& block) {
    InputFile& file = files_[file_];
    block.file = file_;
    block.clean = next_is_clean_;
    begin_with_rest(block);
    ASSIGN_OR_RETURN(block.last, fill(file, block.buffer));
    if (at_file_begin_ && block.text().substr(0, 3) == byte_order_mark) block.begin += 3;
    at_file_begin_ = block.last;
    next_is_clean_ = block.last || cut(block);
    file_ += block.last ? 1 : 0;
    pad(block.buffer);
    return {};
  }

  const std::string& name(std::size_t file) const { return files_[file].name(); }

  InputProgress progress() const { return progress_of(files_); }

 private:
  // What the last block left lies so that the file is read to the beginning of a page.
  void begin_with_rest(Block& block) {
    block.buffer.clear();
    block.buffer.reserve_more(headroom + rest_.size() + page_bytes + block_bytes + json::json_padding);
    const std::size_t least = headroom + rest_.size();
    const std::size_t over = (reinterpret_cast<std::uintptr_t>(block.buffer.data()) + least) % page_bytes;
    block.buffer.resize_to(least + page_bytes - over);
    block.begin = block.buffer.size() - rest_.size();
    if (rest_.size() != 0) std::memcpy(block.buffer.data() + block.begin, rest_.data(), rest_.size());
    rest_.clear();
  }

  // True at the end of the file.
  Result<bool> fill(InputFile& file, Buffer& text) {
    const std::size_t whole = text.size() + block_bytes;
    while (text.size() < whole) {
      const auto got = file.read(reinterpret_cast<char*>(text.end()), whole - text.size());
      const bool again = !got && got.error().kind == ErrorKind::retry && !consumer_.stop_requested();
      if (again) continue;
      if (!got) return got.error();
      if (*got == 0) return true;
      text.resize_to(text.size() + *got);
    }
    return false;
  }

  // Keeps for the next block what begins with the last line that begins with a bracket. False where no line does.
  bool cut(Block& block) {
    const std::string_view text = block.text();
    std::size_t size = text.size() - 1;
    while (const void* found = memrchr(text.data(), '\n', size)) {
      const std::size_t line = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1;
      if (text[line] == '{' || text[line] == '[') {
        rest_.append(text.substr(line));
        block.buffer.resize_to(block.begin + line);
        return true;
      }
      size = line - 1;
    }
    return false;
  }

  std::vector<InputFile> files_;
  BlockConsumer& consumer_;
  std::size_t file_ = 0;
  Buffer rest_;
  bool next_is_clean_ = true;
  bool at_file_begin_ = true;
};

// Threads that decode blocks ahead of their turn.
class Workers {
 public:
  Workers(std::size_t count, const RulesByTable& rules, const RecordOptions& options) {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, &rules, options] {
        RecordDecoder decoder(rules, options);
        while (Block* block = next()) finish(*block, decoder);
      });
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void add(Block& block) {
    block.ahead = true;
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(&block);
    }
    work_.notify_one();
  }

  // Waits until `block` is done, helping meanwhile.
  void wait_for(const Block& block, RecordDecoder& decoder) {
    std::unique_lock lock(mutex_);
    while (block.stage != Block::Stage::done) {
      if (waiting_.empty()) {
        done_.wait(lock);
        continue;
      }
      Block& other = take_first();
      lock.unlock();
      finish(other, decoder);
      lock.lock();
    }
  }

 private:
  Block& take_first() {
    Block& block = *waiting_.front();
    waiting_.pop_front();
    block.stage = Block::Stage::taken;
    return block;
  }

  Block* next() {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    return closing_ ? nullptr : &take_first();
  }

  void finish(Block& block, RecordDecoder& decoder) {
    decode_block(block, StreamState{}, decoder);
    {
      const std::lock_guard lock(mutex_);
      block.stage = Block::Stage::done;
    }
    done_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Block*> waiting_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

// Takes the blocks in order, each from where the one before ended.
class Sequence {
 public:
  Sequence(BlockReader& reader, RecordDecoder& decoder, BlockConsumer& consumer)
      : reader_(reader), decoder_(decoder), consumer_(consumer) {}

  // Whether a block that is read now may be decoded ahead.
  bool may_guess() const { return state_.is_fresh() && carry_.size() == 0; }

  Result<void> take(Block& block) {
    const bool as_guessed = block.ahead && block.clean && may_guess();
    BlockBase base{state_.records, state_.lines};
    if (!as_guessed) {
      base = {};
      if (!prepend_carry(block)) return {};
      decode_block(block, state_, decoder_);
    }
    RETURN_IF_ERROR(consumer_.take(*block.result, reader_.name(block.file), base));
    state_ = block.end;
    state_.records += base.records;
    state_.lines += base.lines;
    state_.broken_line += base.lines;
    state_.page_line += base.lines;
    carry_.clear();
    carry_.append(block.text().substr(block.used));
    // A value that no text so far held whole is tried again when there is twice as much of it: no input makes that
    // quadratic.
    enough_ = block.used == 0 ? 2 * carry_.size() : 0;
    if (block.last) state_ = StreamState{};
    return {};
  }

 private:
  // False where the value that is carried needs more text first.
  bool prepend_carry(Block& block) {
    if (carry_.size() <= block.begin) {
      block.begin -= carry_.size();
      if (carry_.size() != 0) std::memcpy(block.buffer.data() + block.begin, carry_.data(), carry_.size());
    } else {
      carry_.append(block.text());
      std::swap(carry_, block.buffer);
      block.begin = 0;
    }
    carry_.clear();
    if (!block.last && block.text().size() < enough_ && block.text().size() <= element_bytes_max) {
      carry_.append(block.text());
      return false;
    }
    pad(block.buffer);
    return true;
  }

  BlockReader& reader_;
  RecordDecoder& decoder_;
  BlockConsumer& consumer_;
  StreamState state_;
  Buffer carry_;
  std::size_t enough_ = 0;
};

}  // namespace

Result<void> check_inputs(const std::vector<std::string>& files) {
  for (const std::string& file : files) RETURN_IF_ERROR(InputFile::check(file));
  return {};
}

Result<void> read_blocks(const std::vector<std::string>& files, const RulesByTable& rules, const BlockOptions& options,
                         BlockConsumer& consumer) {
  RETURN_IF_ERROR(check_inputs(files));
  ASSIGN_OR_RETURN(std::vector<InputFile> inputs, open_inputs(files));
  BlockReader reader(std::move(inputs), consumer);
  RecordDecoder decoder(rules, options.records);
  Sequence sequence(reader, decoder, consumer);
  std::deque<std::unique_ptr<Block>> running;  // outlives the workers
  std::vector<std::unique_ptr<Block>> spare;
  Workers workers(options.jobs - 1, rules, options.records);
  const std::size_t running_max = options.jobs == 1 ? 1 : 2 * options.jobs + 1;
  std::optional<Error> read_error;  // told after everything before it was taken
  while (!running.empty() || (!reader.done() && !read_error)) {
    const bool more = !reader.done() && !read_error && running.size() < running_max;
    if (more) {
      std::unique_ptr<Block> block;
      if (spare.empty()) {
        block = std::make_unique<Block>();
        block->result = consumer.make_result();
      } else {
        block = std::move(spare.back());
        spare.pop_back();
      }
      block->stage = Block::Stage::waiting;
      block->ahead = false;
      if (auto read = reader.read(*block); !read) {
        if (consumer.stop_requested()) break;
        read_error = read.error();  // what it cut off is not judged: it will be there when the error is mended
        block->last = false;
        pad(block->buffer);
      }
      const bool guess = options.jobs > 1 && block->clean && (sequence.may_guess() || !running.empty());
      running.push_back(std::move(block));
      if (guess) workers.add(*running.back());
      continue;
    }
    Block& front = *running.front();
    if (front.ahead) workers.wait_for(front, decoder);
    RETURN_IF_ERROR(sequence.take(front));
    consumer.progress(reader.progress());
    spare.push_back(std::move(running.front()));
    running.pop_front();
    if (consumer.stop_requested()) break;
  }
  if (read_error) return *std::move(read_error);
  return {};
}

}  // namespace dynatlas
