// SPDX-License-Identifier: Apache-2.0
#include "handler.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "serve.h"
#include "support/fake_target.h"
#include "support/lambda_events.h"
#include "support/scripted_http.h"

namespace dynatlas {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HandlerTest : public testing::Test {
 protected:
  HandlerTest() {
    auto loaded = Config::load({});
    EXPECT_TRUE(loaded);
    config = *std::move(loaded);
    auto owned = std::make_unique<FakeTarget>();
    target = owned.get();
    handler.emplace(config, std::move(owned), clock, log);
  }

  Answer handle(const std::string& event) { return handler->handle({"request-1", clock.time + seconds(60), event}); }

  std::vector<std::string> logged(const std::string& level) {
    std::vector<std::string> messages;
    for (const std::string& line : lines) {
      const auto json = nlohmann::json::parse(line);
      if (json.value("level", "") == level) messages.push_back(json.at("message"));
    }
    return messages;
  }

  StandingClock clock;
  std::vector<std::string> lines;
  Log log{clock, "cdc", [this](const std::string& line) { lines.push_back(line); }};
  Config config;
  FakeTarget* target = nullptr;
  std::optional<Handler> handler;
};

constexpr const char* all_done = R"({"batchItemFailures":[]})";
constexpr const char* tick = R"({"source":"aws.events","detail-type":"Scheduled Event"})";

TEST_F(HandlerTest, AcknowledgesAnEventThatWasApplied) {
  const Answer answer = handle(event_of({kinesis_element("8")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, all_done);
  EXPECT_EQ(target->ends, (std::vector{clock.time + seconds(57), clock.time + seconds(1)}));  // spare time is short
  EXPECT_EQ(target->settled_until, (std::vector{clock.time + milliseconds(50)}));
}

TEST_F(HandlerTest, KeepsAQuarterOfAShortTime) {
  ASSERT_TRUE(handler->handle({"request-1", clock.time + seconds(4), event_of({})}));
  EXPECT_EQ(target->ends.at(0), clock.time + seconds(3));
}

TEST_F(HandlerTest, NamesOnlyTheLowestNumberThatFailed) {
  target->down_after = 0;
  const Answer answer = handle(event_of({kinesis_element("10"), kinesis_element("9")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, R"({"batchItemFailures":[{"itemIdentifier":"9"}]})");
  EXPECT_EQ(logged("ERROR"), (std::vector<std::string>{"the server is away; it comes again from 9"}));
  EXPECT_TRUE(target->settled_until.empty());
}

TEST_F(HandlerTest, FailsTheInvocationWhereNoNumberTellsWhatFailed) {
  target->down_after = 0;
  const Answer answer = handle(event_of({kinesis_element("10"), kinesis_element("")}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().type, "Function.EventFailed");
}

TEST_F(HandlerTest, AnswersAWindowWithItsState) {
  const Answer answer = handle(event_of({}, R"(,"window":{},"state":{"n":1})"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, R"({"state":{"n":1},"batchItemFailures":[]})");
}

TEST_F(HandlerTest, RefusesOtherEvents) {
  const Answer answer = handle(R"({"Records":[{"eventSource":"aws:sqs","body":"SECRET"}]})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().type, "Function.InvalidEvent");
  EXPECT_NE(answer.error().message.find("aws:sqs"), std::string::npos);
  EXPECT_NE(handle(R"({"Records":[{"EventSource":"aws:sns"}]})").error().message.find("aws:sns"), std::string::npos);
}

TEST_F(HandlerTest, SettlesAtATick) {
  const Answer answer = handle(tick);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, R"({"settled":true})");
  EXPECT_EQ(target->settled_until, (std::vector{clock.time + seconds(57)}));
  target->cannot_settle = true;
  const Answer failed = handle(tick);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().type, "Function.TargetFailed");
}

TEST_F(HandlerTest, RecallsAtEachTickWhatOtherProcessesWrote) {
  target->cannot_recall = true;
  ASSERT_FALSE(handle(tick));
  EXPECT_TRUE(target->settled_until.empty());
  target->cannot_recall = false;
  ASSERT_TRUE(handle(tick));
  EXPECT_EQ(target->recalled, (std::vector<std::string>{"dynamodb.t", "dynamodb.no table is nobody's"}));
  target->recalled.clear();
  ASSERT_TRUE(handle(tick));  // what was written since the tick before
  EXPECT_EQ(target->recalled, (std::vector<std::string>{"dynamodb.t", "dynamodb.no table is nobody's"}));
  EXPECT_EQ(target->settled_until.size(), 2U);
}

TEST_F(HandlerTest, LosesNothingWhereSpareTimeWasTooShort) {
  target->cannot_settle = true;
  const Answer answer = handle(event_of({kinesis_element("8")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, all_done);
}

TEST_F(HandlerTest, HasNoLagWhereItsClockIsBehind) {
  ASSERT_TRUE(handle(event_of({kinesis_element("8")})));
  EXPECT_EQ(nlohmann::json::parse(lines.at(0)).at("Lag"), 0.0);
}

TEST_F(HandlerTest, LogsJsonAndMetricsWithoutContents) {
  ASSERT_TRUE(handle(event_of({kinesis_element("8", "SECRETkey"), kinesis_element_of("9", "SECRETpayload"),
                               kinesis_element("10", "b", "1699999997")})));
  ASSERT_EQ(lines.size(), 2U);
  const auto parked = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(parked.at("timestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(parked.at("level"), "WARN");
  EXPECT_EQ(parked.at("requestId"), "request-1");
  const auto metrics = nlohmann::json::parse(lines[1]);
  EXPECT_EQ(metrics.at("Upserted"), 2);
  EXPECT_EQ(metrics.at("Removed"), 0);
  EXPECT_EQ(metrics.at("Stale"), 0);
  EXPECT_EQ(metrics.at("Parked"), 1);
  EXPECT_EQ(metrics.at("BatchSeconds"), 0);
  EXPECT_TRUE(metrics.contains("Lag"));
  EXPECT_EQ(metrics.at("FunctionName"), "cdc");
  const auto& directive = metrics.at("_aws").at("CloudWatchMetrics").at(0);
  EXPECT_EQ(directive.at("Namespace"), "dynatlas");
  for (const auto& metric : directive.at("Metrics")) EXPECT_TRUE(metrics.contains(metric.at("Name")));
  for (const std::string& line : lines) EXPECT_EQ(line.find("SECRET"), std::string::npos) << line;
}

class ServeTest : public HandlerTest {
 protected:
  static std::vector<HttpHeader> headers(const std::string& id) {
    return {{"lambda-runtime-aws-request-id", id}, {"lambda-runtime-deadline-ms", "1700000060000"}};
  }

  std::string served() {
    std::timed_mutex mutex;
    Busy busy(mutex);
    const Error ended = serve(
        api, *handler, clock, [this] { return outdated; }, busy);
    EXPECT_TRUE(busy.owns_lock());
    return ended.message;
  }

  ScriptedHttp http;
  RuntimeApi api{http, "127.0.0.1:9001"};
  bool outdated = false;
  const std::string base = "http://127.0.0.1:9001/2018-06-01/runtime/";
  const std::string next = "GET " + base + "invocation/next";
};

TEST_F(ServeTest, AnswersInvocationsUntilThereIsNone) {
  http.answer(next, 200, event_of({kinesis_element("8")}), headers("one"));
  http.answer(next, 200, "{}", headers("two"));
  http.fail(next, fatal("no more"));
  http.answer("POST " + base + "invocation/one/response", 202, "");
  http.answer("POST " + base + "invocation/two/error", 202, "");
  EXPECT_EQ(served(), "no more");
  ASSERT_EQ(http.seen.size(), 5U);
  EXPECT_GT(http.seen[0].end_within, std::chrono::hours(24));
  EXPECT_LT(http.seen[0].end_within.count(), std::numeric_limits<std::int32_t>::max());
  EXPECT_TRUE(http.seen[0].direct);
  EXPECT_EQ(http.seen[1].body, all_done);
  EXPECT_EQ(target->ends.at(0), clock.time + seconds(57));
  const auto error = nlohmann::json::parse(http.seen[3].body);
  EXPECT_EQ(error.at("errorType"), "Function.InvalidEvent");
  EXPECT_TRUE(error.at("stackTrace").is_array());
  EXPECT_EQ(*find_header(http.seen[3].headers, "Lambda-Runtime-Function-Error-Type"), "Function.InvalidEvent");
}

TEST_F(ServeTest, AsksAgainAfterASilence) {
  http.fail(next, retry("silent"));
  http.answer(next, 200, event_of({}), headers("one"));
  http.fail(next, retry("silent"));
  http.answer("POST " + base + "invocation/one/response", 202, "");
  EXPECT_EQ(served(), "silent");
  EXPECT_EQ(http.seen.size(), 8U);  // five silences in a row end it
}

TEST_F(ServeTest, EndsWhereItsAnswerDoesNotArrive) {
  http.answer(next, 200, event_of({}), headers("one"));
  http.answer("POST " + base + "invocation/one/response", 413, "");
  EXPECT_NE(served().find("413"), std::string::npos);
}

TEST_F(ServeTest, EndsAfterAnAnswerWhereAnotherServerIsMeantNow) {
  outdated = true;
  http.answer(next, 200, event_of({kinesis_element("8")}), headers("one"));
  http.answer("POST " + base + "invocation/one/response", 202, "");
  EXPECT_NE(served().find("the next one writes there"), std::string::npos);
  ASSERT_EQ(http.seen.size(), 2U);
  EXPECT_EQ(http.seen[1].body, all_done);
}

// So that a SIGTERM finds nobody busy then, and somebody at all other times.
TEST_F(ServeTest, IsBusyButWhileItWaitsForAnInvocation) {
  std::timed_mutex mutex;
  std::vector<bool> free;
  class Watched : public HttpClient {
   public:
    Watched(HttpClient& inner, std::timed_mutex& mutex, std::vector<bool>& free)
        : inner_(inner), mutex_(mutex), free_(free) {}
    Result<HttpResponse> send(const HttpRequest& request) override {
      std::thread([&] {
        free_.push_back(mutex_.try_lock());
        if (free_.back()) mutex_.unlock();
      }).join();
      return inner_.send(request);
    }

   private:
    HttpClient& inner_;
    std::timed_mutex& mutex_;
    std::vector<bool>& free_;
  } watched(http, mutex, free);
  http.answer(next, 200, event_of({}), headers("one"));
  http.answer("POST " + base + "invocation/one/response", 413, "");
  RuntimeApi watched_api(watched, "127.0.0.1:9001");
  Busy busy(mutex);
  serve(
      watched_api, *handler, clock, [] { return false; }, busy);
  EXPECT_EQ(free, (std::vector<bool>{true, false}));
}

TEST_F(ServeTest, RefusesWhatIsNoInvocation) {
  const std::vector<std::vector<HttpHeader>> cases = {
      {},
      {{"Lambda-Runtime-Aws-Request-Id", "a"}},
      {{"Lambda-Runtime-Aws-Request-Id", "a"}, {"Lambda-Runtime-Deadline-Ms", "soon"}},
      {{"Lambda-Runtime-Deadline-Ms", "1700000060000"}}};
  for (const auto& wrong : cases) {
    http.forget(next);
    http.answer(next, 200, "{}", wrong);
    const auto invocation = api.next();
    ASSERT_FALSE(invocation);
    EXPECT_EQ(invocation.error().kind, ErrorKind::fatal);
  }
  http.forget(next);
  http.answer(next, 403, "{}", headers("one"));
  EXPECT_FALSE(api.next());
}

TEST_F(ServeTest, ReportsThatItCannotStart) {
  http.answer("POST " + base + "init/error", 202, "");
  EXPECT_TRUE(api.fail_init({"Function.InvalidConfiguration", "say \"x\""}));
  EXPECT_EQ(nlohmann::json::parse(http.seen[0].body).at("errorMessage"), "say \"x\"");
}

}  // namespace
}  // namespace dynatlas
