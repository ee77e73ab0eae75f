// SPDX-License-Identifier: Apache-2.0
#include "support/fake_mongod.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include "change/bson.h"
#include "support/target_contract.h"

namespace dynatlas {
namespace {

// Source: specifications/source/message/OP_MSG, and the older OP_QUERY, by which a first `hello` comes.
constexpr std::int32_t op_reply = 1;
constexpr std::int32_t op_query = 2004;
constexpr std::int32_t op_msg = 2013;
constexpr std::size_t header_bytes = 16;

std::string little_endian(std::int32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

std::optional<BsonElement> member(std::string_view document, std::string_view name) {
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == name) return element;
  }
  return std::nullopt;
}

std::string read_exactly(int descriptor, std::size_t length) {
  std::string bytes(length, '\0');
  std::size_t at = 0;
  while (at < length) {
    const ssize_t got = recv(descriptor, bytes.data() + at, length - at, 0);
    if (got <= 0) return {};
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

void send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::vector<std::string> documents_in(std::string_view bytes) {
  std::vector<std::string> documents;
  while (bytes.size() >= 5) {
    documents.emplace_back(bytes.substr(0, load_little_endian<std::uint32_t>(bytes)));
    bytes.remove_prefix(documents.back().size());
  }
  return documents;
}

void take_list(FakeCommand& command) {
  const auto list = member(command.body, command.name == "update" ? "updates" : "deletes");
  if (!list || list->type != BsonType::array) return;
  BsonReader reader(elements_of(list->value));
  BsonElement element;
  while (reader.next(element)) command.documents.emplace_back(element.value);
}

// A section of kind 1: its length, a name, documents.
std::size_t take_sequence(std::string_view section, FakeCommand& command) {
  const auto length = load_little_endian<std::uint32_t>(section);
  const std::size_t name_end = section.find('\0', 4);
  command.documents = documents_in(section.substr(name_end + 1, length - name_end - 1));
  return length;
}

void take_sections(std::string_view sections, FakeCommand& command) {
  while (!sections.empty()) {
    const char kind = sections.front();
    sections.remove_prefix(1);
    std::size_t length = load_little_endian<std::uint32_t>(sections);
    if (kind == 0) command.body = sections.substr(0, length);
    if (kind == 1) length = take_sequence(sections, command);
    sections.remove_prefix(length);
  }
}

std::string name_of(std::string_view body) {
  BsonReader reader(elements_of(body));
  BsonElement first;
  reader.next(first);
  const std::string name(first.name);
  return name == "isMaster" || name == "ismaster" ? "hello" : name;
}

FakeCommand command_in(std::string_view message, std::int32_t operation) {
  FakeCommand command;
  if (operation == op_query) {
    const std::size_t name_end = message.find('\0', header_bytes + 4);
    command.body = message.substr(name_end + 1 + 8);
  } else {
    take_sections(message.substr(header_bytes + 4), command);
  }
  command.name = name_of(command.body);
  if (command.documents.empty()) take_list(command);
  return command;
}

std::string message_of(std::string_view document, std::string_view request, std::int32_t operation) {
  const std::string before = operation == op_query
                                 ? little_endian(8) + std::string(8, '\0') + little_endian(0) + little_endian(1)
                                 : little_endian(0) + std::string(1, '\0');
  const std::size_t length = header_bytes + before.size() + document.size();
  return little_endian(static_cast<std::int32_t>(length)) + little_endian(1) + std::string(request) +
         little_endian(operation == op_query ? op_reply : op_msg) + before + std::string(document);
}

// The members of both, those of `first` instead of those of the same name; null takes one away.
std::string joined(std::string_view first, std::string_view second) {
  Buffer out;
  OpenDocument document(out);
  BsonElement element;
  BsonReader own(elements_of(first));
  while (own.next(element)) {
    if (element.type != BsonType::null) append_element(out, element.type, element.name, element.value);
  }
  BsonReader reader(elements_of(second));
  while (reader.next(element)) {
    if (!member(first, element.name)) append_element(out, element.type, element.name, element.value);
  }
  document.close();
  return std::string(out.view());
}

Descriptor listen_on_loopback(std::uint16_t& port) {
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.number(), generic, length) != 0 || listen(listener.number(), 16) != 0 ||
      getsockname(listener.number(), generic, &length) != 0)
    throw std::runtime_error("no port to listen on");
  port = ntohs(address.sin_port);
  return listener;
}

}  // namespace

