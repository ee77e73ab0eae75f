// SPDX-License-Identifier: Apache-2.0
//
// null_mongod [--stale|--keep]: speaks MongoDB's wire protocol on a free loopback port, which it prints, and keeps
// nothing: what is left of a program's time is its own. Every upsert inserts, every look-up finds nothing. With --stale
// everything is there already, and newer: upserts meet E11000, and look-ups find a version beyond all others. With
// --keep the documents that came last are kept, by collection and `_id`, and a look-up without a filter finds them.
//
// Two commands of its own, on any database:
//   {nullCounts: 1}        how many statements came so far, and what they were
//   {nullStall: SECONDS}   from now on, for so long, nothing is answered
//
// It ends when its standard input does.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/buffer.h"
#include "change/bson.h"

namespace {

using dynatlas::BsonElement;
using dynatlas::BsonReader;
using dynatlas::BsonType;
using dynatlas::Buffer;
using dynatlas::OpenDocument;
using Clock = std::chrono::steady_clock;

constexpr std::int32_t op_reply = 1;
constexpr std::int32_t op_query = 2004;
constexpr std::int32_t op_msg = 2013;
constexpr std::size_t message_bytes_max = 48'000'000 + 16'384;

bool stale = false;
bool keeps = false;
std::atomic<std::uint64_t> updates = 0;
std::atomic<std::uint64_t> deletes = 0;
std::atomic<std::uint64_t> tombstones = 0;  // updates of dynatlas.tombstones.*
std::atomic<std::uint64_t> document_bytes = 0;
std::atomic<Clock::time_point> stalled_until = Clock::time_point::min();

// What `dynatlas.collections` holds, by the element `_id`: the one thing that replay must find again.
std::mutex entries_mutex;
std::map<std::string, std::string, std::less<>> entries;

// With --keep: by the collection's name and, behind a NUL, the element `_id`.
std::mutex kept_mutex;
std::map<std::string, std::string, std::less<>> kept;

void append_int(Buffer& out, std::string_view name, std::int64_t value) {
  dynatlas::append_element(out, BsonType::int64, name, {reinterpret_cast<const char*>(&value), sizeof value});
}

void append_small(Buffer& out, std::string_view name, std::int32_t value) {
  dynatlas::append_element(out, BsonType::int32, name, {reinterpret_cast<const char*>(&value), sizeof value});
}

void append_real(Buffer& out, std::string_view name, double value) {
  dynatlas::append_element(out, BsonType::real, name, {reinterpret_cast<const char*>(&value), sizeof value});
}

std::optional<BsonElement> member(std::string_view document, std::string_view name) {
  BsonReader reader(dynatlas::elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == name) return element;
  }
  return std::nullopt;
}

// A request, taken apart: the command's document, and the statements that followed as a section of their own.
struct Request {
  std::string_view body;
  std::string_view section;  // documents back to back
};

// The first four bytes are flags, then sections: 0 and a document, or 1, a length, a name and documents.
Request read_op_msg(std::string_view message) {
  Request request;
  message.remove_prefix(4);
  while (message.size() > 5) {
    const char kind = message[0];
    message.remove_prefix(1);
    const std::string_view section = message.substr(0, dynatlas::load_little_endian<std::uint32_t>(message));
    message.remove_prefix(section.size());
    if (kind == 0) {
      request.body = section;
    } else {
      request.section = section.substr(std::min(section.size(), section.find('\0', 4) + 1));
    }
  }
  return request;
}

// Calls `take` with each statement of an update or a delete, wherever they stand.
template <class Take>
void each_statement(const Request& request, std::string_view array, Take take) {
  if (const auto inside = member(request.body, array)) {
    BsonReader reader(dynatlas::elements_of(inside->value));
    BsonElement element;
    while (reader.next(element)) take(element.value);
    return;
  }
  for (std::string_view rest = request.section; rest.size() >= 5;) {
    const std::string_view statement = rest.substr(0, dynatlas::load_little_endian<std::uint32_t>(rest));
    take(statement);
    rest.remove_prefix(statement.size());
  }
}

// {$set: {..}} over what is there, or the whole document.
std::string updated(std::string_view old, std::string_view update) {
  const auto set = member(update, "$set");
  if (!set) return std::string(update);
  Buffer out;
  OpenDocument document(out);
  BsonReader reader(dynatlas::elements_of(old));
  BsonElement element;
  while (reader.next(element)) {
    const auto changed = member(set->value, element.name);
    dynatlas::append_element(out, element.type, element.name, changed ? changed->value : element.value);
  }
  document.close();
  return std::string(out.view());
}

void keep_entry(std::string_view statement) {
  const auto filter = member(statement, "q");
  const auto update = member(statement, "u");
  const auto id = filter ? member(filter->value, "_id") : std::nullopt;
  if (!id || !update) return;
  const std::scoped_lock lock(entries_mutex);
  std::string& entry = entries[std::string(id->value)];
  entry = updated(entry, update->value);
}

