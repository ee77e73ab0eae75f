// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "change/change.h"
#include "simulation/plan.h"
#include "simulation/server.h"

namespace dynatlas::simulation {

// The table that a plan tells of: its changes as a target takes them, and what a collection must look like.
class Table {
 public:
  explicit Table(const Plan& plan);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const Change& change(std::size_t index) const { return changes_[index]; }
  const CollectionName& documents() const { return documents_; }
  const CollectionName& tombstones() const { return tombstones_; }

  // Where the collection differs from the table; empty where it does not. All that was given was applied, but for what
  // the settling worker applies, whose change is the last (`settler_too`).
  std::string difference(const Server& server, bool settler_too = true) const;

  // Whether something as new as the change is there, so that it must be counted as stale.
  bool is_stale(std::size_t index, const Server& server) const;

  // Why the server's state is not what it must be after a change was acknowledged; empty where it is. A remove that was
  // not dropped in favour of a newer change has left a tombstone.
  std::string lost(std::size_t index, bool was_dropped, const Server& server) const;

 private:
  StoredKey key_of(int key) const;
  std::string document_of(const PlannedChange& planned, const StoredKey& key) const;
  std::string filter_of(const StoredKey& key) const;
  std::optional<std::string> stored(int key, const Server& server) const;
  std::optional<Version> tombstone(int key, const Server& server) const;
  std::string not_kept(const PlannedChange& change, const Server& server) const;
  std::string difference_of(int key, const PlannedChange& last, const Server& server) const;

  const Plan& plan_;
  TableRules rules_;
  Destination destination_;
  CollectionName documents_;
  CollectionName tombstones_;
  std::deque<Change> changes_;
};

std::string described(const PlannedChange& change);

}  // namespace dynatlas::simulation
