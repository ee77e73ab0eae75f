// SPDX-License-Identifier: Apache-2.0
#include "transform/fields.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/paths.h"
#include "support/bson_json.h"

namespace dynatlas {

namespace {

using Names = std::vector<std::string>;
using Tags = std::vector<std::pair<std::string, std::string>>;

// The rules that the configuration makes of the same words.
class FieldsTest : public testing::Test {
 protected:
  FieldRules& at(const std::string& path) {
    FieldRules* found = &rules.fields;
    const Names names = split_path(path).value();
    for (const std::string& name : names) found = &found->children[name];
    return *found;
  }
  void keep(const std::string& path) {
    FieldRules* found = &rules.fields;
    const Names names = split_path(path).value();
    for (const std::string& name : names) {
      found->keeps_some = true;
      found = &found->children[name];
    }
    found->keep = true;
  }
  void drop(const std::string& path) { at(path).drop = true; }
  void rename(const std::string& path, const std::string& name) { at(path).rename = name; }
  void date(const std::string& path, FieldRules::Date unit) { at(path).date = unit; }

  // The item under the rules, in canonical Extended JSON; or its fault.
  std::string under_rules(const std::string& json, const Tags& tags = {}) {
    std::vector<KeyAttribute> key_attributes;
    for (const std::string& name : keys) key_attributes.push_back({name, BsonType::string, string_value("1"), {}});
    std::vector<TypeTag> types;
    for (const auto& [path, type] : tags) types.push_back({path, type});
    Buffer out;
    OpenDocument document(out);
    std::vector<TypeTag> left;
    FieldPass pass(rules, key_attributes, types, out, left);
    const auto fault = pass.run(elements_of(bson_of(json)));
    document.close();
    unread = pass.unread_dates();
    tags_left.clear();
    for (const TypeTag& tag : left) tags_left.emplace_back(tag.path, std::string(tag.type));
    if (fault) {
      EXPECT_EQ(fault->kind, ErrorKind::poison);
      return "`" + fault->path + "` " + fault->cause;
    }
    return json_of(out.view());
  }

  void expect(const std::string& before, const std::string& after) {
    EXPECT_EQ(under_rules(before), json_of(bson_of(after))) << before;
  }