void keep_document(std::string_view collection, std::string_view document) {
  const auto id = member(document, "_id");
  if (!id) return;
  const std::scoped_lock lock(kept_mutex);
  kept[fmt::format("{}{:c}{}", collection, 0, id->value)] = document;
}

bool is_ours(std::string_view collection) { return collection.substr(0, 9) == "dynatlas."; }

void append_duplicate(Buffer& out, std::int32_t index) {
  append_small(out, "index", index);
  append_small(out, "code", 11000);
  dynatlas::append_string_element(out, "errmsg",
                                  "E11000 duplicate key error collection: x index: _id_ dup key: { _id: 1 }");
  dynatlas::begin_element(out, BsonType::document, "keyPattern");
  OpenDocument pattern(out);
  append_small(out, "_id", 1);
  pattern.close();
}

void append_inserted(Buffer& out, std::int32_t index) {
  append_small(out, "index", index);
  append_small(out, "_id", index);
}

void answer_update(const Request& request, std::string_view collection, Buffer& out) {
  const bool duplicates = stale && !is_ours(collection);
  dynatlas::begin_element(out, BsonType::array, duplicates ? "writeErrors" : "upserted");
  OpenDocument faults(out);
  std::int32_t count = 0;
  each_statement(request, "updates", [&](std::string_view statement) {
    if (collection == "dynatlas.collections") keep_entry(statement);
    if (const auto update = member(statement, "u"); update && !is_ours(collection)) {
      document_bytes += update->value.size();
      if (keeps) keep_document(collection, update->value);
    }
    dynatlas::begin_element(out, BsonType::document, fmt::format_int(count).c_str());
    OpenDocument fault(out);
    duplicates ? append_duplicate(out, count) : append_inserted(out, count);
    fault.close();
    ++count;
  });
  faults.close();
  append_small(out, "n", duplicates ? 0 : count);
  append_small(out, "nModified", 0);
  (is_ours(collection) ? tombstones : updates) += static_cast<std::uint64_t>(count);
}

void answer_delete(const Request& request, Buffer& out) {
  std::int32_t count = 0;
  each_statement(request, "deletes", [&](std::string_view) { ++count; });
  append_small(out, "n", 0);
  deletes += static_cast<std::uint64_t>(count);
}

// A document with this `_id` that is newer than everything.
void append_newest(Buffer& out, const BsonElement& id, std::int32_t position) {
  dynatlas::begin_element(out, BsonType::document, fmt::format_int(position).c_str());
  OpenDocument document(out);
  dynatlas::append_element(out, id.type, "_id", id.value);
  dynatlas::begin_element(out, BsonType::document, "_dynatlas");
  OpenDocument version(out);
  append_int(out, "t", std::numeric_limits<std::int64_t>::max());
  dynatlas::append_string_element(out, "s", "");
  version.close();
  document.close();
}

void append_kept(std::string_view collection, Buffer& out) {
  const std::scoped_lock lock(kept_mutex);
  const std::string prefix = fmt::format("{}{:c}", collection, 0);
  std::int32_t position = 0;
  for (auto at = kept.lower_bound(prefix); at != kept.end() && at->first.starts_with(prefix); ++at)
    dynatlas::append_element(out, BsonType::document, fmt::format_int(position++).c_str(), at->second);
}

void append_found(const Request& request, std::string_view collection, Buffer& out) {
  const auto filter = member(request.body, "filter");
  if (filter && dynatlas::elements_of(filter->value).empty()) append_kept(collection, out);
  const auto id = filter ? member(filter->value, "_id") : std::nullopt;
  if (!id) return;
  if (collection == "dynatlas.collections") {
    const std::scoped_lock lock(entries_mutex);
    const auto entry = entries.find(id->value);
    if (entry != entries.end()) dynatlas::append_element(out, BsonType::document, "0", entry->second);
    return;
  }
  const auto keys = id->type == BsonType::document ? member(id->value, "$in") : std::nullopt;
  if (!stale || is_ours(collection) || !keys) return;
  BsonReader reader(dynatlas::elements_of(keys->value));
  BsonElement key;
  for (std::int32_t position = 0; reader.next(key); ++position) append_newest(out, key, position);
}

// What find, listCollections and listIndexes answer: one batch.
void answer_cursor(const Request& request, std::string_view command, std::string_view collection, Buffer& out) {
  dynatlas::begin_element(out, BsonType::document, "cursor");
  OpenDocument cursor(out);
  append_int(out, "id", 0);
  dynatlas::append_string_element(out, "ns", fmt::format("x.{}", collection));
  dynatlas::begin_element(out, BsonType::array, "firstBatch");
  OpenDocument batch(out);
  if (command == "find") append_found(request, collection, out);
  batch.close();
  cursor.close();
}

