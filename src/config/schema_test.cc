// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace dynatlas {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const std::string& text) {
  const auto checked = check_schema(YAML::Load(text), configuration_schema(), "c.yaml");
  if (checked) return "";
  EXPECT_EQ(checked.error().kind, ErrorKind::usage);
  return checked.error().message;
}

TEST(Schema, TakesEveryKeyOfTheDocumentation) {
  EXPECT_EQ(refusal(R"(
name: default
source:
  kinesis: {stream: customers-cdc, start: trim_horizon, binary: twice}
  dynamodb_streams: {start: trim_horizon, read_back: off}
  export: s3://bucket/prefix/AWSDynamoDB/0123-abc
  files: [changes.ndjson.gz]
copy: {from: scan, segments: auto, margin: 10s}
aws:
  region: ap-northeast-2
  endpoint: http://127.0.0.1:4566
  endpoints:
    kinesis: https://a
    dynamodb: http://b:8000
    streams: http://c/
    s3: https://d
    sts: http://[::1]:80
    secretsmanager: https://f
    ssm: https://g
  profile: p
  role_arn: r
  external_id: e
tables:
  - table: customers
    to: shop.customers
    key: [customerId]
    id: key
    numbers: {default: natural, "a.b": decimal}
    sets: tagged
    deletes: remove
    ttl_deletes: apply
    existing: take
    guard: on
    fields: {drop: [a, b.c], keep: [d], rename: {old: new}, dates: {expiresAt: seconds}, dots: keep}
target:
  mongodb: {uri: "mongodb://h", write_concern: majority}
  dump: {folder: out}
metadata: _dynatlas
state: {database: s}
limits: {memory: 512MiB, read_capacity: 50%, write_rate: none, connections: 8, settle_after: 10m, tombstone_life: auto, parked_in_a_row: 100}
http: {listen: 127.0.0.1:8085}
)"),
            "");
}

TEST(Schema, NamesAnUnknownKeyItsPlaceAndTheNearestKey) {
  EXPECT_THAT(refusal("name: a\nmetdata: b\n"), AllOf(StartsWith("c.yaml:2: `metdata` "), HasSubstr("`metadata`?")));
  EXPECT_THAT(refusal("tables:\n- table: a\n- table: b\n  nombers: natural\n"),
              AllOf(StartsWith("c.yaml:4: `tables.1.nombers` "), HasSubstr("did you mean `numbers`?")));
  EXPECT_THAT(refusal("aws: {endpoints: {kinesys: a}}\n"), HasSubstr("did you mean `kinesis`?"));
}

TEST(Schema, ListsTheKnownKeysWhereNoneIsNear) {
  EXPECT_THAT(refusal("http: {port_of_everything: 1}\n"),
              AllOf(HasSubstr("`http.port_of_everything`"), HasSubstr("known here: listen")));
}

TEST(Schema, NamesThePlaceOfAWrongValue) {
  EXPECT_THAT(refusal("tables:\n- table: a\n  id: hash\n"),
              AllOf(StartsWith("c.yaml:3: `tables.0.id` "), HasSubstr("key, string, objectid")));
  EXPECT_THAT(refusal("tables: [{guard: maybe}]\n"), HasSubstr("`tables.0.guard` must be on or off"));
  EXPECT_THAT(refusal("limits: {parked_in_a_row: -1}\n"), HasSubstr("`limits.parked_in_a_row` must be"));
  EXPECT_THAT(refusal("limits: {parked_in_a_row: 1.5}\n"), HasSubstr("`limits.parked_in_a_row` must be"));
  EXPECT_THAT(refusal("limits: {parked_in_a_row: [1]}\n"), HasSubstr("`limits.parked_in_a_row` must be"));
  EXPECT_THAT(refusal("metadata: [a]\n"), HasSubstr("`metadata` must be"));
  EXPECT_THAT(refusal("tables: {a: b}\n"), HasSubstr("`tables` must be a list"));
  EXPECT_THAT(refusal("tables: [a]\n"), HasSubstr("`tables.0` must be a map"));
  EXPECT_THAT(refusal("source: here\n"), HasSubstr("`source` must be a map"));
}

TEST(Schema, NamesTheKeyThatHasNoValue) {
  EXPECT_THAT(refusal("name: a\nmetadata:\n"), StartsWith("c.yaml:2: `metadata` has no value"));
  EXPECT_THAT(refusal("tables:\n"), HasSubstr("`tables` has no value"));
  EXPECT_THAT(refusal("tables: [{table: a, numbers: }]\n"), HasSubstr("`tables.0.numbers` has no value"));
}

TEST(Schema, TakesAnEmptyMapOfKeys) { EXPECT_EQ(refusal("source:\naws:\nlimits:\n"), ""); }

TEST(Schema, WantsTextsInListsOfTexts) {
  EXPECT_EQ(refusal("tables: [{table: a, key: pk}]\n"), "");
  EXPECT_THAT(refusal("tables: [{table: a, key: [[pk]]}]\n"), HasSubstr("`tables.0.key.0` must be"));
  EXPECT_THAT(refusal("tables: [{table: a, key: [pk, ~]}]\n"), HasSubstr("`tables.0.key.1` "));
  EXPECT_THAT(refusal("tables: [{table: a, fields: {drop: {a: b}}}]\n"), HasSubstr("`tables.0.fields.drop` must be"));
}

}  // namespace

}  // namespace dynatlas
