// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A configuration file of this text, and options beside it.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() { options.file = folder.path() + "/config.yaml"; }

  Result<Config> load(const std::string& text) const {
    std::ofstream(*options.file) << text;
    return Config::load(options);
  }

  Config loaded(const std::string& text) const {
    Result<Config> config = load(text);
    EXPECT_TRUE(config) << text << ": " << config.error().message;
    return config ? *std::move(config) : Config();
  }

  std::string refusal(const std::string& text) const {
    const Result<Config> config = load(text);
    if (config) return "was not refused: " + text;
    EXPECT_EQ(config.error().kind, ErrorKind::usage);
    return config.error().message;
  }

  std::string at_line(int line) const { return *options.file + ":" + std::to_string(line) + ": "; }

  const TemporaryFolder folder;
  ConfigOptions options;
};

const FieldRules& field(const FieldRules& rules, const std::vector<std::string>& path) {
  const FieldRules* found = &rules;
  for (const std::string& name : path) found = &found->children.at(name);
  return *found;
}

TEST_F(ConfigTest, OfNothingHasTheDocumentedDefaults) {
  const Config config = loaded("");
  const TableRules& rules = config.rules("any");
  EXPECT_EQ(rules.id, IdForm::key);
  EXPECT_EQ(rules.items.numbers, NumberPolicy::natural);
  EXPECT_TRUE(rules.items.sets_tagged);
  EXPECT_FALSE(rules.soft_deletes);
  EXPECT_FALSE(rules.skip_ttl_deletes);
  EXPECT_FALSE(rules.refuse_existing);
  EXPECT_TRUE(rules.guard);
  EXPECT_FALSE(rules.items.names.escape_dots);
  EXPECT_EQ(rules.items.names.metadata, "_dynatlas");
  EXPECT_THAT(rules.items.key, IsEmpty());
  EXPECT_TRUE(rules.fields.empty());
  EXPECT_EQ(config.target_of("any").text(), "dynamodb.any");
  EXPECT_EQ(config.target_of("a.b").text(), "dynamodb.a.b");
  EXPECT_EQ(config.databases(), (std::set<std::string>{"dynamodb"}));
  EXPECT_EQ(config.table_of("dynamodb", "any"), "any");
  EXPECT_EQ(config.table_of("shop", "any"), std::nullopt);
  EXPECT_EQ(config.default_table, "items");
  EXPECT_EQ(config.kinesis_binary, BinaryText::twice);
  EXPECT_EQ(config.parked_in_a_row, 100U);
  EXPECT_FALSE(config.dump_folder);
  EXPECT_FALSE(config.mongodb_uri);
  EXPECT_FALSE(config.state_database);
  EXPECT_EQ(config.times.settle_after, std::chrono::minutes(10));
  EXPECT_EQ(config.times.tombstone_life, std::chrono::hours(24 * 30));
  EXPECT_EQ(config.times.patience, std::chrono::minutes(5));
}

TEST_F(ConfigTest, ReadsWhatAMongoDBTargetNeeds) {
  const Config config = loaded(R"(
target: {mongodb: {uri: "mongodb://h/shop", write_concern: majority}}
state: {database: ops}
limits: {settle_after: 1m, tombstone_life: 2m, patience: 30s}
)");
  EXPECT_EQ(config.mongodb_uri, "mongodb://h/shop");
  EXPECT_EQ(config.state_database, "ops");
  EXPECT_EQ(config.times.settle_after, std::chrono::minutes(1));
  EXPECT_EQ(config.times.tombstone_life, std::chrono::minutes(2));
  EXPECT_EQ(config.times.patience, std::chrono::seconds(30));
  EXPECT_EQ(loaded("limits: {tombstone_life: auto}\n").times.tombstone_life, std::chrono::hours(24 * 30));
}

