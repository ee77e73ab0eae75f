// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"

namespace dynatlas {

// A command as it arrived.
struct FakeCommand {
  std::string name;                    // as the command's first member; every greeting is `hello`
  std::string body;                    // BSON
  std::vector<std::string> documents;  // of `updates` or `deletes`, in the body or in a section of its own
};

// What becomes of a command.
struct FakeReply {
  enum class Then : std::uint8_t { stay, close, be_silent };

  std::string bytes;  // a BSON document, or with `raw` a whole message
  bool raw = false;
  std::chrono::milliseconds after{0};
  Then then = Then::stay;

  static FakeReply answer(std::string_view json);  // Extended JSON
  static FakeReply answer_bson(std::string bson) { return {std::move(bson), false, {}, Then::stay}; }
  static FakeReply late(std::string_view json, std::chrono::milliseconds after);
  static FakeReply message(std::string bytes) { return {std::move(bytes), true, {}, Then::stay}; }
  static FakeReply lost() { return {{}, false, {}, Then::close}; }  // after the command was received
  static FakeReply silence() { return {{}, false, {}, Then::be_silent}; }
};

// Something that speaks MongoDB's wire protocol on a loopback port of its own, and answers what a test says: for what
// no real server does at will. Unless told otherwise it is the primary of a replica set, where writes match what they
// name, and finds nothing.
class FakeMongod {
 public:
  using Handler = std::function<FakeReply(const FakeCommand&)>;  // may be called by several threads

  FakeMongod();
  ~FakeMongod();
  FakeMongod(const FakeMongod&) = delete;
  FakeMongod& operator=(const FakeMongod&) = delete;

  // Of a client that gives up connecting after 300 ms. `options` begin with `&`, `user` ends with `@`.
  std::string uri(std::string_view options = "", std::string_view user = "") const;

  // How the next command of that name is answered, once for each call; or all others.
  void next(const std::string& name, FakeReply reply);
  void always(const std::string& name, Handler handler);

  // Members of the answers to `hello`, instead of or beside those of a primary that is like MongoDB 6.0; null leaves
  // one out.
  void hello(std::string_view json);
  FakeReply greeting(std::string_view json) const;  // one such answer

  std::vector<FakeCommand> seen(const std::string& name) const;

 private:
  void accept_all();
  void converse(int descriptor);
  bool answer(int descriptor, const std::string& message);
  FakeReply reply_to(const FakeCommand& command);
  FakeReply usual_reply(const FakeCommand& command) const;
  bool wait(std::chrono::milliseconds duration);

  std::uint16_t port_ = 0;
  Descriptor listener_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ends_ = false;
  std::string hello_;
  std::map<std::string, std::deque<FakeReply>> next_;
  std::map<std::string, Handler> always_;
  std::vector<FakeCommand> seen_;
  std::list<Descriptor> connections_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace dynatlas
