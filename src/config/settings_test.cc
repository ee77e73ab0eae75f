// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Loads a file of this text under these --set.
class SettingsTest : public testing::Test {
 protected:
  Result<YAML::Node> load(const std::string& text, const std::vector<std::string>& settings = {}) const {
    std::ofstream(file) << text;
    return load_settings(file, settings);
  }

  // The message of what must be refused as a mistake of the user's.
  std::string refusal(const std::string& text, const std::vector<std::string>& settings = {}) const {
    return refusal(load(text, settings));
  }
  static std::string refusal(const Result<YAML::Node>& loaded) {
    if (loaded) return "was not refused";
    EXPECT_EQ(loaded.error().kind, ErrorKind::usage);
    return loaded.error().message;
  }

  static std::string set(const std::vector<std::string>& settings) {
    const auto loaded = load_settings(std::nullopt, settings);
    return loaded ? "" : refusal(loaded);
  }

  const TemporaryFolder folder;
  const std::string file = folder.path() + "/settings.yaml";
};

TEST_F(SettingsTest, OfNothingAreAnEmptyMap) {
  for (const std::string text : {"", "# only a comment\n", "---\n", "{}\n"}) {
    const auto root = load(text);
    ASSERT_TRUE(root) << text;
    EXPECT_TRUE(root->IsMap());
    EXPECT_EQ(root->size(), 0U);
  }
  EXPECT_TRUE(load_settings(std::nullopt, {}));
}

TEST_F(SettingsTest, NameTheFileThatCannotBeRead) {
  EXPECT_THAT(refusal(load_settings("/nowhere/dynatlas.yaml", {})),
              AllOf(HasSubstr("/nowhere/dynatlas.yaml"), HasSubstr("No such file")));
  EXPECT_THAT(refusal(load_settings(testing::TempDir(), {})), HasSubstr("Is a directory"));
  EXPECT_THAT(refusal(load_settings("/dev/zero", {})), HasSubstr("1 MiB"));
}

TEST_F(SettingsTest, NameFileAndLineOfASyntaxError) {
  EXPECT_THAT(refusal("name: a\ntables: [\n"), StartsWith(file + ":"));
  EXPECT_THAT(refusal("name: a\n\t- x\n"), StartsWith(file + ":2: "));
  EXPECT_THAT(refusal("- a\n"), StartsWith(file + ":1: "));
  EXPECT_THAT(refusal("text\n"), StartsWith(file + ":1: "));
}

TEST_F(SettingsTest, RefuseAKeyGivenTwice) {
  EXPECT_THAT(refusal("name: a\nmetadata: m\nname: b\n"), StartsWith(file + ":3: `name` is given twice"));
  EXPECT_THAT(refusal("tables:\n- table: a\n  id: key\n  id: string\n"),
              StartsWith(file + ":4: `tables.0.id` is given"));
}

TEST_F(SettingsTest, RefuseAKeyThatIsNoText) {
  for (const std::string text : {"? [a]\n: b\n", "? {a: b}\n: c\n", "~: a\n", "name: a\n? \n: a\n"})
    EXPECT_THAT(refusal(text), HasSubstr("a key that is no text")) << text;
}