TEST_F(ConfigTest, RefusesTargetsAndTimesUnderWhichTheGuardDoesNotHold) {
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"target: {mongodb: {uri: x, write_concern: 1}}", "`target.mongodb.write_concern` must be majority"},
      {"target: {mongodb: {uri: x}, dump: {folder: y}}", "not both"},
      {"state: {database: a.b/c}", "`state.database` has a database name"},
      {"limits: {settle_after: 9s}", "`limits.settle_after` must be 10s or more"},
      {"limits: {settle_after: soon}", "`limits.settle_after` must be a duration"},
      {"limits: {tombstone_life: 19m}", "`limits.tombstone_life` must be twice"},
      {"limits: {settle_after: 16d}", "`limits.tombstone_life` must be twice"},
      {"limits: {patience: 5}", "`limits.patience` must be a duration"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(refusal(text + "\n"), HasSubstr(why));
    EXPECT_THAT(refusal(text + "\n"), HasSubstr(at_line(1)));
  }
}

TEST_F(ConfigTest, ReadsEveryRuleOfATable) {
  const Config config = loaded(R"(
tables:
- table: t
  to: shop.cust.omers
  key: [pk, sk]
  id: string
  numbers: decimal
  sets: array
  deletes: soft
  ttl_deletes: skip
  existing: refuse
  guard: off
  fields: {dots: escape}
metadata: _meta
source: {kinesis: {stream: cdc, binary: once}}
limits: {parked_in_a_row: 3}
target: {dump: {folder: out}}
)");
  const TableRules& rules = config.rules("t");
  EXPECT_EQ(config.target_of("t").text(), "shop.cust.omers");
  EXPECT_EQ(config.target_of("t").database, "shop");
  EXPECT_THAT(rules.items.key, ElementsAre("pk", "sk"));
  EXPECT_EQ(rules.id, IdForm::string);
  EXPECT_EQ(rules.items.numbers, NumberPolicy::decimal);
  EXPECT_FALSE(rules.items.sets_tagged);
  EXPECT_TRUE(rules.soft_deletes);
  EXPECT_TRUE(rules.skip_ttl_deletes);
  EXPECT_TRUE(rules.refuse_existing);
  EXPECT_FALSE(rules.guard);
  EXPECT_TRUE(rules.items.names.escape_dots);
  EXPECT_EQ(rules.items.names.metadata, "_meta");
  EXPECT_EQ(config.kinesis_binary, BinaryText::once);
  EXPECT_EQ(config.kinesis_stream, "cdc");
  EXPECT_EQ(config.parked_in_a_row, 3U);
  EXPECT_EQ(config.dump_folder, "out");
}

TEST_F(ConfigTest, GivesNamedTablesTheRulesOfTheRestUnderTheirOwn) {
  const Config config = loaded(R"(
tables:
- {table: t, numbers: string}
- {table: "*", id: objectid, sets: array, numbers: decimal, key: pk, fields: {dots: escape, drop: [x]}}
- {table: u, fields: {keep: [y]}}
)");
  const TableRules& t = config.rules("t");
  EXPECT_EQ(t.id, IdForm::objectid);
  EXPECT_TRUE(t.items.exact_key_fields);
  EXPECT_FALSE(t.items.sets_tagged);
  EXPECT_EQ(t.items.numbers, NumberPolicy::string);
  EXPECT_THAT(t.items.key, ElementsAre("pk"));
  EXPECT_TRUE(field(t.fields, {"x"}).drop);
  EXPECT_EQ(config.rules("unnamed").items.numbers, NumberPolicy::decimal);
  const TableRules& u = config.rules("u");
  EXPECT_FALSE(u.fields.children.contains("x"));
  EXPECT_TRUE(field(u.fields, {"y"}).keep);
  EXPECT_TRUE(u.items.names.escape_dots);
}

TEST_F(ConfigTest, TakesTheDefaultTableForRecordsThatNameNone) {
  const std::string text = "tables: [{table: items, id: string}, {table: mine, id: objectid}]\n";
  EXPECT_EQ(loaded(text).rules("").id, IdForm::string);
  options.default_table = "mine";
  EXPECT_EQ(loaded(text).rules("").id, IdForm::objectid);
  options.default_table = "no/name";
  EXPECT_THAT(refusal(text), StartsWith("--table no/name: "));
}

