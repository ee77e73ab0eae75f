// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"

namespace dynatlas {

// Amazon's MultiLangDaemon, which runs this process for one shard: a message is one line. It sends nothing more until
// its message is answered, but for the replies to what it is asked meanwhile.
class KclDaemon {
 public:
  virtual ~KclDaemon() = default;

  struct Received {
    enum class Kind { message, nothing_yet, closed };
    Kind kind = Kind::closed;
    std::string line;
  };

  // Its next message, where one comes within `wait`. Fatal where it cannot be read.
  virtual Result<Received> receive(std::chrono::milliseconds wait) = 0;

  // Asks for something while a message of its own is not answered; the reply is its next message.
  virtual Result<void> ask(const std::string& line) = 0;

  // Answers its message.
  virtual Result<void> answer(const std::string& line) = 0;
};

// Takes a line for a person, without its end.
using TellLine = std::function<void(const std::string& line)>;

}  // namespace dynatlas