TEST_F(SettingsTest, RefuseATreeThatDoesNotEnd) {
  EXPECT_THAT(refusal("tables: &a [*a]\n"), HasSubstr("nests deeper"));
  EXPECT_THAT(refusal("tables: &a\n- fields: *a\n"), HasSubstr("nests deeper"));
  EXPECT_THAT(refusal("tables: " + std::string(40, '[') + std::string(40, ']')), HasSubstr("nests deeper"));
  EXPECT_NE(refusal("tables: " + std::string(50'000, '[')), "");
  EXPECT_NE(refusal("tables: " + std::string(50'000, '{')), "");
  EXPECT_THAT(set({"tables=&a [*a]"}), HasSubstr("nests deeper"));
}

TEST_F(SettingsTest, RefuseAliasesThatMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = ",*a" + std::to_string(i - 1);
    std::string aliases;
    for (int n = 0; n < 10; ++n) aliases += alias;
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + aliases.substr(1) + "]\n";
  }
  EXPECT_THAT(refusal(text), HasSubstr("more than 100000 values"));
}

TEST_F(SettingsTest, TakeTheEnvironmentsVariables) {
  ::setenv("DYNATLAS_TEST_A", "one", 1);
  ::setenv("DYNATLAS_TEST_EMPTY", "", 1);
  ::unsetenv("DYNATLAS_TEST_NONE");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"${DYNATLAS_TEST_A}", "one"},
      {"a-${DYNATLAS_TEST_A}-${DYNATLAS_TEST_A}.b", "a-one-one.b"},
      {"\"${DYNATLAS_TEST_A}\"", "one"},
      {"${DYNATLAS_TEST_A:-other}", "one"},
      {"${DYNATLAS_TEST_NONE:-other}", "other"},
      {"${DYNATLAS_TEST_NONE:-}", ""},
      {"${DYNATLAS_TEST_EMPTY:-other}", "other"},
      {"${DYNATLAS_TEST_EMPTY}", ""},
      {"$DYNATLAS_TEST_A $ {a", "$DYNATLAS_TEST_A $ {a"},
  };
  for (const auto& [text, expected] : cases) {
    const auto root = load("name: " + text + "\n");
    ASSERT_TRUE(root) << text << ": " << root.error().message;
    EXPECT_EQ((*root)["name"].Scalar(), expected) << text;
    const auto by_set = load_settings(std::nullopt, {"name=" + text});
    ASSERT_TRUE(by_set) << text;
    EXPECT_EQ((*by_set)["name"].Scalar(), expected) << text;
  }
}

TEST_F(SettingsTest, ExpandAVariableOnce) {
  ::setenv("DYNATLAS_TEST_A", "${DYNATLAS_TEST_B}", 1);
  ::unsetenv("DYNATLAS_TEST_B");
  const auto root = load("name: &n '${DYNATLAS_TEST_A}'\nmetadata: *n\n");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ((*root)["name"].Scalar(), "${DYNATLAS_TEST_B}");
  EXPECT_EQ((*root)["metadata"].Scalar(), "${DYNATLAS_TEST_B}");
}

TEST_F(SettingsTest, NameTheVariableThatIsNotSetAndItsKey) {
  ::unsetenv("DYNATLAS_TEST_NONE");
  EXPECT_THAT(refusal("name: a\ntarget:\n  mongodb:\n    uri: x${DYNATLAS_TEST_NONE}\n"),
              AllOf(StartsWith(file + ":4: `target.mongodb.uri`: "), HasSubstr("DYNATLAS_TEST_NONE is not set")));
  EXPECT_THAT(refusal("tables:\n- table: a\n  key: [\"${DYNATLAS_TEST_NONE}\"]\n"),
              HasSubstr(":3: `tables.0.key.0`: "));
  EXPECT_THAT(set({"metadata=${DYNATLAS_TEST_NONE}"}),
              AllOf(StartsWith("`metadata`: "), HasSubstr("DYNATLAS_TEST_NONE")));
  EXPECT_THAT(set({"metadata='${DYNATLAS_TEST_NONE'"}), HasSubstr("has no `}`"));
}

TEST_F(SettingsTest, OfTheCommandLineWinInTheirOrder) {
  const auto root = load("name: file\nmetadata: m\n", {"name=first", "name=second"});
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)["name"].Scalar(), "second");
  EXPECT_EQ((*root)["metadata"].Scalar(), "m");
}

TEST_F(SettingsTest, MakeWhatIsNotThere) {
  const auto root = load_settings(
      std::nullopt, {"source.kinesis.binary=once", "tables.1.table=b", "tables.0.table=a", "tables.0.key=[pk, sk]",
                     "tables.0.fields={drop: [x]}", R"(tables.0.numbers.a\.b=decimal)", "limits.parked_in_a_row=7"});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ((*root)["source"]["kinesis"]["binary"].Scalar(), "once");
  EXPECT_EQ((*root)["tables"].size(), 2U);
  EXPECT_EQ((*root)["tables"][0]["table"].Scalar(), "a");
  EXPECT_EQ((*root)["tables"][0]["key"][1].Scalar(), "sk");
  EXPECT_EQ((*root)["tables"][0]["fields"]["drop"][0].Scalar(), "x");
  EXPECT_EQ((*root)["tables"][0]["numbers"]["a.b"].Scalar(), "decimal");
  EXPECT_EQ((*root)["tables"][1]["table"].Scalar(), "b");
  EXPECT_EQ((*root)["limits"]["parked_in_a_row"].as<int>(), 7);
}

TEST_F(SettingsTest, MayHoldEqualsSignsInTheirValue) {
  const auto root = load_settings(std::nullopt, {"target.mongodb.uri=mongodb://h/?a=b&c=d"});
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)["target"]["mongodb"]["uri"].Scalar(), "mongodb://h/?a=b&c=d");
}

TEST_F(SettingsTest, ForEveryTableReachEachAndTheRest) {
  const auto root = load("tables:\n- table: a\n- {table: b, id: string}\n", {"tables.*.id=objectid"});
  ASSERT_TRUE(root);
  ASSERT_EQ((*root)["tables"].size(), 3U);
  for (const auto& entry : (*root)["tables"]) EXPECT_EQ(entry["id"].Scalar(), "objectid");
  EXPECT_EQ((*root)["tables"][2]["table"].Scalar(), "*");
}

TEST_F(SettingsTest, ForEveryTableAddNoSecondEntryForTheRest) {
  const auto root = load("tables:\n- table: '*'\n- table: b\n", {"tables.*.id=objectid", "tables.*.sets=array"});
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)["tables"].size(), 2U);
}

