// SPDX-License-Identifier: Apache-2.0
//
// A document that anybody may have written, as an item. The input is a BSON document. Where it is an item, the twin
// must take that item too, and the document that dynatlas makes of it must come back as the same item.
#include <algorithm>

#include "support/twin_check.h"
#include "support/way_back.h"
#include "verdict.h"

namespace dynatlas {
namespace {

// MongoDB lets a document nest deeper than dynatlas stores an item.
constexpr std::size_t brackets_max = 99;

std::size_t depth_at_most(const std::string& item) {
  return static_cast<std::size_t>(std::count_if(item.begin(), item.end(), [](char c) { return c == '{' || c == '['; }));
}

void check(const std::string& item) {
  const TwinOptions options;
  const std::string normalised = normalised_item(item);
  std::string cause;
  const auto decoded = decode_whole_item(item, options, cause);
  if (!decoded || normalised.empty()) {
    require(!decoded && normalised.empty(), "the twin judges the item otherwise");
    if (depth_at_most(item) <= brackets_max) require_nothing_wrong("is no item: " + cause + "\n" + item);
    return;
  }
  require(normalised == item, "is not printed as DynamoDB prints it");
  const auto back = item_of(with_types(decoded->document, decoded->types), cause);
  if (back != item) require_nothing_wrong("was: " + item + "\nis:  " + (back ? *back : cause));
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  std::string cause;
  const auto item = item_of({reinterpret_cast<const char*>(data), size}, cause);
  if (!item) {
    require(cause.size() > 3, "is refused without a cause");
  } else if (!item->empty()) {
    check(*item);
  }
  return 0;
}