TEST_F(ConfigTest, MapsTablesToTargets) {
  const Config named = loaded("tables: [{table: t, to: a.b}]\n");
  EXPECT_EQ(named.target_of("t").text(), "a.b");
  EXPECT_EQ(named.databases(), (std::set<std::string>{"a", "dynamodb"}));
  EXPECT_EQ(named.table_of("a", "b"), "t");
  EXPECT_EQ(named.table_of("dynamodb", "t"), std::nullopt);
  const Config starred = loaded("tables: [{table: '*', to: 'shop.*'}]\n");
  EXPECT_EQ(starred.databases(), (std::set<std::string>{"shop"}));
  EXPECT_EQ(starred.table_of("shop", "orders"), "orders");
  EXPECT_EQ(starred.table_of("shop", "no table"), std::nullopt);
  const Config rest = loaded("tables: [{table: t}, {table: '*', to: 'a.*'}]\n");
  EXPECT_EQ(rest.target_of("t").text(), "a.t");
  EXPECT_EQ(rest.target_of("u").text(), "a.u");
  Config elsewhere = loaded("tables: [{table: t}]\n");
  EXPECT_TRUE(elsewhere.use_database("fromuri"));
  EXPECT_EQ(elsewhere.target_of("t").text(), "fromuri.t");
  EXPECT_FALSE(elsewhere.use_database("no/name"));
}

TEST_F(ConfigTest, LetsTheOptionsWinOverTheFile) {
  options.maps = {"t=c.d", "*=e.*"};
  options.keys = {"t=h,r", "id"};
  const Config config = loaded("tables: [{table: t, to: a.b, key: [x], id: string}]\n");
  EXPECT_EQ(config.target_of("t").text(), "c.d");
  EXPECT_EQ(config.target_of("u").text(), "e.u");
  EXPECT_THAT(config.rules("t").items.key, ElementsAre("h", "r"));
  EXPECT_EQ(config.rules("t").id, IdForm::string);
  EXPECT_THAT(config.rules("u").items.key, ElementsAre("id"));
}

TEST_F(ConfigTest, GivesAMapOfTheRestToTablesThatOnlyAKeyNames) {
  options.maps = {"*=shop.orders"};
  options.keys = {"orders=id"};
  EXPECT_EQ(loaded("").target_of("orders").text(), "shop.orders");
}

TEST_F(ConfigTest, RefusesOptionsThatSayNothing) {
  options.keys = {"a,b,c"};
  EXPECT_THAT(refusal(""), StartsWith("--key a,b,c: "));
  options.keys = {"no/table=a"};
  EXPECT_THAT(refusal(""), StartsWith("--key no/table=a: "));
  options.keys.clear();
  options.maps = {"t"};
  EXPECT_THAT(refusal(""), StartsWith("--map t: "));
  options.maps = {"no/table=a.b"};
  EXPECT_THAT(refusal(""), StartsWith("--map no/table=a.b: "));
}

TEST_F(ConfigTest, TakesAStreamByNameOrArn) {
  for (const char* stream : {"cdc", "my_cdc-1.x", "arn:aws-cn:kinesis:cn-north-1:111122223333:stream/cdc"})
    EXPECT_EQ(loaded(fmt::format("source: {{kinesis: {{stream: '{}'}}}}\n", stream)).kinesis_stream, stream);
  for (const char* stream : {"''", "a b", "stream/cdc", "'arn:aws:kinesis:eu-west-1:1:stream/'", "'a\"b'"}) {
    EXPECT_THAT(refusal(fmt::format("source: {{kinesis: {{stream: {}}}}}\n", stream)),
                HasSubstr("must be the name or the ARN of a stream"));
  }
}

TEST_F(ConfigTest, RefusesTwoTablesWithOneTarget) {
  EXPECT_THAT(refusal("tables: [{table: t, to: a.b}, {table: u, to: a.b}]\n"),
              AllOf(HasSubstr("`t`"), HasSubstr("`u`"), HasSubstr("a.b")));
  EXPECT_THAT(refusal("tables: [{table: t, to: dynamodb.u}, {table: u}]\n"), HasSubstr("dynamodb.u"));
  options.maps = {"t=a.b", "u=a.b"};
  EXPECT_THAT(refusal(""), HasSubstr("a.b"));
}

