// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <random>

#include "aws/session.h"
#include "handler.h"
#include "serve.h"
#include "setup.h"
#include "termination.h"

namespace dynatlas {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// Each event needs what the one before needed: giving memory back to the kernel between them, and taking it again page
// by page, costs more than applying the event. An event has 6 MB at most, and is there several times.
constexpr int kept_bytes_max = 32 * 1024 * 1024;  // the largest number that glibc takes

void keep_memory() {
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet
  mallopt(M_MMAP_THRESHOLD, kept_bytes_max);
  mallopt(M_TRIM_THRESHOLD, kept_bytes_max);
  // NOLINTEND(concurrency-mt-unsafe)
}

// Unbuffered by line, so that nothing is left when the process is frozen or ended.
void print_line(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

InvocationError init_error(const Error& error) {
  const bool is_usage = error.kind == ErrorKind::usage;
  return {is_usage ? "Function.InvalidConfiguration" : "Function.InitFailed", error.message};
}

class Bootstrap {
 public:
  Bootstrap(HttpClient& http, const std::string& address)
      : api_(http, address), around_{process_environment, http, system_clock(), std::random_device{}()} {}

  int run() {
    std::optional<Handler> handler;
    Termination termination([&handler] {
      if (handler) handler->close();
    });
    Busy busy = termination.begin_busy();
    Result<void> started = start();
    if (!started) {
      log_.error(started.error().message);
      // Whether Lambda hears of it or not, the process ends.
      if (auto told = api_.fail_init(init_error(started.error())); !told) log_.error(told.error().message);
      return exit_failed;
    }
    handler.emplace(setup_.config, std::move(target_), around_.clock, log_);
    const auto is_outdated = [this] { return setup_.kept != nullptr && setup_.kept->moved(); };
    const Error ended = serve(api_, *handler, around_.clock, is_outdated, busy);
    log_.of_request("");
    log_.error(ended.message);
    return exit_failed;
  }

 private:
  Result<void> start() {
    ASSIGN_OR_RETURN(setup_, read_setup(around_));
    ASSIGN_OR_RETURN(target_, open_target(setup_, around_.clock));
    return {};
  }

  RuntimeApi api_;
  Surroundings around_;
  Log log_{system_clock(), process_environment("AWS_LAMBDA_FUNCTION_NAME").value_or("unknown"), print_line};
  FunctionSetup setup_;
  std::unique_ptr<TimedTarget> target_;
};

int run() {
  const auto address = process_environment("AWS_LAMBDA_RUNTIME_API");
  if (!address) {
    fmt::print(stderr, "bootstrap: AWS Lambda starts this program (docs/lambda.md); for a command line use dynatlas\n");
    return exit_usage;
  }
  const auto http = open_http(http_options("", process_environment));
  if (!http) {
    fmt::print(stderr, "bootstrap: {}\n", http.error().message);
    return exit_failed;
  }
  return Bootstrap(**http, *address).run();
}

}  // namespace

}  // namespace dynatlas

int main() {
  dynatlas::keep_memory();
  dynatlas::hold_sigterm();
  std::signal(SIGPIPE, SIG_IGN);  // a server that closed its connection is an error, and not the end
  return dynatlas::run();
}
