// SPDX-License-Identifier: Apache-2.0
#include "aws/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include "base/file.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

milliseconds left_until(SteadyTime end) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now()));
}

// A child in a process group of its own, so that what it started goes with it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Its status once it has ended; none where it has not until `end`.
  std::optional<int> wait_until(SteadyTime end) {
    for (;;) {
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        return status;
      }
      if (left_until(end) == milliseconds(0)) return std::nullopt;
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

 private:
  pid_t pid_;
};

// What a child starts with: our environment, an empty input, no blocked signals.
class Preparation {
 public:
  explicit Preparation(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  ~Preparation() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  // 0 or what went wrong.
  int start(const std::vector<std::string>& words, pid_t& pid) const {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    return posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Whether everything until the end of the output came in time and is not too much.
bool read_all(int descriptor, SteadyTime end, std::string& output) {
  std::array<char, 4096> part{};
  while (output.size() <= command_bytes_max) {
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left_until(end).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t size = read(descriptor, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return size == 0;
    output.append(part.data(), static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote == '\0' && blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    const bool escape = c == '\\' && quote != '\'';
    if (escape && ++i == line.size()) return std::nullopt;
    if (escape) c = line[i];
    if (!escape && quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (!escape && quote != '\0' && c == quote) {
      quote = '\0';
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0' || words.empty()) return std::nullopt;
  return words;
}

Result<std::string> run_command(const std::vector<std::string>& words, milliseconds within) {
  const std::string name = printable(words.front());
  const SteadyTime end = std::chrono::steady_clock::now() + within;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return retry("a pipe cannot be made: too many files are open");
  const Descriptor reading(ends[0]);
  pid_t pid = 0;
  {
    const Descriptor writing(ends[1]);  // closed once the child has it, so that its end is seen
    const int code = Preparation(writing.number()).start(words, pid);
    if (code != 0) {
      return fatal(
          fmt::format("{} cannot be started: {}", name, std::error_code(code, std::generic_category()).message()));
    }
  }
  Child child(pid);
  std::string output;
  const bool whole = read_all(reading.number(), end, output);
  if (output.size() > command_bytes_max) return fatal(fmt::format("{} prints too much", name));
  const auto status = whole ? child.wait_until(end) : std::nullopt;
  if (!status) return retry(fmt::format("{} did not end within {} ms", name, within.count()));
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    return fatal(fmt::format("{} failed with {} {}: run it by hand to see why", name,
                             WIFEXITED(*status) ? "exit code" : "signal",
                             WIFEXITED(*status) ? WEXITSTATUS(*status) : WTERMSIG(*status)));
  }
  return output;
}

}  // namespace dynatlas
