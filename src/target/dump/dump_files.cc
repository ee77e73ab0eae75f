// SPDX-License-Identifier: Apache-2.0
#include "target/dump/dump_files.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/base64.h"
#include "change/bson.h"
#include "change/limits.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

// With the longest ending, .metadata.json.gz, a name has 255 bytes.
constexpr std::size_t escaped_name_max = 238;
constexpr std::size_t cut_name_bytes = 208;

// As Go's url.PathEscape does it.
std::string path_escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~$&+:=@").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

// The SHA-1 of a name in base64 with the alphabet of URLs, unpadded.
std::string hash_of_name(std::string_view name) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  std::string text;
  base64_append({reinterpret_cast<const char*>(digest.data()), digest.size()}, text);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text.substr(0, text.find('='));
}

// Fills `out` with exactly `size` bytes; false at the end of the file before the first of them.
Result<bool> read_exactly(InputFile& file, char* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    ASSIGN_OR_RETURN(const std::size_t got, file.read(out + done, size - done));
    if (got == 0 && done == 0) return false;
    if (got == 0) return fatal(fmt::format("{}: ends inside a document", file.name()));
    done += got;
  }
  return true;
}

}  // namespace

std::string dump_file_name(std::string_view collection) {
  std::string name = path_escaped(collection);
  if (name.size() <= escaped_name_max) return name;
  return name.substr(0, cut_name_bytes) + "%24" + hash_of_name(collection);
}

Result<InputFile> open_dump_file(const std::string& path) {
  auto file = InputFile::open(path);
  // It is no input that somebody named.
  if (!file) return Error{ErrorKind::fatal, std::move(file).error().message};
  return file;
}

Result<void> read_dump_file(const std::string& folder, const std::string& database, const std::string& collection,
                            const std::function<Result<void>(std::string_view document)>& take) {
  const fs::path plain = fs::path(folder) / database / (dump_file_name(collection) + ".bson");
  const fs::path zipped = plain.string() + ".gz";
  std::error_code error;
  const fs::path& path = fs::exists(plain, error) ? plain : zipped;
  if (!fs::exists(path, error)) return {};
  ASSIGN_OR_RETURN(InputFile file, open_dump_file(path.string()));
  std::string document;
  for (;;) {
    document.resize(4);
    ASSIGN_OR_RETURN(const bool more, read_exactly(file, document.data(), 4));
    if (!more) return {};
    const auto length = load_little_endian<std::int32_t>(document);
    if (length < 5 || static_cast<std::size_t>(length) > document_bytes_max + 16 * 1024) {
      return fatal(fmt::format("{}: is no file of BSON documents", path.string()));
    }
    document.resize(static_cast<std::size_t>(length));
    ASSIGN_OR_RETURN(const bool whole, read_exactly(file, document.data() + 4, document.size() - 4));
    if (!whole) return fatal(fmt::format("{}: ends inside a document", path.string()));
    auto taken = take(document);
    if (!taken) return Error{ErrorKind::fatal, fmt::format("{}: {}", path.string(), taken.error().message)};
  }
}

}  // namespace dynatlas
