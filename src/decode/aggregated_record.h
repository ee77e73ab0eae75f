// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dynatlas {

// Several records inside of one Kinesis record, as the Kinesis Producer Library packs them: F3 89 9A C2, a protocol
// buffer, and the MD5 of that. DynamoDB's own records are not packed, those that somebody publishes again may be.
// Source: awslabs/amazon-kinesis-producer, aggregation-format.md.

// Whether a Kinesis record's data is such a one. What only begins like it is a record by itself.
bool is_aggregated(std::string_view data);

// What base64 of such data begins with.
inline constexpr std::string_view aggregated_base64 = "84maw";

// So many records at most are unpacked of one aggregated record, and of those of one event together. The 6 MB of a
// Lambda event cannot hold as many changes; parts of no bytes would become a hundred times as large as they came.
inline constexpr std::size_t aggregated_records_max = 65'536;

// The records' data, in order, and not many more than `most`; they refer to `data`. None where the protocol buffer
// cannot be read.
std::optional<std::vector<std::string_view>> unpack_aggregated(std::string_view data,
                                                               std::size_t most = aggregated_records_max);

// A Lambda event of these records, each an element of `Records` of its own: {"kinesis":{"sequenceNumber":..,
// "subSequenceNumber":0,"data":..},"eventSource":"aws:kinesis"}. `sequence`: the digits of the record around them.
std::string event_of_aggregated(std::string_view sequence, const std::vector<std::string_view>& records);

}  // namespace dynatlas
