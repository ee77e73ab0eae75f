// SPDX-License-Identifier: Apache-2.0
#include "change/version.h"

#include <fmt/format.h>

#include "base/digest.h"

namespace dynatlas {

std::string kinesis_place(std::string_view digits) { return fmt::format("k{:03}{}", digits.size(), digits); }

std::string stream_place(std::string_view stream_hash, std::string_view digits) {
  return fmt::format("d{}{:03}{}", stream_hash, digits.size(), digits);
}

std::string file_place(std::uint64_t file, std::uint64_t record) { return fmt::format("f{:08}{:012}", file, record); }

std::string hash_of_stream(std::string_view arn) {
  return arn.empty() ? std::string(unknown_stream) : sha256_hex(arn).substr(0, 8);
}

}  // namespace dynatlas
