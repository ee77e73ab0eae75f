// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "change/change.h"
#include "decode/extended_json.h"
#include "target/dead_letters.h"
#include "target/target.h"

namespace dynatlas {

// Where a target writes, such as a folder or a server's database: empty at first, gone with the object.
class TargetPlace {
 public:
  virtual ~TargetPlace() = default;

  // Where the suite's collections are; of a server that others use too, a name of its own.
  virtual std::string database() { return "shop"; }

  // A new target on this place, as a new process would open it; others may be open.
  virtual Result<std::unique_ptr<Target>> open() = 0;

  // What others find once a target has drained: all documents of a collection, as BSON, in any order.
  virtual std::vector<std::string> documents(const Destination& destination) = 0;

  // The same of the dead letters.
  virtual std::vector<std::string> dead_letters() = 0;

  // The dead letters, for who looks after them; they go before the place does.
  virtual Result<std::unique_ptr<DeadLetters>> letters() = 0;

  // Writes documents as somebody else would, before any target knows the collection.
  virtual void put(const Destination& destination, const std::vector<std::string>& documents) = 0;
};

// A target under test: its name in the tests' names, and a new place for each test.
struct TargetMaker {
  std::string name;
  std::function<std::unique_ptr<TargetPlace>()> make;

  friend void PrintTo(const TargetMaker& maker, std::ostream* out) { *out << maker.name; }
};

// The suite that every target must pass (tests/target_*_test.cc); a target instantiates it beside its code.
//
// Documents, keys and what is stored are written as Extended JSON here. Every batch is checked to be counted whole.
class TargetContract : public testing::TestWithParam<TargetMaker> {
 protected:
  TargetContract();
  void SetUp() override;

  // Another target on the same place, instead of the one before.
  void reopen();

  // An upsert of the document {"_id": key, "v": value} and its metadata.
  Change upsert(std::string_view key, const std::optional<Version>& version, int value) const;
  Change upsert_document(std::string_view key, const std::optional<Version>& version, std::string_view document) const;
  Change remove(std::string_view key, const Version& version) const;

  // What the batch became; a failure of the test where it was refused.
  Applied apply(const std::vector<Change>& changes);

  // Why the batch was refused; a failure of the test where it was not.
  Error refusal(const std::vector<Change>& changes);

  void put(const std::vector<std::string>& documents);

  // All documents of `destination`, sorted; drains first.
  std::vector<std::string> stored(ExtendedJson form = ExtendedJson::relaxed);
  std::vector<std::string> stored_in(const Destination& from, ExtendedJson form = ExtendedJson::relaxed);
  std::vector<std::string> dead_letters();

  std::unique_ptr<TargetPlace> place;
  std::unique_ptr<Target> target;
  TableRules rules;  // may be changed before the first batch
  Destination destination{"shop", "customers", &rules};
};

// The parts of the suite, a file each.
class TargetGuard : public TargetContract {};
class TargetRules : public TargetContract {};
class TargetKeys : public TargetContract {};
class TargetParking : public TargetContract {};
class TargetLetters : public TargetContract {};
class TargetOrder : public TargetContract {
 protected:
  // What a random history ended as in one order and not in another; empty where no order matters.
  std::string first_order_that_matters();
};

// Runs the whole suite on the places that `make` makes.
#define INSTANTIATE_TARGET_SUITE(name, suite, make) \
  INSTANTIATE_TEST_SUITE_P(name, suite, testing::Values(TargetMaker{#name, make}))
#define INSTANTIATE_TARGET_CONTRACT(name, make)        \
  INSTANTIATE_TARGET_SUITE(name, TargetGuard, make);   \
  INSTANTIATE_TARGET_SUITE(name, TargetRules, make);   \
  INSTANTIATE_TARGET_SUITE(name, TargetKeys, make);    \
  INSTANTIATE_TARGET_SUITE(name, TargetParking, make); \
  INSTANTIATE_TARGET_SUITE(name, TargetLetters, make); \
  INSTANTIATE_TARGET_SUITE(name, TargetOrder, make)

// The BSON of a document written as Extended JSON.
std::string bson_of(std::string_view json);
std::string json_of(std::string_view bson, ExtendedJson form = ExtendedJson::relaxed);

// A key, written as one value of Extended JSON.
StoredKey key_of(std::string_view json);

// A whole document as the suite's upserts store it; the metadata is absent where there is no version.
std::string stored_text(std::string_view key, const std::optional<Version>& version, int value);

// Versions of each kind.
Version kinesis(std::int64_t t, std::string_view digits = "1");
Version streams(std::int64_t t, std::string_view digits, std::string_view hash = "0123abcd");
Version copied(std::int64_t t);

// For expectations on counters.
std::string shown(const Applied& applied);

}  // namespace dynatlas
