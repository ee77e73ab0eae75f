// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace dynatlas {

// A field of bytes, shorter than 16 KiB, of a protocol buffer.
inline std::string protobuf_bytes(int number, std::string_view bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  if (bytes.size() >= 128) field += static_cast<char>((bytes.size() & 127) | 128);
  field += static_cast<char>(bytes.size() >= 128 ? bytes.size() >> 7 : bytes.size());
  return field.append(bytes);
}

// What the Kinesis Producer Library puts around this protocol buffer.
inline std::string aggregate_around(std::string_view protobuf) {
  return "\xF3\x89\x9A\xC2" + std::string(protobuf) + md5(protobuf);
}

// Kinesis data that holds these records.
inline std::string aggregate_of(const std::vector<std::string>& records) {
  std::string protobuf = protobuf_bytes(1, "p");
  for (const std::string& record : records)
    protobuf += protobuf_bytes(3, std::string("\x08\x00", 2) + protobuf_bytes(3, record));
  return aggregate_around(protobuf);
}

}  // namespace dynatlas
