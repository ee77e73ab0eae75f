// SPDX-License-Identifier: Apache-2.0
//
// Every way to decode base64 against an obvious one. The input is the text; as bytes it is encoded, too.
#include <memory>
#include <optional>

#include "base/base64.h"
#include "base/base64_variants.h"
#include "support/text_base64.h"
#include "verdict.h"

namespace dynatlas {
namespace {

std::optional<std::string> decoded_by(const Base64Variant& variant, std::string_view text) {
  const auto out = std::make_unique<std::uint8_t[]>(base64_decoded_room(text.size()));
  const std::size_t size = variant.decode(text, out.get());
  if (size == base64_invalid) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out.get()), size);
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expected = text_base64_decode(text);
  std::string encoded;
  base64_append(text, encoded);
  require(encoded == text_base64_encode(text), "the encoders differ");
  for (const Base64Variant& variant : base64_variants()) {
    require(decoded_by(variant, text) == expected, variant.name);
    require(decoded_by(variant, encoded) == text, variant.name);
  }
  return 0;
}
