// SPDX-License-Identifier: Apache-2.0
//
// A whole file of documents on the way back: BSON or Extended JSON, plain, gzip or zstd. The input is the file.
#include "decode/item_text.h"
#include "pipeline/documents.h"
#include "support/memory_file.h"
#include "verdict.h"

namespace dynatlas {
namespace {

using Kind = FoundDocument::Kind;

// What is found must stand in order, and each document and refusal have a number of its own.
class Order {
 public:
  void check(const FoundDocument& found) {
    require(found.at >= at_, "comes before what stood before it");
    at_ = found.at;
    if (found.kind == Kind::passed_over) {
      require(found.last_line >= found.at, "is passed over and no line");
      at_ = found.last_line;
      return;
    }
    require(found.number == number_++, "has another number than it should");
    if (found.kind == Kind::refused) require(!found.fault.cause.empty(), "is refused without a cause");
  }

 private:
  std::uint64_t at_ = 0;
  std::uint64_t number_ = 0;
};

void read_all(InputFile& file) {
  DocumentReader reader(file);
  ItemTextWriter writer("_dynatlas");
  Buffer out;
  Order order;
  for (;;) {
    const auto found = reader.next();
    if (!found) {
      require(found.error().kind == ErrorKind::fatal, "is an error of another kind than a file that cannot be read");
      return;
    }
    if (found->kind == Kind::end) return;
    order.check(*found);
    out.clear();
    if (found->kind == Kind::document && !writer.write(found->bson, out)) {
      require(!writer.fault().cause.empty(), "is no item without a cause");
      require(out.size() == 0, "is no item and left something");
    }
  }
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  const MemoryFile memory({reinterpret_cast<const char*>(data), size});
  auto file = InputFile::open(memory.path());
  require(file.has_value(), "cannot be opened");
  read_all(*file);
  return 0;
}
