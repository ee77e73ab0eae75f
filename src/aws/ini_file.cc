// SPDX-License-Identifier: Apache-2.0
#include "aws/ini_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

std::optional<std::pair<std::string, std::string>> pair_of(std::string_view line) {
  const std::size_t middle = line.find_first_of("=:");
  if (middle == std::string_view::npos || middle == 0) return std::nullopt;
  return std::pair(lower_case(trimmed(line.substr(0, middle))), std::string(trimmed(line.substr(middle + 1))));
}

class IniReader {
 public:
  bool read_line(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return true;
    const std::size_t indent = line.find_first_not_of(" \t");
    if (!key_.empty() && indent > indent_) return read_indented(text);
    indent_ = indent;
    if (text.front() == '[') return read_section(text);
    return read_pair(text);
  }
  IniFile take() { return std::move(file_); }

 private:
  bool read_section(std::string_view text) {
    const std::size_t end = text.rfind(']');
    if (end == std::string_view::npos) return false;
    section_ = &file_[std::string(trimmed(text.substr(1, end - 1)))];
    key_.clear();
    return true;
  }
  bool read_pair(std::string_view text) {
    auto pair = pair_of(text);
    if (!pair || section_ == nullptr) return false;
    key_ = pair->first;
    (*section_)[key_] = std::move(pair->second);
    return true;
  }
  bool read_indented(std::string_view text) {
    std::string& value = (*section_)[key_];
    if (!value.empty()) {
      value.append("\n").append(text);
      return true;
    }
    auto pair = pair_of(text);
    if (pair) (*section_)[key_ + "." + pair->first] = std::move(pair->second);
    return pair.has_value();
  }

  IniFile file_;
  IniSection* section_ = nullptr;
  std::string key_;         // of the last pair that goes on with nothing
  std::size_t indent_ = 0;  // of the last line that goes on with nothing
};

}  // namespace

Result<IniFile> parse_ini(std::string_view text, const std::string& name) {
  IniReader reader;
  int number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ++number;
    if (!reader.read_line(text.substr(begin, end - begin))) {
      return fatal(
          fmt::format("{}:{}: this line is neither a [section] nor `key = value` below one", printable(name), number));
    }
    begin = end + 1;
  }
  return reader.take();
}

}  // namespace dynatlas
