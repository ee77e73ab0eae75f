// SPDX-License-Identifier: Apache-2.0
//
// The limit of the convert benchmark: simdjson On-Demand over one JSON value a line. Every name and every string is
// unescaped, every number's text, boolean and null is looked at; nothing is built and nothing is written. What a
// converter of this JSON does on top of this is its own.
//
// The input passes through one small buffer that stays in the cache: faster than iterate_many() over a whole file.

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t buffer_bytes_initial = size_t{1} << 18;

struct Counts {
  uint64_t records = 0;
  uint64_t names = 0;
  uint64_t scalars = 0;
  uint64_t text_bytes = 0;  // of names, strings and numbers, unescaped: they cannot be optimised away
};

void walk(ondemand::value value, Counts& counts);

void walk(ondemand::object object, Counts& counts) {
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    ++counts.names;
    counts.text_bytes += name.size();
    walk(field.value().value(), counts);
  }
}

void walk(ondemand::array array, Counts& counts) {
  for (auto element : array) walk(element.value(), counts);
}

void walk(ondemand::value value, Counts& counts) {
  switch (value.type()) {
    case ondemand::json_type::object:
      return walk(value.get_object().value(), counts);
    case ondemand::json_type::array:
      return walk(value.get_array().value(), counts);
    case ondemand::json_type::string:
      counts.text_bytes += value.get_string().value().size();
      break;
    case ondemand::json_type::number:
      counts.text_bytes += value.raw_json_token().size();
      break;
    case ondemand::json_type::boolean:
      if (value.get_bool().value()) ++counts.text_bytes;
      break;
    case ondemand::json_type::null:
      if (!value.is_null()) throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
      break;
  }
  ++counts.scalars;
}

class Lines {
 public:
  explicit Lines(int file) : file_(file) {}

  // The next line, followed by at least SIMDJSON_PADDING readable bytes; empty at the end. Valid until the next call.
  std::string_view next() {
    size_t searched = begin_;
    while (true) {
      if (const void* found = std::memchr(data() + searched, '\n', end_ - searched)) {
        const size_t line_end = static_cast<size_t>(static_cast<const char*>(found) - data());
        const std::string_view line(data() + begin_, line_end - begin_);
        begin_ = line_end + 1;
        return line;
      }
      const size_t pending = end_ - begin_;
      if (!fill()) {
        begin_ = end_;
        return {data() + end_ - pending, pending};
      }
      searched = begin_ + pending;
    }
  }

 private:
  char* data() { return buffer_.get(); }

  bool fill() {
    const size_t pending = end_ - begin_;
    if (pending == capacity_) {
      std::unique_ptr<char[]> larger(new char[2 * capacity_ + simdjson::SIMDJSON_PADDING]());
      std::memcpy(larger.get(), data() + begin_, pending);
      buffer_ = std::move(larger);
      capacity_ *= 2;
    } else {
      std::memmove(data(), data() + begin_, pending);
    }
    begin_ = 0;
    end_ = pending;
    const ssize_t got = ::read(file_, data() + end_, capacity_ - end_);
    if (got > 0) end_ += static_cast<size_t>(got);
    return got > 0;
  }

  int file_;
  size_t capacity_ = buffer_bytes_initial;
  std::unique_ptr<char[]> buffer_{new char[buffer_bytes_initial + simdjson::SIMDJSON_PADDING]()};
  size_t begin_ = 0;
  size_t end_ = 0;
};

Counts walk_file(int file) {
  Counts counts;
  Lines lines(file);
  ondemand::parser parser;
  for (std::string_view line = lines.next(); !line.empty(); line = lines.next()) {
    ondemand::document document =
        parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING).value();
    walk(document.get_object().value(), counts);
    ++counts.records;
  }
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE (one JSON object a line)\n", argv[0]);
    return 2;
  }
  const int file = ::open(argv[1], O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    std::perror(argv[1]);
    return 2;
  }
  try {
    const Counts counts = walk_file(file);
    std::printf("{\"records\":%llu,\"names\":%llu,\"scalars\":%llu,\"text_bytes\":%llu}\n",
                static_cast<unsigned long long>(counts.records), static_cast<unsigned long long>(counts.names),
                static_cast<unsigned long long>(counts.scalars), static_cast<unsigned long long>(counts.text_bytes));
  } catch (const simdjson::simdjson_error& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    return 1;
  }
  return 0;
}