TEST_F(ConfigTest, RefusesTargetsThatMongodbOrDynatlasDoesNotTake) {
  for (const std::string to : {"a", "a.", ".b", ".", "a/b.c", "'a b.c'", "'a$.c'", "a.system.x",
                               "a.dynatlas.tombstones", "'a.b$'", "'a\\b.c'"}) {
    EXPECT_THAT(refusal("tables:\n- table: t\n  to: " + to + "\n"), StartsWith(at_line(3))) << to;
  }
  EXPECT_THAT(refusal("tables: [{table: t, to: " + std::string(64, 'd') + ".c}]\n"), HasSubstr("63 bytes"));
  EXPECT_THAT(refusal("tables: [{table: t, to: d." + std::string(254, 'c') + "}]\n"), HasSubstr("255 bytes"));
  loaded("tables: [{table: t, to: " + std::string(63, 'd') + "." + std::string(191, 'c') + "}]\n");
  options.maps = {"t=../../etc.x"};
  EXPECT_THAT(refusal(""), StartsWith("--map t=../../etc.x: "));
  options.maps = {"t=a/../b.x"};
  EXPECT_THAT(refusal(""), StartsWith("--map t=a/../b.x: "));
}

TEST_F(ConfigTest, RefusesTablesWhoseOwnNameIsNoTarget) {
  EXPECT_THAT(refusal("tables: [{table: dynatlas.x}]\n"), HasSubstr("`dynatlas.x` goes to dynamodb.dynatlas.x"));
  loaded("tables: [{table: dynatlas.x, to: a.b}]\n");
  options.default_table = "system.x";
  EXPECT_THAT(refusal(""), HasSubstr("`system.x`"));
  options.maps = {"*=a.b"};
  loaded("");
}

TEST_F(ConfigTest, RefusesTablesWithoutAName) {
  EXPECT_THAT(refusal("tables:\n- table: t\n- id: key\n"), StartsWith(at_line(3)));
  EXPECT_THAT(refusal("tables:\n- table: t\n- table: t\n"), AllOf(StartsWith(at_line(3)), HasSubstr("`t` twice")));
  EXPECT_THAT(refusal("tables:\n- table: ''\n"), StartsWith(at_line(2)));
  EXPECT_THAT(refusal("tables:\n- table: a/b\n"), StartsWith(at_line(2)));
}

TEST_F(ConfigTest, RefusesMetadataNamesThatCannotBeAField) {
  for (const std::string name : {"''", "_id", "$a", "a.b", "a%b", R"("a\0")"})
    EXPECT_THAT(refusal("name: n\nmetadata: " + name + "\n"), AllOf(StartsWith(at_line(2)), HasSubstr("`metadata`")))
        << name;
  EXPECT_EQ(loaded("metadata: m\n").rules("t").items.names.metadata, "m");
}

TEST_F(ConfigTest, RefusesKeysThatAreNone) {
  for (const std::string key : {"[]", "[a, b, c]", "[a, a]", "''", "[a, '']"})
    EXPECT_THAT(refusal("tables:\n- table: t\n  key: " + key + "\n"), AllOf(StartsWith(at_line(3)), HasSubstr("`key`")))
        << key;
}

TEST_F(ConfigTest, RefusesAKeyWithADotThatAnObjectidWouldMatchBy) {
  EXPECT_THAT(refusal("tables:\n- {table: t, key: a.b, id: objectid}\n"),
              AllOf(StartsWith(at_line(2)), HasSubstr("`a.b`")));
  options.keys = {"t=a.b"};
  EXPECT_THAT(refusal("tables: [{table: t, id: objectid}]\n"), HasSubstr("`a.b`"));
  EXPECT_THAT(refusal("tables: [{table: '*', id: objectid}]\n"), HasSubstr("`a.b`"));
  loaded("tables: [{table: t, id: key}]\n");
}

TEST_F(ConfigTest, ReadsNumberPoliciesByPath) {
  const Config config =
      loaded("tables: [{table: t, numbers: {default: decimal, a: string, a.b: natural, 'x\\.y.z': double}}]\n");
  const ItemRules& rules = config.item_rules("t");
  EXPECT_EQ(rules.numbers, NumberPolicy::decimal);
  ASSERT_NE(rules.number_paths, nullptr);
  const NumberPaths& a = rules.number_paths->children.at("a");
  EXPECT_TRUE(a.has_policy);
  EXPECT_EQ(a.policy, NumberPolicy::string);
  EXPECT_EQ(a.children.at("b").policy, NumberPolicy::natural);
  const NumberPaths& xy = rules.number_paths->children.at("x.y");
  EXPECT_FALSE(xy.has_policy);
  EXPECT_EQ(xy.children.at("z").policy, NumberPolicy::real);
}

