// SPDX-License-Identifier: Apache-2.0
#include "target/dump/object_id.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>

namespace dynatlas {

namespace {

std::string random_bytes(std::size_t count) {
  static std::random_device device;
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(device() & 0xFF);
  return bytes;
}

void append_big_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

}  // namespace

std::string make_object_id() {
  static const std::string process = random_bytes(5);
  static std::atomic<std::uint32_t> counter = std::random_device{}();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string id;
  append_big_endian(id, static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()), 4);
  id += process;
  append_big_endian(id, counter++, 3);
  return id;
}

std::string random_uuid() {
  std::string uuid = random_bytes(16);
  uuid[6] = static_cast<char>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<char>((uuid[8] & 0x3F) | 0x80);
  return uuid;
}

}  // namespace dynatlas
