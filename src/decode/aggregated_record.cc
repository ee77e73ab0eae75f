// SPDX-License-Identifier: Apache-2.0
#include "decode/aggregated_record.h"

#include <fmt/format.h>

#include <iterator>

#include "base/base64.h"
#include "base/digest.h"

namespace dynatlas {

namespace {

constexpr std::string_view magic = "\xF3\x89\x9A\xC2";
constexpr std::size_t md5_size = 16;

constexpr std::uint64_t records_field = 3;  // of AggregatedRecord
constexpr std::uint64_t data_field = 3;     // of Record

// One field of a protocol buffer's message. Source: Protocol Buffers, "Encoding".
struct Field {
  std::uint64_t number = 0;
  bool is_bytes = false;
  std::string_view bytes;  // the value of a field of bytes
};

// Reads fields off the front of a message.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  // None where the message is damaged.
  std::optional<Field> next() {
    const auto key = varint();
    if (!key) return std::nullopt;
    Field field{*key >> 3, false, {}};
    switch (*key & 7) {
      case 0:
        return varint() ? std::optional(field) : std::nullopt;
      case 1:
        return take(8) ? std::optional(field) : std::nullopt;
      case 2: {
        const auto size = varint();
        const auto bytes = size ? take(*size) : std::nullopt;
        if (!bytes) return std::nullopt;
        field.is_bytes = true;
        field.bytes = *bytes;
        return field;
      }
      case 5:
        return take(4) ? std::optional(field) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<std::uint64_t> varint() {
    constexpr unsigned bits_a_byte = 7;
    constexpr unsigned bits = 64;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits && !rest_.empty(); shift += bits_a_byte) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

// Of a field that stands twice the last one counts.
std::optional<std::string_view> bytes_field(std::string_view message, std::uint64_t number) {
  std::optional<std::string_view> found;
  for (Message in(message); !in.at_end();) {
    const auto field = in.next();
    if (!field) return std::nullopt;
    if (field->number == number && field->is_bytes) found = field->bytes;
  }
  return found;
}

std::string_view body_of(std::string_view data) {
  return data.substr(magic.size(), data.size() - magic.size() - md5_size);
}

}  // namespace

bool is_aggregated(std::string_view data) {
  if (!data.starts_with(magic) || data.size() < magic.size() + md5_size) return false;
  return md5(body_of(data)) == data.substr(data.size() - md5_size);
}

std::optional<std::vector<std::string_view>> unpack_aggregated(std::string_view data, std::size_t most) {
  std::vector<std::string_view> records;
  for (Message in(body_of(data)); !in.at_end() && records.size() <= most;) {
    const auto field = in.next();
    if (!field) return std::nullopt;
    if (field->number != records_field || !field->is_bytes) continue;
    const auto record = bytes_field(field->bytes, data_field);
    if (!record) return std::nullopt;
    records.push_back(*record);
  }
  return records;
}

std::string event_of_aggregated(std::string_view sequence, const std::vector<std::string_view>& records) {
  std::string event = R"({"Records":[)";
  for (std::size_t i = 0; i < records.size(); ++i) {
    fmt::format_to(std::back_inserter(event),
                   R"({}{{"kinesis":{{"sequenceNumber":"{}","subSequenceNumber":{},"data":")", i == 0 ? "" : ",",
                   sequence, i);
    base64_append(records[i], event);
    event += R"("},"eventSource":"aws:kinesis"})";
  }
  return event + "]}";
}

}  // namespace dynatlas
