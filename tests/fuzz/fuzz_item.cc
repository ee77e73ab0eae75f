// SPDX-License-Identifier: Apache-2.0
//
// The item decoder against its slow twin. The input is a byte whose low 5 bits are the options (twin_options() in
// support/twin_check.h; `@` is the program's defaults), then the text of an item.
#include "support/twin_check.h"
#include "verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  require_nothing_wrong(difference_to_twin(text, twin_options(data[0] % twin_options_count)));
  return 0;
}
