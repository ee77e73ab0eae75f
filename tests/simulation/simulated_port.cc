// SPDX-License-Identifier: Apache-2.0
#include "simulation/simulated_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "decode/extended_json.h"
#include "simulation/request.h"

namespace dynatlas::simulation {

namespace {

constexpr std::int32_t duplicate_key = 11000;
constexpr std::int32_t statement_faults[] = {112, 11602, 50};  // a conflict, an interruption, a time limit

Error again(std::string message) { return Error{ErrorKind::retry, std::move(message)}; }

Error too_late(Fate& fate) {
  fate.ran_out_of_time();
  return again("the time is over");
}

bool is_tombstones(const CollectionName& name) { return name.collection.starts_with("dynatlas.tombstones."); }
bool is_documents(const CollectionName& name) { return !name.collection.starts_with("dynatlas."); }

std::string json(std::string_view document) {
  Buffer out;
  return ExtendedJsonWriter(ExtendedJson::relaxed, out).document(document) ? std::string(out.view()) : "no document";
}

std::vector<std::size_t> any_order(std::size_t count, Fate& fate) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[fate.below(i)]);
  return order;
}

}  // namespace

void SimulatedPort::begin_session() {
  seen_ = 0;
  written_ = Written::nothing;
  settles_ = false;
  duplicates_.clear();
}

// On its way to the server.
Result<void> SimulatedPort::arrive(const CollectionName& name, Clock::Time deadline) {
  if (fate_.now() >= deadline) return too_late(fate_);
  fate_.at_step(name);
  if (fate_.happens(Mishap::refused)) {
    fate_.saw(Sight::refused);
    return again("the server takes nothing now");
  }
  if (fate_.now() > deadline) return too_late(fate_);
  return {};
}

// On its way back: what the server did stays done.
Result<void> SimulatedPort::answer() {
  if (fate_.happens(Mishap::reply_lost)) {
    fate_.saw(Sight::reply_lost);
    return again("the reply was lost");
  }
  return {};
}

Server::Position SimulatedPort::snapshot(Clock::Time earliest) {
  const Server::Position oldest = std::max(seen_, server_.position_at(earliest));
  return oldest + fate_.below(server_.head() - oldest + 1);
}

Result<std::vector<std::string>> SimulatedPort::find(const CollectionName& name, std::string_view filter,
                                                     std::string_view projection, Limit limit) {
  return read(name, filter, {std::string(projection), {}, 0}, limit);
}

Result<std::vector<std::string>> SimulatedPort::find_first(const CollectionName& name, std::string_view filter,
                                                           std::string_view sort, std::int64_t documents_max,
                                                           Limit limit) {
  return read(name, filter, {{}, std::string(sort), documents_max}, limit);
}

Result<std::vector<std::string>> SimulatedPort::read(const CollectionName& name, std::string_view filter,
                                                     const FindOptions& options, Limit limit) {
  Result<std::vector<std::string>> found = search(name, filter, options, limit);
  fate_.after_call(name);
  return found;
}

Result<std::vector<std::string>> SimulatedPort::search(const CollectionName& name, std::string_view filter,
                                                       const FindOptions& options, Limit limit) {
  const Clock::Time deadline = fate_.now() + limit;
  RETURN_IF_ERROR(arrive(name, deadline));
  const Server::Position at = snapshot(fate_.majority_since());
  std::vector<std::string> found = server_.find(name, filter, options, at);
  if (at < server_.head() && found != server_.find(name, filter, options, server_.head())) fate_.saw(Sight::stale_read);
  if (fate_.is_followed()) {
    std::string text =
        fmt::format("find {} {}{}:", name.text(), json(filter), at < server_.head() ? " (as it was)" : "");
    for (const std::string& document : found) text += " " + json(document);
    fate_.tell(text);
  }
  fate_.at_step(name);
  if (fate_.now() > deadline) return too_late(fate_);
  RETURN_IF_ERROR(answer());
  seen_ = std::max(seen_, at);
  const bool settles = is_tombstones(name) && !options.sort.empty();
  settles_ = settles_ || settles;
  if (is_tombstones(name) && !settles && written_ == Written::nothing && !found.empty())
    fate_.saw(Sight::tombstone_before);
  return found;
}

Result<WriteReply> SimulatedPort::update(const CollectionName& name, std::span<const UpdateStatement> statements,
                                         Limit limit) {
  std::vector<Write> writes;
  writes.reserve(statements.size());
  for (const UpdateStatement& one : statements) {
    writes.push_back(
        {one.upsert ? Write::Kind::upsert : Write::Kind::update, std::string(one.filter), std::string(one.update)});
  }
  return write(name, std::move(writes), limit);
}

