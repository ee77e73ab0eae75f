// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/timed_stream.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <vector>

#include "target/mongodb/libmongoc/owned.h"

// What libmongoc makes a client's streams by; it is exported, but stands in no header.
extern "C" mongoc_stream_t* mongoc_client_default_stream_initiator(const mongoc_uri_t* uri,
                                                                   const mongoc_host_list_t* host, void* client,
                                                                   bson_error_t* error);

namespace dynatlas {

// A stream around another; libmongoc knows it by its first member.
struct TimedStream {
  mongoc_stream_t functions{};
  mongoc_stream_t* inner = nullptr;  // null: there is no connection
  Connections* connections = nullptr;
  bool timed_out = false;

  static TimedStream& of(mongoc_stream_t* stream) { return *reinterpret_cast<TimedStream*>(stream); }
  static mongoc_stream_t* around(mongoc_stream_t* inner, Connections& connections);

  // Waits until one of the streams, all of one client, is ready, or for so long. Once no time is left, all of them
  // count as closed by the server: libmongoc waits for the answer to a connection's first `hello` in a loop of its own.
  static ssize_t poll(mongoc_stream_poll_t* streams, size_t count, std::int32_t timeout_msec);

  // What libmongoc's function says of the connection; `none` where there is none.
  template <class Function, class Answer>
  Answer with(Function function, Answer none) const {
    return inner == nullptr ? none : function(inner);
  }

