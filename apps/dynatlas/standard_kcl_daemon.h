// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/file.h"
#include "pipeline/kcl_daemon.h"

namespace dynatlas {

// The daemon that started this process, on standard input and output.
//
// When it closes standard input while a message of its own is not answered, it is gone, and nobody waits for the
// answer: the process ends at once with the exit code 3, whatever it waits for. That is no worse than a kill, which
// must be harmless anyway.
class StandardKclDaemon : public KclDaemon {
 public:
  static Result<std::unique_ptr<StandardKclDaemon>> open();

  ~StandardKclDaemon() override;
  StandardKclDaemon(const StandardKclDaemon&) = delete;
  StandardKclDaemon& operator=(const StandardKclDaemon&) = delete;

  Result<Received> receive(std::chrono::milliseconds wait) override;
  Result<void> ask(const std::string& line) override;
  Result<void> answer(const std::string& line) override;

 private:
  StandardKclDaemon(Descriptor wake_reader, Descriptor wake_writer);

  void read();  // all that follows is the thread's
  bool wait_for_input() const;
  bool take_lines(std::string& text, std::size_t& scanned);
  void hand_over(std::string line);
  void end(std::optional<Error> fault);

  Descriptor wake_reader_;
  Descriptor wake_writer_;  // closing it ends the thread

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::optional<std::string> line_;  // one at a time, so that the end of the input is behind all lines
  bool ended_ = false;
  std::optional<Error> fault_;  // why, where it is not closed
  bool is_answered_ = true;     // all that was received
  bool is_leaving_ = false;     // nobody receives any more

  std::thread reader_;
};

}  // namespace dynatlas