  TableRules rules;
  Names keys = {"pk"};
  Tags tags_left;
  std::uint64_t unread = 0;
};

TEST_F(FieldsTest, AreDroppedByPath) {
  drop("a");
  drop("m.x");
  drop("m.n.y");
  expect(R"({"pk":"1","a":1,"b":2,"m":{"x":1,"y":2,"n":{"x":3,"y":4},"a":5},"x":6})",
         R"({"pk":"1","b":2,"m":{"y":2,"n":{"x":3},"a":5},"x":6})");
}

TEST_F(FieldsTest, AreDroppedInMapsOnly) {
  drop("l.0");
  drop("l.x");
  expect(R"({"l":[{"x":1},2]})", R"({"l":[{"x":1},2]})");
  expect(R"({"l":5})", R"({"l":5})");
}

TEST_F(FieldsTest, LeaveAnEmptyMapWhereAllOfItWasDropped) {
  drop("m.x");
  expect(R"({"m":{"x":1}})", R"({"m":{}})");
}

TEST_F(FieldsTest, AreKeptByPathAndNothingElse) {
  keep("a");
  keep("m.x");
  expect(R"({"pk":"1","a":{"b":1},"b":2,"m":{"x":{"z":1},"y":2},"x":6})",
         R"({"pk":"1","a":{"b":1},"m":{"x":{"z":1}}})");
}

TEST_F(FieldsTest, ThatAreNoMapsHoldNothingToKeep) {
  keep("m.x");
  expect(R"({"m":5,"b":1})", "{}");
  expect(R"({"m":[{"x":1}]})", "{}");
  expect(R"({"m":{"y":1}})", R"({"m":{}})");
}

TEST_F(FieldsTest, AreKeptWholeWhateverElseIsKeptInThem) {
  keep("m");
  keep("m.n.x");
  expect(R"({"m":{"n":{"x":1,"y":2},"o":3},"b":1})", R"({"m":{"n":{"x":1,"y":2},"o":3}})");
}

TEST_F(FieldsTest, AreDroppedFromWhatIsKept) {
  keep("m");
  drop("m.x");
  expect(R"({"m":{"x":1,"y":2},"b":1})", R"({"m":{"y":2}})");
}

TEST_F(FieldsTest, OfTheKeyStayAsTheyAre) {
  keys = {"pk", "sk"};
  keep("a");
  drop("sk");
  rename("pk", "other");
  date("sk", FieldRules::Date::seconds);
  expect(R"({"pk":"1","a":1,"b":2,"sk":{"$numberInt":"5"}})", R"({"pk":"1","a":1,"sk":{"$numberInt":"5"}})");
}

TEST_F(FieldsTest, OfTheKeysNameInsideOfMapsAreFieldsLikeOthers) {
  drop("m.pk");
  expect(R"({"pk":"1","m":{"pk":1,"x":2}})", R"({"pk":"1","m":{"x":2}})");
}

TEST_F(FieldsTest, AreRenamedInPlace) {
  rename("a", "z");
  rename("m", "n");
  rename("m.x", "y");
  expect(R"({"a":1,"b":2,"m":{"a":3,"x":4}})", R"({"z":1,"b":2,"n":{"a":3,"y":4}})");
}

TEST_F(FieldsTest, MaySwapTheirNames) {
  rename("a", "b");
  rename("b", "a");
  expect(R"({"a":1,"b":2})", R"({"b":1,"a":2})");
}

TEST_F(FieldsTest, MayTakeTheNameOfOneThatIsDropped) {
  rename("a", "b");
  drop("b");
  expect(R"({"a":1,"b":2})", R"({"b":1})");
  expect(R"({"b":2,"a":1})", R"({"b":1})");
}

TEST_F(FieldsTest, ThatMeetAreAFaultWithTheirPath) {
  rename("a", "b");
  EXPECT_THAT(under_rules(R"({"a":1,"b":2})"), testing::StartsWith("`b` "));
  EXPECT_THAT(under_rules(R"({"b":1,"a":2})"), testing::StartsWith("`b` "));
  rename("m", "n");
  rename("m.x", "y.z");
  EXPECT_THAT(under_rules(R"({"m":{"x":1,"y.z":2}})"), testing::StartsWith("`n.y\\.z` "));
  expect(R"({"a":1})", R"({"b":1})");
}

TEST_F(FieldsTest, ThatMeetAKeyAreAFault) {
  rename("a", "pk");
  EXPECT_THAT(under_rules(R"({"pk":"1","a":1})"), testing::StartsWith("`pk` "));
}

TEST_F(FieldsTest, BecomeDates) {
  date("s", FieldRules::Date::seconds);
  date("ms", FieldRules::Date::milliseconds);
  date("r", FieldRules::Date::rfc3339);
  date("m.s", FieldRules::Date::seconds);
  expect(
      R"({"s":{"$numberInt":"1720740233"},"ms":{"$numberLong":"1720740233012"},"r":"2024-07-11T23:23:53.012Z","m":{"s":0}})",
      R"({"s":{"$date":{"$numberLong":"1720740233000"}},"ms":{"$date":{"$numberLong":"1720740233012"}},
             "r":{"$date":{"$numberLong":"1720740233012"}},"m":{"s":{"$date":{"$numberLong":"0"}}}})");
  EXPECT_EQ(unread, 0U);
}

TEST_F(FieldsTest, BecomeDatesOfEveryNumberType) {
  date("s", FieldRules::Date::seconds);
  const std::string expected = R"({"s":{"$date":{"$numberLong":"1500"}}})";
  expect(R"({"s":{"$numberDouble":"1.5"}})", expected);
  expect(R"({"s":{"$numberDecimal":"1.5"}})", expected);
  expect(R"({"s":{"$numberInt":"-1"}})", R"({"s":{"$date":{"$numberLong":"-1000"}}})");
  EXPECT_EQ(under_rules(R"({"s":"1.5"})", {{"s", "N"}}), json_of(bson_of(expected)));
  EXPECT_TRUE(tags_left.empty());
}

TEST_F(FieldsTest, BeforeNineteenSeventyBecomeDatesToo) {
  date("r", FieldRules::Date::rfc3339);
  expect(R"({"r":"1969-12-31T23:59:59Z"})", R"({"r":{"$date":{"$numberLong":"-1000"}}})");
  expect(R"({"r":"1969-12-31T23:59:59.9995Z"})", R"({"r":{"$date":{"$numberLong":"-1"}}})");
  expect(R"({"r":"1965-03-02T00:00:00+09:00"})", R"({"r":{"$date":{"$numberLong":"-152614800000"}}})");
}

TEST_F(FieldsTest, ThatAreNoDatesStayAndAreCounted) {
  date("s", FieldRules::Date::seconds);
  date("r", FieldRules::Date::rfc3339);
  for (const std::string value :
       {R"("1720740233")", R"("x")", "true", "null", "[1]", R"({"s":1})", R"({"$numberDouble":"0.0005"})",
        R"({"$numberDecimal":"1E+30"})", R"({"$numberLong":"9223372036854775807"})"}) {
    expect("{\"s\":" + value + "}", "{\"s\":" + value + "}");
    EXPECT_EQ(unread, 1U) << value;
  }
  for (const std::string value : {"\"2024-07-11\"", "\"2024-13-11T00:00:00Z\"", "1720740233", "\"\""}) {
    expect("{\"r\":" + value + "}", "{\"r\":" + value + "}");
    EXPECT_EQ(unread, 1U) << value;
  }
}

TEST_F(FieldsTest, KeepTheirTypesUnderTheirNewPaths) {
  drop("gone");
  rename("s", "t");
  rename("m.x", "y.z");
  const std::string item = R"({"s":["a"],"gone":["a"],"m":{"x":[["b"]],"w":["c"]},"st":["d"],"l":[["e"]]})";
  const Tags tags = {{"s", "SS"}, {"gone", "SS"}, {"m.x.0", "NS"}, {"m.w", "BS"}, {"st", "SS"}, {"l.0", "SS"}};
  under_rules(item, tags);
  const Tags expected = {{"t", "SS"}, {"m.y\\.z.0", "NS"}, {"m.w", "BS"}, {"st", "SS"}, {"l.0", "SS"}};
  EXPECT_EQ(tags_left, expected);
}

TEST_F(FieldsTest, WithoutRulesForThemStayInTheirOrder) {
  drop("none");
  const std::string item = R"({"z":1,"a":{"y":1,"b":2},"":3,"pk":"1","l":[{"z":1,"a":2}]})";
  expect(item, item);
}

// A map of maps as names and whole numbers, its twin a walk that follows the words of the documentation.
RC_GTEST_PROP(Fields, AreDroppedAndKeptAsAWalkByPathSays, ()) {
  const auto name = rc::gen::element<std::string>("a", "b", "c");
  // rc::gen::inRange would give the depth 1 alone at small sizes.
  const auto paths = rc::gen::resize(4, rc::gen::container<std::vector<Names>>(rc::gen::mapcat(
                                            rc::gen::element<std::size_t>(1, 2, 3),
                                            [name](std::size_t n) { return rc::gen::container<Names>(n, name); })));
  const auto kept = *paths;
  const auto dropped = *paths;
  TableRules rules;
  for (const Names& path : kept) {
    FieldRules* found = &rules.fields;
    for (const std::string& part : path) {
      found->keeps_some = true;
      found = &found->children[part];
    }
    found->keep = true;
  }
  for (const Names& path : dropped) {
    FieldRules* found = &rules.fields;
    for (const std::string& part : path) found = &found->children[part];
    found->drop = true;
  }

  // Every map holds a, b and c down to the third level; `leaf` makes some of the upper ones numbers.
  const auto leaves = *rc::gen::container<std::vector<bool>>(39, rc::gen::arbitrary<bool>());
  std::size_t next = 0;
  const auto is_prefix = [](const Names& a, const Names& b) {
    return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
  };
  const auto any_of = [](const std::vector<Names>& all, const auto& matches) {
    return std::any_of(all.begin(), all.end(), matches);
  };
  const auto build = [&](const auto& self, const Names& path, bool with_rules) -> std::string {
    std::string json = "{";
    for (const std::string part : {"a", "b", "c"}) {
      Names inner = path;
      inner.push_back(part);
      const bool leaf = inner.size() == 3 || leaves[next++ % leaves.size()];
      const std::string value = leaf ? "1" : self(self, inner, with_rules);
      const bool drop = any_of(dropped, [&](const Names& rule) { return rule == inner; });
      const bool keep = kept.empty() || any_of(kept, [&](const Names& rule) {
                          return is_prefix(rule, inner) || (!leaf && is_prefix(inner, rule));
                        });
      if (with_rules && (drop || !keep)) continue;
      if (json.size() != 1) json += ',';
      json += fmt::format("\"{}\":{}", part, value);
    }
    return json + "}";
  };
  const std::string item = build(build, {}, false);
  next = 0;
  const std::string expected = build(build, {}, true);

  Buffer out;
  OpenDocument document(out);
  const std::vector<TypeTag> none;
  std::vector<TypeTag> left;
  FieldPass pass(rules, {}, none, out, left);
  RC_ASSERT(!pass.run(elements_of(bson_of(item))));
  document.close();
  RC_ASSERT(json_of(out.view()) == json_of(bson_of(expected)));
}

}  // namespace

}  // namespace dynatlas