  // Calls `transfer` with the time that is left for it, if any is. A timeout of 0 takes what is there.
  template <class Transfer>
  ssize_t transfer(std::int32_t timeout_msec, Transfer transfer) {
    const bool is_over = inner == nullptr || connections->time_left().count() == 0;
    errno = ETIMEDOUT;
    const ssize_t moved = is_over ? -1 : transfer(connections->bounded(timeout_msec));
    const bool may_come = timeout_msec == 0 && !is_over && mongoc_stream_should_retry(inner);
    if (moved <= 0 && !may_come) {
      timed_out = is_over || mongoc_stream_timed_out(inner);
      connections->lost_ = true;
      connections->timed_out_ = timed_out;
    }
    return moved;
  }
};
static_assert(std::is_standard_layout_v<TimedStream>);

mongoc_stream_t* TimedStream::around(mongoc_stream_t* inner, Connections& connections) {
  auto owned = std::make_unique<TimedStream>();
  owned->inner = inner;
  owned->connections = &connections;
  mongoc_stream_t& functions = owned->functions;
  functions.type = std::numeric_limits<std::int16_t>::max();  // none of libmongoc's
  functions.destroy = [](mongoc_stream_t* stream) {
    const std::unique_ptr<TimedStream> gone(&of(stream));
    if (gone->inner != nullptr) mongoc_stream_destroy(gone->inner);
  };
  functions.failed = [](mongoc_stream_t* stream) {
    const std::unique_ptr<TimedStream> gone(&of(stream));
    if (gone->inner != nullptr) mongoc_stream_failed(gone->inner);
  };
  functions.close = [](mongoc_stream_t* stream) { return of(stream).with(&mongoc_stream_close, 0); };
  functions.flush = [](mongoc_stream_t* stream) { return of(stream).with(&mongoc_stream_flush, -1); };
  functions.writev = [](mongoc_stream_t* stream, mongoc_iovec_t* pieces, size_t count, int32_t timeout_msec) {
    return of(stream).transfer(
        timeout_msec, [&](int32_t bounded) { return mongoc_stream_writev(of(stream).inner, pieces, count, bounded); });
  };
  functions.readv = [](mongoc_stream_t* stream, mongoc_iovec_t* pieces, size_t count, size_t least,
                       int32_t timeout_msec) {
    return of(stream).transfer(timeout_msec, [&](int32_t bounded) {
      return mongoc_stream_readv(of(stream).inner, pieces, count, least, bounded);
    });
  };
  functions.setsockopt = [](mongoc_stream_t* stream, int level, int name, void* value, mongoc_socklen_t length) {
    mongoc_stream_t* connection = of(stream).inner;
    return connection == nullptr ? -1 : mongoc_stream_setsockopt(connection, level, name, value, length);
  };
  functions.poll = &TimedStream::poll;  // it has no base stream, which libmongoc would poll in its place
  functions.check_closed = [](mongoc_stream_t* stream) { return of(stream).with(&mongoc_stream_check_closed, true); };
  functions.timed_out = [](mongoc_stream_t* stream) {
    return of(stream).timed_out || of(stream).with(&mongoc_stream_timed_out, false);
  };
  functions.should_retry = [](mongoc_stream_t* stream) {
    return !of(stream).timed_out && of(stream).with(&mongoc_stream_should_retry, false);
  };
  return &owned.release()->functions;
}

ssize_t TimedStream::poll(mongoc_stream_poll_t* streams, size_t count, std::int32_t timeout_msec) {
  Connections& connections = *of(streams->stream).connections;
  std::vector<mongoc_stream_poll_t> connected;
  for (size_t i = 0; i < count; ++i) {
    const TimedStream& stream = of(streams[i].stream);
    if (stream.inner != nullptr) connected.push_back({stream.inner, streams[i].events, 0});
  }
  const bool all = connected.size() == count;
  const ssize_t ready = connected.empty() ? 0
                                          : mongoc_stream_poll(connected.data(), connected.size(),
                                                               all ? connections.bounded(timeout_msec) : 0);
  const bool is_over = ready == 0 && connections.time_left().count() == 0;
  if (is_over) connections.lost_ = connections.timed_out_ = true;
  if (ready < 0) return ready;
  ssize_t told = 0;
  for (size_t i = 0, next = 0; i < count; ++i) {
    const bool has_connection = of(streams[i].stream).inner != nullptr;
    const int happened = has_connection ? connected[next++].revents : 0;
    streams[i].revents = has_connection && !is_over ? happened : POLLHUP;
    if (streams[i].revents != 0) ++told;
  }
  return told;
}

namespace {

ConnectFailure failure_of(const mongoc_host_list_t& host, const bson_error_t& error) {
  if (error.code == MONGOC_ERROR_STREAM_NAME_RESOLUTION) return {ConnectFailure::Step::name_resolution, host.host, {}};
  if (error.code == MONGOC_ERROR_STREAM_CONNECT) return {ConnectFailure::Step::connect, host.host, {}};
  return {ConnectFailure::Step::tls, host.host, error.message};
}

}  // namespace

void Connections::serve(mongoc_client_t* client) {
  client_ = client;
  mongoc_client_set_stream_initiator(client, &Connections::open, this);
}

void Connections::begin_call(std::chrono::milliseconds limit) {
  limit_ = limit;
  end_ = Clock::now() + limit;
  lost_ = false;
  timed_out_ = false;
  failure_.reset();
}

std::chrono::milliseconds Connections::time_left() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

std::int32_t Connections::bounded(std::int32_t timeout_msec) const {
  const std::int64_t left = time_left().count();
  const std::int64_t asked = timeout_msec < 0 ? std::numeric_limits<std::int32_t>::max() : timeout_msec;
  return static_cast<std::int32_t>(std::min(left, asked));
}

mongoc_stream_t* Connections::open(const mongoc_uri_t* uri, const mongoc_host_list_t* host, void* connections,
                                   bson_error_t* error) {
  auto& self = *static_cast<Connections*>(connections);
  const std::int32_t timeout =
      self.bounded(mongoc_uri_get_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_DEFAULT_CONNECTTIMEOUTMS));
  // libmongoc 1.23 never comes back where a stream cannot be made while it scans anew a server that it knew: its
  // callback locks the topology twice. So there always is a stream, though it may be one that was closed at once.
  if (timeout == 0) return TimedStream::around(nullptr, self);
  const OwnedUri bounded(mongoc_uri_copy(uri));
  mongoc_uri_set_option_as_int32(bounded.get(), MONGOC_URI_CONNECTTIMEOUTMS, timeout);
  mongoc_stream_t* stream = mongoc_client_default_stream_initiator(bounded.get(), host, self.client_, error);
  if (stream == nullptr) self.failure_ = failure_of(*host, *error);
  return TimedStream::around(stream, self);
}

}  // namespace dynatlas