FakeReply FakeReply::answer(std::string_view json) { return answer_bson(bson_of(json)); }

FakeReply FakeReply::late(std::string_view json, std::chrono::milliseconds after) {
  return {bson_of(json), false, after, Then::stay};
}

FakeMongod::FakeMongod() : listener_(listen_on_loopback(port_)), hello_("{}"), acceptor_([this] { accept_all(); }) {}

FakeMongod::~FakeMongod() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    for (const Descriptor& connection : connections_) shutdown(connection.number(), SHUT_RDWR);
  }
  changed_.notify_all();
  shutdown(listener_.number(), SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

std::string FakeMongod::uri(std::string_view options, std::string_view user) const {
  return fmt::format("mongodb://{}127.0.0.1:{}/shop?connectTimeoutMS=300{}", user, port_, options);
}

void FakeMongod::next(const std::string& name, FakeReply reply) {
  const std::lock_guard lock(mutex_);
  next_[name].push_back(std::move(reply));
}

void FakeMongod::always(const std::string& name, Handler handler) {
  const std::lock_guard lock(mutex_);
  always_[name] = std::move(handler);
}

void FakeMongod::hello(std::string_view json) {
  const std::lock_guard lock(mutex_);
  hello_ = json;
}

std::vector<FakeCommand> FakeMongod::seen(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  std::vector<FakeCommand> found;
  for (const FakeCommand& command : seen_) {
    if (command.name == name) found.push_back(command);
  }
  return found;
}

void FakeMongod::accept_all() {
  for (;;) {
    const int descriptor = accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (descriptor < 0 || ends_) return;
    connections_.emplace_back(descriptor);
    threads_.emplace_back([this, descriptor] { converse(descriptor); });
  }
}

void FakeMongod::converse(int descriptor) {
  for (;;) {
    const std::string length = read_exactly(descriptor, 4);
    if (length.empty()) return;
    const std::string rest = read_exactly(descriptor, load_little_endian<std::uint32_t>(length) - 4);
    if (rest.empty() || !answer(descriptor, length + rest)) {
      shutdown(descriptor, SHUT_RDWR);
      return;
    }
  }
}

bool FakeMongod::answer(int descriptor, const std::string& message) {
  const auto operation = load_little_endian<std::int32_t>(message, 12);
  const FakeReply reply = reply_to(command_in(message, operation));
  if (!wait(reply.after) || reply.then == FakeReply::Then::close) return false;
  if (reply.then == FakeReply::Then::be_silent) return true;
  const std::string_view request = std::string_view(message).substr(4, 4);
  send_all(descriptor, reply.raw ? reply.bytes : message_of(reply.bytes, request, operation));
  return true;
}

// False where the server ends meanwhile.
bool FakeMongod::wait(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return ends_; });
}

FakeReply FakeMongod::reply_to(const FakeCommand& command) {
  Handler handler;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(command);
    std::deque<FakeReply>& scripted = next_[command.name];
    if (!scripted.empty()) {
      FakeReply reply = std::move(scripted.front());
      scripted.pop_front();
      return reply;
    }
    if (const auto found = always_.find(command.name); found != always_.end()) handler = found->second;
    if (!handler) return usual_reply(command);
  }
  return handler(command);
}

FakeReply FakeMongod::greeting(std::string_view json) const {
  const std::string usual = fmt::format(
      R"({{"ismaster":true,"isWritablePrimary":true,"setName":"fake","hosts":["127.0.0.1:{0}"],"me":"127.0.0.1:{0}",)"
      R"("maxBsonObjectSize":16777216,"maxMessageSizeBytes":48000000,"maxWriteBatchSize":100000,)"
      R"("logicalSessionTimeoutMinutes":30,"minWireVersion":0,"maxWireVersion":17,"ok":1}})",
      port_);
  return FakeReply::answer_bson(joined(bson_of(json), bson_of(usual)));
}

FakeReply FakeMongod::usual_reply(const FakeCommand& command) const {
  if (command.name == "hello") return greeting(hello_);
  if (command.name == "update" || command.name == "delete")
    return FakeReply::answer(fmt::format(R"({{"n":{},"ok":1}})", command.documents.size()));
  if (command.name == "find")
    return FakeReply::answer(R"({"cursor":{"id":{"$numberLong":"0"},"ns":"shop.customers","firstBatch":[]},"ok":1})");
  return FakeReply::answer(R"({"ok":1})");
}

}  // namespace dynatlas