TEST_F(SettingsTest, ForEveryTableAreEachTablesOwn) {
  const auto root =
      load("tables:\n- table: a\n- table: b\n", {"tables.*.fields={drop: [x]}", "tables.0.fields.dots=escape"});
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE((*root)["tables"][0]["fields"]["dots"]);
  EXPECT_FALSE((*root)["tables"][1]["fields"]["dots"]);
}

TEST_F(SettingsTest, ThatFitNowhereAreRefused) {
  EXPECT_THAT(refusal("name: a\n", {"name.x=1"}), HasSubstr("--set name.x"));
  EXPECT_THAT(refusal("tables:\n- table: a\n", {"tables.x=1"}), HasSubstr("--set tables.x"));
  EXPECT_THAT(refusal("tables: {a: b}\n", {"tables.*.id=key"}), HasSubstr("--set tables.*.id"));
  EXPECT_THAT(refusal("tables: [a]\n", {"tables.*.id=key"}), HasSubstr("--set tables.*.id"));
  EXPECT_THAT(set({"tables.5000.id=key"}), HasSubstr("--set tables.5000.id"));
  EXPECT_THAT(set({"a..b=1"}), HasSubstr("--set a..b"));
  EXPECT_THAT(set({"=1"}), HasSubstr("--set"));
  EXPECT_THAT(set({"name=[a"}), HasSubstr("--set name"));
  EXPECT_THAT(set({"name=\"a"}), HasSubstr("--set name"));
}

TEST_F(SettingsTest, ThatAreNoSettingAreNotRepeated) {
  EXPECT_THAT(set({"mongodb://user:secret@host"}), AllOf(HasSubstr("path.to.key=value"), Not(HasSubstr("secret"))));
}

TEST_F(SettingsTest, OfTheCommandLineDoNotNameALineOfTheFile) {
  EXPECT_THAT(refusal("name: a\n", {"tables.0.nombers=natural"}), StartsWith("`tables.0.nombers` is no key"));
  EXPECT_THAT(refusal("name: a\n", {"tables=[{table: a, id: no}]"}), StartsWith("`tables.0.id` must be one of"));
}

}  // namespace

}  // namespace dynatlas
