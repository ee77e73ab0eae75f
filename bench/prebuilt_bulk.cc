// SPDX-License-Identifier: Apache-2.0
//
// What a program at least has to do that writes documents into MongoDB through libmongoc: the limit that replay is
// measured against.
//
//   prebuilt_bulk build DOCUMENTS.bson > COMMANDS.bson   update commands, each of up to 4000 upserts by _id, 8 MiB
//   prebuilt_bulk send URI COMMANDS.bson                 sends them one after the other, and looks whether each is ok
#include <fcntl.h>
#include <fmt/format.h>
#include <mongoc/mongoc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "change/bson.h"

namespace {

using dynatlas::BsonElement;
using dynatlas::BsonReader;
using dynatlas::BsonType;
using dynatlas::Buffer;
using dynatlas::OpenDocument;

// As replay's batches are.
constexpr std::int32_t statements_max = 4000;
constexpr std::size_t bytes_max = 8 * 1024 * 1024;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "prebuilt_bulk: {}\n", why);
  std::exit(3);
}

std::string_view map_file(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (file < 0 || fstat(file, &facts) != 0 || facts.st_size == 0) give_up(fmt::format("{} cannot be read", path));
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED) give_up(fmt::format("{} cannot be mapped", path));
  return {static_cast<const char*>(bytes), size};
}

// The document that `rest` begins with, which is taken away from it.
std::string_view take_document(std::string_view& rest) {
  const auto size = rest.size() < 5 ? 0 : dynatlas::load_little_endian<std::uint32_t>(rest);
  if (size < 5 || size > rest.size()) give_up("what was given are no BSON documents");
  const std::string_view document = rest.substr(0, size);
  rest.remove_prefix(size);
  return document;
}

void append_statement(Buffer& out, std::int32_t index, std::string_view document) {
  BsonReader reader(dynatlas::elements_of(document));
  BsonElement id;
  if (!reader.next(id) || id.name != "_id") give_up("a document does not begin with _id");
  dynatlas::begin_element(out, BsonType::document, fmt::format_int(index).c_str());
  OpenDocument statement(out);
  dynatlas::begin_element(out, BsonType::document, "q");
  OpenDocument filter(out);
  dynatlas::append_element(out, id.type, "_id", id.value);
  filter.close();
  dynatlas::append_element(out, BsonType::document, "u", document);
  dynatlas::append_element(out, BsonType::boolean, "upsert", "\1");
  statement.close();
}

void append_command(Buffer& out, std::string_view& documents) {
  OpenDocument command(out);
  dynatlas::append_string_element(out, "update", "bench");
  dynatlas::append_element(out, BsonType::boolean, "ordered", std::string_view("\0", 1));
  dynatlas::begin_element(out, BsonType::array, "updates");
  OpenDocument statements(out);
  for (std::int32_t i = 0; i < statements_max && out.size() < bytes_max && !documents.empty(); ++i)
    append_statement(out, i, take_document(documents));
  statements.close();
  command.close();
}

void build(const char* path) {
  std::string_view documents = map_file(path);
  Buffer out;
  while (!documents.empty()) {
    out.clear();
    append_command(out, documents);
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) give_up("standard output cannot be written");
  }
}

void send(mongoc_client_t& client, std::string_view command) {
  bson_t body;
  bson_error_t error;
  if (!bson_init_static(&body, reinterpret_cast<const std::uint8_t*>(command.data()), command.size()))
    give_up("what was given are no commands");
  bson_t reply;
  const bool sent = mongoc_client_write_command_with_opts(&client, "dynamodb", &body, nullptr, &reply, &error);
  bson_destroy(&reply);
  if (!sent) give_up(static_cast<const char*>(error.message));
}

void send_all(const char* uri, const char* path) {
  mongoc_init();
  const std::unique_ptr<mongoc_client_t, decltype(&mongoc_client_destroy)> client(mongoc_client_new(uri),
                                                                                  mongoc_client_destroy);
  if (!client) give_up("the URI is no URI");
  for (std::string_view commands = map_file(path); !commands.empty();) send(*client, take_document(commands));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view verb = count > 1 ? arguments[1] : "";
  if (verb == "build" && count == 3) {
    build(arguments[2]);
  } else if (verb == "send" && count == 4) {
    send_all(arguments[2], arguments[3]);
  } else {
    fmt::print(stderr, "usage: {} build DOCUMENTS.bson > COMMANDS.bson | send URI COMMANDS.bson\n", arguments[0]);
    return 2;
  }
  return 0;
}
