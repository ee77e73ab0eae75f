// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dynatlas {

// Which of two changes of one item is newer (docs/architecture.md, "The guard").
//
//   t  µs since 1970 on AWS's clock
//   s  where the change stood:
//      ""                     a copied item: older than any change of its t
//      k NNN digits           a Kinesis record's sequence number; NNN says how many digits follow
//      k NNN digits . N       of a record inside of an aggregated one but the first: which it is, in 8 digits
//      d HHHHHHHH NNN digits  a DynamoDB Streams record's; the first 8 hex digits of the SHA-256 of the stream's ARN
//      f 8 digits 12 digits   a place in files: file and record, from 0
//
// The digits of sequence numbers have no leading zeros, so that the order of the texts is the order of the numbers.
struct Version {
  std::int64_t t = 0;
  std::string s;

  friend bool operator==(const Version&, const Version&) = default;
};

inline constexpr std::size_t place_size = 21;  // of `f` and its digits
inline constexpr std::string_view unknown_stream = "00000000";

// Two changes of one DynamoDB stream go by their sequence number, since their times are whole seconds; all else by t,
// then s.
inline bool is_older(const Version& a, const Version& b) {
  const bool one_stream = a.s.size() > 9 && b.s.size() > 9 && a.s[0] == 'd' &&
                          std::string_view(a.s).substr(0, 9) == std::string_view(b.s).substr(0, 9);
  if (!one_stream && a.t != b.t) return a.t < b.t;
  return a.s < b.s;
}

// `sub_sequence`: which record of an aggregated one, from 0.
std::string kinesis_place(std::string_view digits, std::uint64_t sub_sequence = 0);
std::string stream_place(std::string_view stream_hash, std::string_view digits);
std::string file_place(std::uint64_t file, std::uint64_t record);

// The 8 hex digits that stand for a stream; `unknown_stream` where the ARN is empty.
std::string hash_of_stream(std::string_view arn);

}  // namespace dynatlas
