// SPDX-License-Identifier: Apache-2.0
#include "change/version.h"

#include <array>
#include <charconv>

#include "base/digest.h"

namespace dynatlas {

namespace {

// Every record has a place: fmt::format takes ten times as long.
void append_padded(std::string& out, std::uint64_t number, std::size_t width) {
  std::array<char, 20> digits{};
  const char* end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  if (size < width) out.append(width - size, '0');
  out.append(digits.data(), size);
}

std::string numbered_place(std::string place, std::string_view digits) {
  place.reserve(place.size() + digits.size() + 3);
  append_padded(place, digits.size(), 3);
  place += digits;
  return place;
}

}  // namespace

std::string kinesis_place(std::string_view digits, std::uint64_t sub_sequence) {
  constexpr std::size_t sub_sequence_width = 8;  // a Kinesis record has 10 MiB at most
  std::string place = numbered_place("k", digits);
  if (sub_sequence == 0) return place;
  place += '.';
  append_padded(place, sub_sequence, sub_sequence_width);
  return place;
}

std::string stream_place(std::string_view stream_hash, std::string_view digits) {
  return numbered_place("d" + std::string(stream_hash), digits);
}

std::string file_place(std::uint64_t file, std::uint64_t record) {
  std::string place = "f";
  place.reserve(place_size);
  append_padded(place, file, 8);
  append_padded(place, record, 12);
  return place;
}

std::string hash_of_stream(std::string_view arn) {
  return arn.empty() ? std::string(unknown_stream) : sha256_hex(arn).substr(0, 8);
}

}  // namespace dynatlas
