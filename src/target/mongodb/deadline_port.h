// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "target/mongodb/port.h"

namespace dynatlas {

// A port for one piece of work that must be over by a time: what it sends after that is not sent, and what it sent
// before cannot be carried out later. Its errors are the port's; beyond the time they are of kind retry.
class DeadlinePort {
 public:
  DeadlinePort(MongoPort& port, Clock& clock, std::chrono::milliseconds duration)
      : port_(port), clock_(clock), ends_(clock.now() + duration) {}

  Result<std::vector<std::string>> find(const CollectionName& name, std::string_view filter,
                                        std::string_view projection) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return port_.find(name, filter, projection, left);
  }

  Result<std::vector<std::string>> find_first(const CollectionName& name, std::string_view filter,
                                              std::string_view sort, std::int64_t documents_max) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return port_.find_first(name, filter, sort, documents_max, left);
  }

  Result<WriteReply> update(const CollectionName& name, std::span<const UpdateStatement> statements) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return sensible(port_.update(name, statements, left), name, statements.size());
  }

  Result<WriteReply> remove(const CollectionName& name, std::span<const DeleteStatement> statements) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return sensible(port_.remove(name, statements, left), name, statements.size());
  }

  Result<CollectionFacts> facts_of(const CollectionName& name) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return port_.facts_of(name, left);
  }

  Result<std::vector<IndexFacts>> indexes_of(const CollectionName& name) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, time_left());
    return port_.indexes_of(name, left);
  }

  // Takes as long as there is time: a large collection's index is not made in a moment.
  Result<void> make_index(const CollectionName& name, const NewIndex& index) {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, whole_time_left());
    return port_.make_index(name, index, left);
  }

  Clock::Time now() { return clock_.now(); }

 private:
  // A server that is silent for longer is taken for gone.
  static constexpr std::chrono::milliseconds call_max = std::chrono::seconds(30);

  // Faults are of statements that were sent.
  static Result<WriteReply> sensible(Result<WriteReply> reply, const CollectionName& name, std::size_t statements) {
    const bool makes_sense = !reply || std::all_of(reply->faults.begin(), reply->faults.end(),
                                                   [&](const auto& fault) { return fault.index < statements; });
    return makes_sense ? std::move(reply) : retry(name.text() + ": the server's answer makes no sense");
  }

  Result<MongoPort::Limit> time_left() {
    ASSIGN_OR_RETURN(const MongoPort::Limit left, whole_time_left());
    return std::min(left, call_max);
  }

  Result<MongoPort::Limit> whole_time_left() {
    const auto left = std::chrono::floor<std::chrono::milliseconds>(ends_ - clock_.now());
    if (left.count() <= 0) return retry("MongoDB did not carry out a batch within its time limit");
    return left;
  }

  MongoPort& port_;
  Clock& clock_;
  Clock::Time ends_;
};

}  // namespace dynatlas
