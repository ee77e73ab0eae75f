// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "target/mongodb/port.h"

namespace dynatlas::simulation {

// A statement of `update` or `delete`, owned: it may outlive the call that sent it.
struct Write {
  enum class Kind : std::uint8_t { update, upsert, remove };
  Kind kind = Kind::update;
  std::string filter;
  std::string update;
};

// What a single step of a statement came to.
struct StepResult {
  bool matched = false;
  bool inserted = false;
  bool to_insert = false;  // an upsert that matched nothing: its insert is a step of its own
  std::int32_t code = 0;   // as StatementFault says
  std::string index_name;
  std::vector<std::string> index_fields;
};

struct FindOptions {
  std::string projection;
  std::string sort;
  std::int64_t documents_max = 0;  // 0: all
};

// A MongoDB server in memory, as far as the guard can tell it from mongod: each step is atomic, as mongod makes it, and
// whatever may come between two steps of a statement is the caller's to choose.
class Server {
 public:
  // How many writes a majority had at some time.
  using Position = std::size_t;

  // What administrators and users do.
  void put(const CollectionName& name, std::string document);
  void set_facts(const CollectionName& name, CollectionFacts facts) { facts_[name] = std::move(facts); }
  void set_index_partial(const CollectionName& name, const std::string& index) {
    collection(name).index(index).whole = false;
  }

  // Documents with a field `name` break the validator of their collection (121).
  void set_poison(std::string name) { poison_ = std::move(name); }

  // The first step of a statement: what matches is changed.
  StepResult match(const CollectionName& name, const Write& write, Clock::Time now);

  // The second step of an upsert that matched nothing.
  StepResult insert(const CollectionName& name, const Write& write, Clock::Time now);

  std::vector<std::string> find(const CollectionName& name, std::string_view filter, const FindOptions& options,
                                Position at) const;
  std::vector<std::string> find(const CollectionName& name, std::string_view filter) const {
    return find(name, filter, {}, head());
  }

  Position head() const { return log_.size(); }
  Position position_at(Clock::Time time) const;

  CollectionFacts facts_of(const CollectionName& name) const;
  std::vector<IndexFacts> indexes_of(const CollectionName& name) const;
  Result<void> make_index(const CollectionName& name, const NewIndex& index);

 private:
  using Document = std::shared_ptr<const std::string>;

  struct Index {
    NewIndex made;
    bool whole = true;
    std::map<std::string, std::string, std::less<>>
        ids;  // of a unique index: the key of its fields to the key of `_id`
  };

  struct Collection {
    std::map<std::string, Document, std::less<>> documents;  // by the key of `_id`
    std::vector<Index> indexes;                              // but that of `_id`

    Index& index(const std::string& name);
  };

  struct Logged {
    Clock::Time time;
    const Collection* collection;
    std::string id;
    Document before;
  };

  Collection& collection(const CollectionName& name) { return collections_[name]; }
  const Collection* existing(const CollectionName& name) const;
  Document at_position(const Collection& collection, const std::string& id, Position at) const;
  std::vector<std::string> ids_to_search(const Collection& collection, std::string_view filter, Position at) const;
  std::optional<StepResult> duplicate(const Collection& collection, const std::string& id,
                                      std::string_view document) const;
  void store(Collection& collection, const std::string& id, Document document, Clock::Time now);
  std::int32_t fault_of(std::string_view document) const;
  std::string new_object_id();

  std::map<CollectionName, Collection> collections_;
  std::map<CollectionName, CollectionFacts> facts_;
  std::vector<Logged> log_;
  std::string poison_;
  std::uint64_t object_ids_ = 0;
};

}  // namespace dynatlas::simulation
