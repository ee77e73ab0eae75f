// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dynatlas {

// One way to decode base64, with the contract of base64_decode(). For tests and benchmarks; others call
// base64_decode().
struct Base64Variant {
  const char* name;
  std::size_t (*decode)(std::string_view text, std::uint8_t* out) noexcept;
};

// The variants that this processor runs, the best last. Never empty.
std::span<const Base64Variant> base64_variants() noexcept;

}  // namespace dynatlas