TEST_F(ConfigTest, LooksForPathsUnderTheirStoredNames) {
  const Config config = loaded(R"(
tables:
- table: t
  fields: {dots: escape, drop: ["_id", "$a.$b", "m._id", 'd\.d'], rename: {x: "_id", m.y: "_id", z: "$z"}}
  numbers: {"_dynatlas": string, "%25": decimal}
)");
  const TableRules& rules = config.rules("t");
  EXPECT_TRUE(field(rules.fields, {"%5Fid"}).drop);
  EXPECT_TRUE(field(rules.fields, {"%24a", "%24b"}).drop);
  EXPECT_TRUE(field(rules.fields, {"m", "_id"}).drop);
  EXPECT_TRUE(field(rules.fields, {"d%2Ed"}).drop);
  EXPECT_EQ(field(rules.fields, {"x"}).rename, "%5Fid");
  EXPECT_EQ(field(rules.fields, {"m", "y"}).rename, "_id");
  EXPECT_EQ(field(rules.fields, {"z"}).rename, "%24z");
  EXPECT_TRUE(rules.items.number_paths->children.contains("%5Fdynatlas"));
  EXPECT_TRUE(rules.items.number_paths->children.contains("%2525"));
}

TEST_F(ConfigTest, ReadsFieldRules) {
  const Config config = loaded(R"(
tables:
- table: t
  fields: {keep: [a.b, c], drop: [c.d], rename: {a: e.f}, dates: {a.b: seconds, s: milliseconds, r: rfc3339}}
)");
  const FieldRules& rules = config.rules("t").fields;
  EXPECT_TRUE(rules.keeps_some);
  EXPECT_TRUE(field(rules, {"a"}).keeps_some);
  EXPECT_FALSE(field(rules, {"a"}).keep);
  EXPECT_TRUE(field(rules, {"a", "b"}).keep);
  EXPECT_TRUE(field(rules, {"c"}).keep);
  EXPECT_TRUE(field(rules, {"c", "d"}).drop);
  EXPECT_EQ(field(rules, {"a"}).rename, "e.f");  // a name, not a path
  EXPECT_EQ(field(rules, {"a", "b"}).date, FieldRules::Date::seconds);
  EXPECT_EQ(field(rules, {"s"}).date, FieldRules::Date::milliseconds);
  EXPECT_EQ(field(rules, {"r"}).date, FieldRules::Date::rfc3339);
}

TEST_F(ConfigTest, RefusesFieldRulesThatCannotBeFollowed) {
  const auto refused = [this](const std::string& fields) {
    return refusal("tables:\n- table: t\n  key: [pk, s.k]\n  fields: {" + fields + "}\n");
  };
  EXPECT_THAT(refused("drop: [pk]"), AllOf(StartsWith(at_line(4)), HasSubstr("`pk`")));
  EXPECT_THAT(refused("drop: ['s\\.k']"), HasSubstr("cannot be dropped"));
  EXPECT_THAT(refused("rename: {pk: x}"), HasSubstr("`pk`"));
  EXPECT_THAT(refused("rename: {a: pk}"), HasSubstr("`pk` twice"));
  EXPECT_THAT(refused("rename: {a: s.k}"), HasSubstr("`s.k` twice"));
  EXPECT_THAT(refused("rename: {a: c, b: c}"), HasSubstr("`c` twice"));
  EXPECT_THAT(refused("rename: {m.a: c, m.b: c}"), HasSubstr("`c` twice"));
  EXPECT_THAT(refused("rename: {a: [b]}"), HasSubstr("`fields.rename`"));
  EXPECT_THAT(refused("rename: [a]"), HasSubstr("`fields.rename`"));
  EXPECT_THAT(refused("dates: {a: minutes}"), HasSubstr("seconds, milliseconds and rfc3339"));
  EXPECT_THAT(refused("dates: [a]"), HasSubstr("`fields.dates`"));
  EXPECT_THAT(refused("drop: [a..b]"), HasSubstr("`a..b` is no path"));
  EXPECT_THAT(refused("keep: ['']"), HasSubstr("is no path"));
  EXPECT_THAT(refused("dates: {'a\\': seconds}"), HasSubstr("is no path"));
}

