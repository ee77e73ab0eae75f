// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>
#include <string_view>

namespace dynatlas {

template <auto destroy>
struct Destroy {
  template <class Handle>
  void operator()(Handle* handle) const {
    destroy(handle);
  }
};

using OwnedUri = std::unique_ptr<mongoc_uri_t, Destroy<mongoc_uri_destroy>>;
using OwnedClient = std::unique_ptr<mongoc_client_t, Destroy<mongoc_client_destroy>>;
using OwnedSession = std::unique_ptr<mongoc_client_session_t, Destroy<mongoc_client_session_destroy>>;
using OwnedCollection = std::unique_ptr<mongoc_collection_t, Destroy<mongoc_collection_destroy>>;
using OwnedCursor = std::unique_ptr<mongoc_cursor_t, Destroy<mongoc_cursor_destroy>>;
using OwnedBulk = std::unique_ptr<mongoc_bulk_operation_t, Destroy<mongoc_bulk_operation_destroy>>;
using OwnedServer = std::unique_ptr<mongoc_server_description_t, Destroy<mongoc_server_description_destroy>>;

// A document of libbson's. Its functions that fill in a reply overwrite what is there, which must be empty.
class Bson {
 public:
  Bson() { bson_init(&raw_); }
  ~Bson() { bson_destroy(&raw_); }
  Bson(const Bson&) = delete;
  Bson& operator=(const Bson&) = delete;

  bson_t* get() { return &raw_; }
  const bson_t* get() const { return &raw_; }

 private:
  bson_t raw_{};
};

// A document that lies elsewhere, lent to libbson; empty where the bytes are no document.
class LentBson {
 public:
  explicit LentBson(std::string_view document) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(document.data());
    if (document.empty() || !bson_init_static(&raw_, bytes, document.size())) bson_init(&raw_);
  }
  const bson_t* get() const { return &raw_; }

 private:
  bson_t raw_{};
};

inline std::string bytes_of(const bson_t& document) {
  return {reinterpret_cast<const char*>(bson_get_data(&document)), document.len};
}

// The document or array that an iterator stands on, lent; empty where it stands on something else.
inline std::string_view document_at(const bson_iter_t& iter) {
  const std::uint8_t* bytes = nullptr;
  std::uint32_t length = 0;
  if (BSON_ITER_HOLDS_DOCUMENT(&iter)) bson_iter_document(&iter, &length, &bytes);
  if (BSON_ITER_HOLDS_ARRAY(&iter)) bson_iter_array(&iter, &length, &bytes);
  return {reinterpret_cast<const char*>(bytes), length};
}

inline std::string_view text_at(const bson_iter_t& iter) {
  std::uint32_t length = 0;
  if (!BSON_ITER_HOLDS_UTF8(&iter)) return {};
  const char* text = bson_iter_utf8(&iter, &length);
  return {text, length};
}

}  // namespace dynatlas
