// SPDX-License-Identifier: Apache-2.0
#include "transform/version_of.h"

namespace dynatlas {

std::optional<Version> Versions::of(const Record& record, std::string_view place) {
  if (!record.time) return std::nullopt;
  if (record.sequence.empty()) return Version{*record.time, std::string(place)};
  if (record.form == Record::Form::kinesis)
    return Version{*record.time, kinesis_place(record.sequence, record.sub_sequence)};
  const std::string_view arn = record.stream_arn.empty() ? std::string_view(stream_arn_) : record.stream_arn;
  if (hash_.empty() || arn != hashed_arn_) {
    hashed_arn_ = arn;
    hash_ = hash_of_stream(arn);
  }
  return Version{*record.time, stream_place(hash_, record.sequence)};
}

}  // namespace dynatlas
