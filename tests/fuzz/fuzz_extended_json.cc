// SPDX-License-Identifier: Apache-2.0
//
// Extended JSON to BSON and back. The input is a text. What is read must come out again: as canonical Extended JSON it
// is the same document, and in the relaxed form the same item.
#include "decode/extended_json.h"
#include "support/way_back.h"
#include "verdict.h"

namespace dynatlas {
namespace {

std::string extended_json(std::string_view document, ExtendedJson form) {
  Buffer out;
  require(ExtendedJsonWriter(form, out).document(document).has_value(), "what was read cannot be written");
  return std::string(out.view());
}

std::string read_again(std::string_view document, ExtendedJson form) {
  const std::string text = extended_json(document, form);
  std::string cause;
  auto again = bson_of(text, cause);
  if (!again) require_nothing_wrong("our own text is refused: " + cause + "\n" + text);
  return *std::move(again);
}

void require_equal(std::string_view was, std::string_view is, std::string_view what) {
  if (was != is) require_nothing_wrong(std::string(what) + "\nwas: " + std::string(was) + "\nis:  " + std::string(is));
}

void check(std::string_view document) {
  require(read_again(document, ExtendedJson::canonical) == document, "canonical Extended JSON is another document");
  std::string cause;
  const auto item = item_of(document, cause);
  if (!item) {
    require(!cause.empty(), "is refused without a cause");
    return;
  }
  // A number without its wrapper may be of a narrower type, but it is the same number.
  const auto again = item_of(read_again(document, ExtendedJson::relaxed), cause);
  require_equal(*item, again ? *again : cause, "relaxed Extended JSON is another item");
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  std::string cause;
  const auto document = bson_of({reinterpret_cast<const char*>(data), size}, cause);
  if (document) {
    check(*document);
  } else {
    require(cause.size() > 3, "is refused without a cause");
  }
  return 0;
}