TEST_F(ConfigTest, MayGiveOneNameInTwoMapsOrSwapTwo) {
  loaded("tables: [{table: t, fields: {rename: {a: c, m.a: c, n.a: c}}}]\n");
  loaded("tables: [{table: t, fields: {rename: {a: b, b: a}}}]\n");
  loaded("tables: [{table: t, key: pk, fields: {rename: {m.a: pk}, drop: [m.pk]}}]\n");
}

TEST_F(ConfigTest, HoldsFieldRulesAgainstTheKeyOfTheCommandLine) {
  options.keys = {"t=pk"};
  EXPECT_THAT(refusal("tables: [{table: t, key: other, fields: {drop: [pk]}}]\n"), HasSubstr("cannot be dropped"));
  loaded("tables: [{table: t, key: other, fields: {drop: [other]}}]\n");
}

TEST_F(ConfigTest, RefusesUnknownNumberPolicies) {
  EXPECT_THAT(refusal("tables:\n- table: t\n  numbers: float\n"),
              AllOf(StartsWith(at_line(3)), HasSubstr("`numbers`")));
  EXPECT_THAT(refusal("tables:\n- table: t\n  numbers:\n    a: float\n"), StartsWith(at_line(4)));
  EXPECT_THAT(refusal("tables: [{table: t, numbers: [decimal]}]\n"), HasSubstr("`numbers`"));
  EXPECT_THAT(refusal("tables: [{table: t, numbers: {a..b: decimal}}]\n"), HasSubstr("is no path"));
}

// What changes the documents that stand in the target changes the fingerprint; what does not, does not.
class FingerprintTest : public ConfigTest {
 protected:
  std::string of(const std::string& entry, const std::string& rest = "") const {
    return loaded("tables: [{table: t" + entry + "}" + rest + "]\n").rules("t").fingerprint;
  }
};

TEST_F(FingerprintTest, IsThatOfWhatIsStored) {
  const std::string plain = of("");
  EXPECT_NE(plain, "");
  const std::vector<std::string> others = {", id: string",
                                           ", id: objectid",
                                           ", numbers: decimal",
                                           ", numbers: {a: decimal}",
                                           ", numbers: {b: decimal}",
                                           ", sets: array",
                                           ", deletes: soft",
                                           ", guard: off",
                                           ", fields: {drop: [a]}",
                                           ", fields: {keep: [a]}",
                                           ", fields: {keep: [a.b]}",
                                           ", fields: {dates: {a: seconds}}",
                                           ", fields: {dates: {a: milliseconds}}",
                                           ", fields: {rename: {a: b}}",
                                           ", fields: {rename: {a: c}}",
                                           ", fields: {dots: escape}",
                                           ", key: [a, b]",
                                           ", key: [b, a]"};
  std::vector<std::string> seen = {plain};
  for (const std::string& entry : others) seen.push_back(of(entry));
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(FingerprintTest, DoesNotKnowHowTheSameWasSaid) {
  const std::string plain = of("");
  for (const std::string entry :
       {", id: key", ", numbers: natural", ", numbers: {default: natural}", ", sets: tagged", ", guard: on",
        ", fields: {dots: keep}", ", to: a.b", ", key: pk", ", existing: refuse", ", ttl_deletes: skip"})
    EXPECT_EQ(of(entry), plain) << entry;
  EXPECT_EQ(of(", fields: {drop: [a, b]}"), of(", fields: {drop: [b, a]}"));
  EXPECT_EQ(of(", fields: {drop: a}"), of(", fields: {drop: ['a']}"));
}

TEST_F(FingerprintTest, CountsWhatIsInherited) {
  EXPECT_EQ(of("", ", {table: '*', id: string}"), of(", id: string"));
  const std::string own = ", fields: {drop: [a]}, numbers: {b: decimal}";
  EXPECT_NE(of(own), of(own, ", {table: '*', fields: {dots: escape}}"));
  EXPECT_NE(of(own), of(own, ", {table: '*', numbers: string}"));
}

TEST_F(FingerprintTest, CountsTheNameOfTheMetadataField) {
  EXPECT_NE(loaded("metadata: m\n").rules("t").fingerprint, loaded("").rules("t").fingerprint);
}

}  // namespace

}  // namespace dynatlas
