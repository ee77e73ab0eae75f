// SPDX-License-Identifier: Apache-2.0
#include "standard_kcl_daemon.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "verbs.h"

namespace dynatlas {

namespace {

constexpr std::size_t read_bytes = std::size_t{256} * 1024;

// GetRecords gives 10 MB; what is aggregated there grows, for each part repeats its key and its numbers.
constexpr std::size_t message_bytes_max = std::size_t{256} * 1024 * 1024;

constexpr const char* unanswered =
    "dynatlas: the MultiLangDaemon closed standard input before it was answered: what is not done comes again when the "
    "shard is taken up\n";

}  // namespace

Result<std::unique_ptr<StandardKclDaemon>> StandardKclDaemon::open() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return fatal("no pipe could be made: too many files are open");
  return std::unique_ptr<StandardKclDaemon>(new StandardKclDaemon(Descriptor(ends[0]), Descriptor(ends[1])));
}

StandardKclDaemon::StandardKclDaemon(Descriptor wake_reader, Descriptor wake_writer)
    : wake_reader_(std::move(wake_reader)), wake_writer_(std::move(wake_writer)), reader_([this] { read(); }) {}

StandardKclDaemon::~StandardKclDaemon() {
  wake_writer_ = Descriptor(-1);
  {
    const std::lock_guard lock(mutex_);
    is_leaving_ = true;
  }
  changed_.notify_all();
  reader_.join();
}

Result<KclDaemon::Received> StandardKclDaemon::receive(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  is_answered_ = true;
  changed_.wait_for(lock, wait, [this] { return line_ || ended_; });
  if (line_) {
    is_answered_ = false;
    Received received{Received::Kind::message, *std::exchange(line_, std::nullopt)};
    changed_.notify_all();
    return received;
  }
  if (fault_) return *fault_;
  return Received{ended_ ? Received::Kind::closed : Received::Kind::nothing_yet, {}};
}

Result<void> StandardKclDaemon::ask(const std::string& line) {
  return write_all(STDOUT_FILENO, line + "\n", "standard output");
}

// Before it is written: with the last answer the daemon closes.
Result<void> StandardKclDaemon::answer(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    is_answered_ = true;
  }
  return ask(line);
}

bool StandardKclDaemon::wait_for_input() const {
  std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {wake_reader_.number(), POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  return watched[1].revents == 0;
}

void StandardKclDaemon::read() {
  std::string text;
  std::size_t scanned = 0;
  while (wait_for_input()) {
    const std::size_t had = text.size();
    text.resize(had + read_bytes);
    const ssize_t got = ::read(STDIN_FILENO, text.data() + had, read_bytes);
    if (got < 0 && errno == EINTR) {
      text.resize(had);
      continue;
    }
    if (got <= 0) return end(got < 0 ? std::optional<Error>(fatal("standard input cannot be read")) : std::nullopt);
    text.resize(had + static_cast<std::size_t>(got));
    if (!take_lines(text, scanned)) return;
    if (text.size() > message_bytes_max)
      return end(fatal("a message of the MultiLangDaemon is larger than 256 MiB: give it a smaller maxRecords"));
  }
}

// False where nobody takes them.
bool StandardKclDaemon::take_lines(std::string& text, std::size_t& scanned) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find('\n', std::max(scanned, begin));
    if (end == std::string::npos) break;
    if (end > begin) hand_over(text.substr(begin, end - begin));
    begin = end + 1;
    const std::lock_guard lock(mutex_);
    if (is_leaving_) return false;
  }
  text.erase(0, begin);
  scanned = text.size();
  return true;
}

void StandardKclDaemon::hand_over(std::string line) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !line_ || is_leaving_; });
  line_ = std::move(line);
  changed_.notify_all();
}

void StandardKclDaemon::end(std::optional<Error> fault) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !line_ || is_leaving_; });
  if (!fault && !is_answered_ && !is_leaving_) {
    std::fputs(unanswered, stderr);
    std::_Exit(exit_stopped);
  }
  ended_ = true;
  fault_ = std::move(fault);
  changed_.notify_all();
}

}  // namespace dynatlas
