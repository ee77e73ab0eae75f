// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "aws/http.h"
#include "aws/surroundings.h"
#include "base/clock.h"

namespace dynatlas {

// A network that answers as a test says. For one method and URL there is a queue of answers, the last of which stays;
// where there is none, nobody answers.
class ScriptedHttp : public HttpClient {
 public:
  void answer(const std::string& method_and_url, int status, std::string body, std::vector<HttpHeader> headers = {}) {
    answers_[method_and_url].push_back(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void fail(const std::string& method_and_url, Error error) { answers_[method_and_url].push_back(std::move(error)); }
  void forget(const std::string& method_and_url) { answers_.erase(method_and_url); }

  Result<HttpResponse> send(const HttpRequest& request) override {
    seen.push_back(request);
    const auto found = answers_.find(fmt::format("{} {}", request.method, request.url));
    if (found == answers_.end()) return retry(fmt::format("{} did not answer", request.url));
    Result<HttpResponse> answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return answer;
  }

  std::vector<HttpRequest> seen;

 private:
  std::map<std::string, std::deque<Result<HttpResponse>>> answers_;
};

// Stands still but for what is slept.
class StandingClock : public Clock {
 public:
  Time now() override { return time; }
  void sleep(std::chrono::milliseconds duration) override {
    time += duration;
    slept.push_back(duration);
  }

  Time time{std::chrono::seconds(1'700'000'000)};  // 2023-11-14T22:13:20Z
  std::vector<std::chrono::milliseconds> slept;
};

// A network in which nobody answers while it is `silent`: a request takes all the time that it may.
class SilentHttp : public HttpClient {
 public:
  SilentHttp(HttpClient& inner, StandingClock& clock, bool silent_now = true)
      : silent(silent_now), inner_(inner), clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    ++asked;
    if (!silent) return inner_.send(request);
    clock_.time += request.end_within;
    return retry("nobody answered in time");
  }

  bool silent;
  int asked = 0;

 private:
  HttpClient& inner_;
  StandingClock& clock_;
};

// A world of its own, without anything in it.
struct FakeSurroundings {
  std::map<std::string, std::string> variables;
  ScriptedHttp http;
  StandingClock clock;

  Surroundings get() {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
            },
            http, clock, 1};
  }
};

}  // namespace dynatlas
