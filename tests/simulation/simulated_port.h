// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "simulation/fate.h"
#include "simulation/server.h"
#include "target/mongodb/port.h"

namespace dynatlas::simulation {

// A port to the simulated server: what port.h promises and nothing more. What it leaves open, its Fate chooses.
class SimulatedPort : public MongoPort {
 public:
  SimulatedPort(Server& server, Fate& fate) : server_(server), fate_(fate) {}

  void begin_session() override;
  Result<std::vector<std::string>> find(const CollectionName& name, std::string_view filter,
                                        std::string_view projection, Limit limit) override;
  Result<std::vector<std::string>> find_first(const CollectionName& name, std::string_view filter,
                                              std::string_view sort, std::int64_t documents_max, Limit limit) override;
  Result<WriteReply> update(const CollectionName& name, std::span<const UpdateStatement> statements,
                            Limit limit) override;
  Result<WriteReply> remove(const CollectionName& name, std::span<const DeleteStatement> statements,
                            Limit limit) override;
  Result<CollectionFacts> facts_of(const CollectionName& name, Limit limit) override;
  Result<std::vector<IndexFacts>> indexes_of(const CollectionName& name, Limit limit) override;
  Result<void> make_index(const CollectionName& name, const NewIndex& index, Limit limit) override;

 private:
  Result<std::vector<std::string>> read(const CollectionName& name, std::string_view filter, const FindOptions& options,
                                        Limit limit);
  Result<std::vector<std::string>> search(const CollectionName& name, std::string_view filter,
                                          const FindOptions& options, Limit limit);
  Result<WriteReply> write(const CollectionName& name, std::vector<Write> writes, Limit limit);
  Result<WriteReply> send(const CollectionName& name, std::vector<Write> writes, Limit limit);
  Result<Server::Position> carry_out(std::unique_ptr<Request>& request);
  Result<void> arrive(const CollectionName& name, Clock::Time deadline);
  Result<void> answer();
  void step(Request& request);
  Server::Position snapshot(Clock::Time earliest);
  void note(const Request& request, const WriteReply& reply);

  Server& server_;
  Fate& fate_;
  Server::Position seen_ = 0;  // what the session's reads show at least

  // Of this session, for the shares that a run reports.
  enum class Written : std::uint8_t { nothing, tombstones, documents };
  Written written_ = Written::nothing;
  bool settles_ = false;
  std::set<std::string> duplicates_;  // filters of upserts that met a duplicate key
};

}  // namespace dynatlas::simulation
