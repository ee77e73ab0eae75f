// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "change/record.h"
#include "change/version.h"

namespace dynatlas {

// Gives records their versions. One serves one thread.
class Versions {
 public:
  // `stream_arn` stands in where a DynamoDB Streams record names no stream; empty where nobody said.
  explicit Versions(std::string stream_arn) : stream_arn_(std::move(stream_arn)) {}

  // The record's version; its place in the input, `f` and its digits, serves where it has no sequence number of its
  // own. Empty for an item, which has no time.
  std::optional<Version> of(const Record& record, std::string_view place);

 private:
  std::string stream_arn_;
  std::string hashed_arn_;  // the stream that was asked for last, and its hash
  std::string hash_;
};

}  // namespace dynatlas
