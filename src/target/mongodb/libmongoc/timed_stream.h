// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <chrono>
#include <optional>
#include <string>

namespace dynatlas {

// Why a connection could not be made.
struct ConnectFailure {
  enum class Step : std::uint8_t { name_resolution, connect, tls };
  Step step = Step::connect;
  std::string host;    // without port and credentials
  std::string reason;  // of TLS, in OpenSSL's words
};

// The connections of one client, and what bounds them. libmongoc has one socket timeout for a client's whole life and
// for each read on its own; a call's limit is for all it does. So the streams that libmongoc makes are wrapped in ones
// that stop at the call's end: after it nothing is sent any more, and nothing waited for.
class Connections {
 public:
  using Clock = std::chrono::steady_clock;

  // Makes all streams of `client`, which must not outlive this, by itself.
  void serve(mongoc_client_t* client);

  // A call begins, which must end within `limit`.
  void begin_call(std::chrono::milliseconds limit);

  std::chrono::milliseconds limit() const { return limit_; }
  std::chrono::milliseconds time_left() const;  // 0 where there is none

  // Of the call: whether bytes could not be sent or received, for want of time or otherwise; and the last connection
  // that could not be made.
  bool lost() const { return lost_; }
  bool timed_out() const { return timed_out_; }
  const std::optional<ConnectFailure>& failure() const { return failure_; }

 private:
  friend struct TimedStream;
  static mongoc_stream_t* open(const mongoc_uri_t* uri, const mongoc_host_list_t* host, void* connections,
                               bson_error_t* error);
  std::int32_t bounded(std::int32_t timeout_msec) const;

  mongoc_client_t* client_ = nullptr;
  Clock::time_point end_ = Clock::time_point::max();
  std::chrono::milliseconds limit_{};
  bool lost_ = false;
  bool timed_out_ = false;
  std::optional<ConnectFailure> failure_;
};

}  // namespace dynatlas
