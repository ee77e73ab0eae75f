// SPDX-License-Identifier: Apache-2.0
#include "pipeline/convert_back.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"
#include "decode/item_text.h"
#include "pipeline/documents.h"
#include "pipeline/inputs.h"
#include "pipeline/problem.h"
#include "pipeline/progress.h"

namespace dynatlas {

namespace {

constexpr std::size_t output_bytes = 512 * 1024;
constexpr std::uint64_t documents_between_looks_at_the_clock = 1024;

std::string describe(const FoundDocument& found, const std::string& file_name) {
  if (found.unit == FoundDocument::Unit::byte) {
    return fmt::format("{}: record {}, byte {}: {}", file_name, found.number, found.at, describe(found.fault));
  }
  return describe(Problem{found.number, found.at, found.last_line, found.fault}, file_name, {});
}

class BackConverter {
 public:
  BackConverter(const std::string& metadata, std::vector<InputFile> files)
      : writer_(metadata), files_(std::move(files)) {}

  // What comes before an error arrives.
  Result<ConvertSummary> run() {
    Result<void> read = read_files();
    RETURN_IF_ERROR(flush());
    RETURN_IF_ERROR(std::move(read));
    return summary_;
  }

 private:
  Result<void> read_files() {
    for (InputFile& file : files_) RETURN_IF_ERROR(read_file(file));
    return {};
  }

  Result<void> read_file(InputFile& file) {
    DocumentReader reader(file);
    for (;;) {
      ASSIGN_OR_RETURN(FoundDocument found, reader.next());
      switch (found.kind) {
        case FoundDocument::Kind::end:
          return {};
        case FoundDocument::Kind::document:
          write(found, file.name());
          break;
        case FoundDocument::Kind::refused:
          refuse(found, file.name());
          break;
        case FoundDocument::Kind::passed_over:
          tell(found, file.name());
          break;
      }
      if (found.number % documents_between_looks_at_the_clock == 0) show_progress();
      if (out_.size() >= output_bytes) RETURN_IF_ERROR(flush());
    }
  }

  void write(FoundDocument& found, const std::string& file_name) {
    const std::size_t begin = out_.size();
    if (!writer_.write(found.bson, out_)) {
      found.fault = writer_.fault();
      return refuse(found, file_name);
    }
    if (out_.size() != begin) out_.push_back('\n');
    ++summary_.records;
  }

  void refuse(const FoundDocument& found, const std::string& file_name) {
    tell(found, file_name);
    ++summary_.refused;
  }

  void tell(const FoundDocument& found, const std::string& file_name) {
    progress_.clear();
    fmt::print(stderr, "{}\n", describe(found, file_name));
  }

  void show_progress() { progress_.show(summary_.records, progress_of(files_)); }

  Result<void> flush() {
    RETURN_IF_ERROR(write_all(STDOUT_FILENO, out_.view(), "standard output"));
    out_.clear();
    return {};
  }

  ItemTextWriter writer_;
  std::vector<InputFile> files_;
  Buffer out_;
  ProgressLine progress_;
  ConvertSummary summary_;
};

}  // namespace

Result<ConvertSummary> convert_back(const Config& config, const ConvertOptions& options) {
  ASSIGN_OR_RETURN(std::vector<InputFile> files, open_inputs(options.files));
  return BackConverter(config.rules(config.default_table).items.names.metadata, std::move(files)).run();
}

}  // namespace dynatlas
