// SPDX-License-Identifier: Apache-2.0
#include "pipeline/origin.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/printable.h"

namespace dynatlas {

std::string position_of(const Origin& origin) {
  if (!origin.id.empty()) return printable(origin.id);
  return fmt::format("{}: record {}", printable(origin.file_name), origin.record);
}

std::string parked_id(const std::string& record_sha256, std::string_view told_table) {
  const std::string id = "files:" + record_sha256;
  return told_table.empty() ? id : fmt::format("{}:{}", id, told_table);
}

ParkedRecord parked_record(const Change& change, const Origin& origin, const std::string& cause) {
  ParkedRecord record;
  record.record_sha256 = sha256_hex(origin.text);
  record.id = origin.id.empty() ? parked_id(record.record_sha256, origin.says_table ? "" : origin.table) : origin.id;
  record.table = origin.table;
  record.to = change.destination->name();
  record.destination = change.destination;
  record.key = change.key;
  record.version = change.version;
  record.position = position_of(origin);
  record.cause = cause;
  record.form = origin.form;
  record.record = origin.text.substr(0, parked_record_bytes_max);
  record.record_size = origin.text.size();
  return record;
}

}  // namespace dynatlas
