// SPDX-License-Identifier: Apache-2.0
#include "simulation/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "decode/extended_json.h"
#include "simulation/value.h"

namespace dynatlas::simulation {

namespace {

std::string json(std::string_view document) {
  Buffer out;
  return ExtendedJsonWriter(ExtendedJson::relaxed, out).document(document) ? std::string(out.view()) : "no document";
}

// {_id: K, $or: [.., {t: T, s: {$lt: S}}, ..]}, which says what is older than a version (filters.cc), in short.
std::string told_filter(std::string_view filter) {
  const auto any = find_element(filter, "$or");
  const auto same_time = any ? find_element(any->value, "1") : std::nullopt;
  if (!same_time) return json(filter);
  Buffer out;
  OpenDocument key(out);
  BsonReader reader(elements_of(filter));
  for (BsonElement element; reader.next(element);)
    if (element.name != "$or") append_element(out, element.type, element.name, element.value);
  key.close();
  return fmt::format("{} up to {}", json(out.view()), json(same_time->value));
}

}  // namespace

Request::Request(Server& server, CollectionName name, std::vector<Write> writes, std::vector<std::size_t> order,
                 Clock::Time deadline)
    : server_(server),
      name_(std::move(name)),
      writes_(std::move(writes)),
      order_(std::move(order)),
      deadline_(deadline) {}

void Request::step(Clock::Time now) {
  if (done()) return;
  if (now > deadline_) {
    expired_ = true;
    came_to_ = "not carried out, its time is over";
    return;
  }
  last_ = order_[at_];
  const Write& write = writes_[last_];
  const StepResult result = inserts_ ? server_.insert(name_, write, now) : server_.match(name_, write, now);
  inserts_ = result.to_insert;
  if (inserts_) {
    came_to_ = "matches nothing, will insert";
  } else {
    finish(result);
  }
}

void Request::fail(std::int32_t code) {
  if (done()) return;
  last_ = order_[at_];
  inserts_ = false;
  StepResult result;
  result.code = code;
  finish(result);
}

void Request::finish(const StepResult& result) {
  if (result.code != 0) reply_.faults.push_back({last_, result.code, result.index_name, result.index_fields});
  reply_.matched += result.matched ? 1 : 0;
  reply_.inserted += result.inserted ? 1 : 0;
  came_to_ = result.code != 0 ? "fails" : result.inserted ? "inserted" : result.matched ? "done" : "matches nothing";
  ++at_;
}

WriteReply Request::reply() {
  std::sort(reply_.faults.begin(), reply_.faults.end(),
            [](const StatementFault& a, const StatementFault& b) { return a.index < b.index; });
  return std::move(reply_);
}

std::string Request::told() const {
  const Write& write = writes_[last_];
  const bool failed =
      !reply_.faults.empty() && reply_.faults.back().index == last_ && std::string_view(came_to_) == "fails";
  const std::string why =
      failed ? fmt::format(" with {} {}", reply_.faults.back().code, reply_.faults.back().index_name) : "";
  if (write.kind == Write::Kind::remove)
    return fmt::format("delete {} {}: {}{}", name_.text(), told_filter(write.filter), came_to_, why);
  return fmt::format("{} {} {} to {}: {}{}", write.kind == Write::Kind::upsert ? "upsert" : "update", name_.text(),
                     told_filter(write.filter), json(write.update), came_to_, why);
}

}  // namespace dynatlas::simulation
