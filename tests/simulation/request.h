// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "simulation/server.h"

namespace dynatlas::simulation {

// A write command on its way through the server: unordered statements, carried out step by step in the order given.
class Request {
 public:
  Request(Server& server, CollectionName name, std::vector<Write> writes, std::vector<std::size_t> order,
          Clock::Time deadline);

  // Whether every statement was carried out or failed, or the time is over.
  bool done() const { return expired_ || at_ == order_.size(); }

  // Whether statements were left out because the time was over.
  bool expired() const { return expired_; }

  // The next step. Nothing happens after the deadline.
  void step(Clock::Time now);

  // The statement whose turn it is fails, instead of its next step.
  void fail(std::int32_t code);

  // What a reply says, once done.
  WriteReply reply();

  Clock::Time deadline() const { return deadline_; }
  const CollectionName& name() const { return name_; }
  const std::vector<Write>& writes() const { return writes_; }

  // What the last step did, for people.
  std::string told() const;

 private:
  void finish(const StepResult& result);

  Server& server_;
  CollectionName name_;
  std::vector<Write> writes_;
  std::vector<std::size_t> order_;
  Clock::Time deadline_;
  std::size_t at_ = 0;
  bool inserts_ = false;
  bool expired_ = false;
  WriteReply reply_;
  std::size_t last_ = 0;
  const char* came_to_ = "";
};

}  // namespace dynatlas::simulation
