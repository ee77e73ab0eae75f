// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bson/bson.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace dynatlas {

// A document as libbson reads it from Extended JSON: for tests that say in text what the bytes are.
inline std::string bson_of(std::string_view json) {
  bson_error_t error;
  bson_t* bson =
      bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()), static_cast<ssize_t>(json.size()), &error);
  if (bson == nullptr) throw std::invalid_argument(error.message);
  std::string bytes(reinterpret_cast<const char*>(bson_get_data(bson)), bson->len);
  bson_destroy(bson);
  return bytes;
}

// Its elements alone.
inline std::string elements_of_json(std::string_view json) {
  const std::string document = bson_of(json);
  return document.substr(4, document.size() - 5);
}

// Canonical Extended JSON of a document as libbson prints it, which is not how dynatlas prints doubles.
inline std::string json_of(std::string_view document) {
  bson_t bson;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(document.data());
  if (!bson_init_static(&bson, bytes, document.size())) return "no document";
  if (!bson_validate(&bson, BSON_VALIDATE_UTF8_ALLOW_NULL, nullptr)) return "no valid BSON";
  char* text = bson_as_canonical_extended_json(&bson, nullptr);
  if (text == nullptr) return "no document";
  std::string json = text;
  bson_free(text);
  return json;
}

}  // namespace dynatlas