void answer_hello(Buffer& out) {
  for (const char* name : {"isWritablePrimary", "ismaster"})
    dynatlas::append_element(out, BsonType::boolean, name, "\1");
  append_small(out, "maxBsonObjectSize", 16 * 1024 * 1024);
  append_small(out, "maxMessageSizeBytes", 48'000'000);
  append_small(out, "maxWriteBatchSize", 100'000);
  append_small(out, "logicalSessionTimeoutMinutes", 30);
  append_small(out, "minWireVersion", 0);
  append_small(out, "maxWireVersion", 17);
  dynatlas::append_string_element(out, "msg",
                                  "isdbgrid");  // a router: sessions, and no set whose members are asked for
}

void answer_counts(Buffer& out) {
  append_int(out, "updates", static_cast<std::int64_t>(updates.load()));
  append_int(out, "deletes", static_cast<std::int64_t>(deletes.load()));
  append_int(out, "tombstones", static_cast<std::int64_t>(tombstones.load()));
  append_int(out, "documentBytes", static_cast<std::int64_t>(document_bytes.load()));
}

void stall(const BsonElement& seconds) {
  if (seconds.type == BsonType::int32)
    stalled_until = Clock::now() + std::chrono::seconds(dynatlas::load_little_endian<std::int32_t>(seconds.value));
}

void answer(const Request& request, Buffer& out) {
  OpenDocument reply(out);
  BsonElement first;
  BsonReader reader(dynatlas::elements_of(request.body));
  if (!reader.next(first)) first.name = "nothing";
  const std::string_view collection = first.type == BsonType::string ? dynatlas::string_text(first.value) : "";
  if (first.name == "update") answer_update(request, collection, out);
  if (first.name == "delete") answer_delete(request, out);
  if (first.name == "find" || first.name.substr(0, 4) == "list") answer_cursor(request, first.name, collection, out);
  if (first.name == "hello" || first.name == "isMaster" || first.name == "ismaster") answer_hello(out);
  if (first.name == "nullCounts") answer_counts(out);
  if (first.name == "nullStall") stall(first);
  append_real(out, "ok", 1);
  reply.close();
}

bool receive(int socket, char* bytes, std::size_t size) {
  while (size != 0) {
    const ssize_t count = recv(socket, bytes, size, 0);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void append_raw(Buffer& out, std::int32_t value) { out.append(&value, sizeof value); }

// The header and what stands between it and the document. libmongoc's first hello is an OP_QUERY.
void begin_reply(Buffer& out, std::int32_t kind, std::int32_t request) {
  out.clear();
  for (const std::int32_t value : {0, 1, request, kind == op_query ? op_reply : op_msg}) append_raw(out, value);
  if (kind != op_query) {
    out.append("\0\0\0\0\0", 5);
    return;
  }
  for (const std::int32_t value : {8, 0, 0, 0, 1}) append_raw(out, value);
}

Request read_request(std::int32_t kind, std::string_view message) {
  if (kind == op_msg) return read_op_msg(message);
  const std::size_t name_end = message.find('\0', 4);
  return {name_end == std::string_view::npos ? "" : message.substr(std::min(message.size(), name_end + 9)), ""};
}

void serve(int socket) {
  std::string message;
  Buffer out;
  std::int32_t header[4];
  while (receive(socket, reinterpret_cast<char*>(header), sizeof header)) {
    const auto size = static_cast<std::size_t>(header[0]);
    if (size < sizeof header + 5 || size > message_bytes_max) break;
    message.resize(size - sizeof header);
    if (!receive(socket, message.data(), message.size())) break;
    std::this_thread::sleep_until(stalled_until.load());
    begin_reply(out, header[3], header[1]);
    answer(read_request(header[3], message), out);
    const auto length = static_cast<std::int32_t>(out.size());
    std::memcpy(out.data(), &length, sizeof length);
    if (!send_all(socket, out.view())) break;
  }
  close(socket);
}

int listen_on_loopback(std::uint16_t& port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || bind(listener, raw, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, raw, &size) != 0)
    return -1;
  port = ntohs(address.sin_port);
  return listener;
}

void end_with_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  std::_Exit(0);
}

}  // namespace

int main(int count, char** arguments) {
  stale = count == 2 && std::string_view(arguments[1]) == "--stale";
  keeps = count == 2 && std::string_view(arguments[1]) == "--keep";
  if (count > 2 || (count == 2 && !stale && !keeps)) {
    fmt::print(stderr, "usage: {} [--stale|--keep] < pipe\n", arguments[0]);
    return 2;
  }
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  if (listener < 0) {
    std::perror("null_mongod");
    return 3;
  }
  fmt::print("{}\n", port);
  std::fflush(stdout);
  std::thread(end_with_input).detach();
  for (int connection = 0; (connection = accept(listener, nullptr, nullptr)) >= 0;) {
    const int yes = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::thread(serve, connection).detach();
  }
  return 3;
}