Result<WriteReply> SimulatedPort::remove(const CollectionName& name, std::span<const DeleteStatement> statements,
                                         Limit limit) {
  std::vector<Write> writes;
  writes.reserve(statements.size());
  for (const DeleteStatement& one : statements) writes.push_back({Write::Kind::remove, std::string(one.filter), {}});
  return write(name, std::move(writes), limit);
}

void SimulatedPort::step(Request& request) {
  if (fate_.happens(Mishap::statement_failed)) {
    fate_.saw(Sight::statement_failed);
    request.fail(statement_faults[fate_.below(std::size(statement_faults))]);
  } else {
    request.step(fate_.now());
  }
  if (fate_.is_followed()) fate_.tell(request.told());
}

// The worker waits while the server takes step after step. Returns what the server had at the last one.
Result<Server::Position> SimulatedPort::carry_out(std::unique_ptr<Request>& request) {
  Server::Position head = server_.head();
  while (!request->done()) {
    if (fate_.happens(Mishap::connection_lost)) {
      fate_.saw(Sight::connection_lost);
      fate_.left_behind(std::move(request));
      return again("the connection was lost");
    }
    step(*request);
    head = server_.head();
    // Nobody else goes on while this is handled, or all would share the exception.
    try {
      fate_.at_step(request->name());
    } catch (const Crashed& crashed) {
      if (crashed.request_goes_on && !request->done()) fate_.left_behind(std::move(request));
      throw;
    }
  }
  if (!request->expired()) return head;
  return too_late(fate_);
}

Result<WriteReply> SimulatedPort::write(const CollectionName& name, std::vector<Write> writes, Limit limit) {
  Result<WriteReply> reply = send(name, std::move(writes), limit);
  fate_.after_call(name);
  return reply;
}

Result<WriteReply> SimulatedPort::send(const CollectionName& name, std::vector<Write> writes, Limit limit) {
  const Clock::Time deadline = fate_.now() + limit;
  RETURN_IF_ERROR(arrive(name, deadline));
  std::vector<std::size_t> order = any_order(writes.size(), fate_);
  auto request = std::make_unique<Request>(server_, name, std::move(writes), std::move(order), deadline);
  ASSIGN_OR_RETURN(const Server::Position head, carry_out(request));
  if (fate_.happens(Mishap::no_majority)) {
    fate_.saw(Sight::no_majority);
    return again("no majority acknowledged it in time");
  }
  if (fate_.now() > deadline) return too_late(fate_);
  RETURN_IF_ERROR(answer());
  // mongod gives the time of its newest write, whatever became of the statements.
  seen_ = std::max(seen_, head);
  WriteReply reply = request->reply();
  note(*request, reply);
  return reply;
}

void SimulatedPort::note(const Request& request, const WriteReply& reply) {
  if (is_tombstones(request.name()) && written_ == Written::nothing) written_ = Written::tombstones;
  if (!is_documents(request.name()) || request.writes().empty()) return;
  if (request.writes()[0].kind == Write::Kind::remove) {
    if (reply.matched > 0 && settles_) fate_.saw(Sight::settled);
    if (reply.matched > 0 && written_ == Written::documents) fate_.saw(Sight::undone_after);
    return;
  }
  written_ = Written::documents;
  std::set<std::string> failed;
  for (const StatementFault& fault : reply.faults)
    if (fault.code == duplicate_key) failed.insert(request.writes()[fault.index].filter);
  if (!failed.empty()) fate_.saw(Sight::duplicate_key);
  for (const Write& write : request.writes())
    if (duplicates_.contains(write.filter) && !failed.contains(write.filter)) fate_.saw(Sight::duplicate_retried);
  duplicates_.merge(failed);
}

Result<CollectionFacts> SimulatedPort::facts_of(const CollectionName& name, Limit limit) {
  RETURN_IF_ERROR(arrive(name, fate_.now() + limit));
  return server_.facts_of(name);
}

Result<std::vector<IndexFacts>> SimulatedPort::indexes_of(const CollectionName& name, Limit limit) {
  RETURN_IF_ERROR(arrive(name, fate_.now() + limit));
  return server_.indexes_of(name);
}

Result<void> SimulatedPort::make_index(const CollectionName& name, const NewIndex& index, Limit limit) {
  RETURN_IF_ERROR(arrive(name, fate_.now() + limit));
  RETURN_IF_ERROR(server_.make_index(name, index));
  return answer();
}

}  // namespace dynatlas::simulation
