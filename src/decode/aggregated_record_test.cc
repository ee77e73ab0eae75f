// SPDX-License-Identifier: Apache-2.0
#include "decode/aggregated_record.h"

#include <gtest/gtest.h>

#include "support/aggregate.h"
#include "support/text_base64.h"

namespace dynatlas {
namespace {

using Records = std::vector<std::string_view>;

std::optional<Records> unpack(const std::string& data) {
  EXPECT_TRUE(is_aggregated(data));
  return unpack_aggregated(data);
}

// Packed by another implementation: a key table of "p", and {"a":1}, nothing, and 200 times x.
const std::string packed =
    "84mawgoBcBoLCAAaB3siYSI6MX0aBAgAGgAazQEIABrIAXh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH"
    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4go0lqaWJSw4MJv1GzC"
    "VM8g==";

TEST(AggregatedRecord, IsUnpacked) {
  const std::string data = text_base64_decode(packed).value();
  const std::string xs(200, 'x');
  EXPECT_EQ(unpack(data), (Records{R"({"a":1})", "", xs}));
  EXPECT_TRUE(packed.starts_with(aggregated_base64));
  EXPECT_EQ(data, aggregate_of({R"({"a":1})", "", xs}));  // what other tests pack with
}

TEST(AggregatedRecord, IsKnownByItsFirstBytesAndItsChecksum) {
  const std::string data = aggregate_of({"a"});
  EXPECT_TRUE(is_aggregated(data));
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::string damaged = data;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(is_aggregated(damaged)) << i;
    EXPECT_FALSE(is_aggregated(data.substr(0, i))) << i;
  }
}

TEST(AggregatedRecord, MayHoldNothing) {
  EXPECT_EQ(unpack(aggregate_around("")), Records{});
  EXPECT_EQ(unpack(aggregate_of({})), Records{});
}

TEST(AggregatedRecord, MayHaveFieldsThatNobodyKnows) {
  const std::string tag = protobuf_bytes(4, protobuf_bytes(1, "k"));
  const std::string fixed = std::string("\x29") + "12345678" + "\x2D" + "1234";  // fields 5, of 8 and of 4 bytes
  const std::string number("\x10\x96\x01", 3);
  const std::string record = fixed + tag + protobuf_bytes(3, "first") + protobuf_bytes(3, "last") + number;
  EXPECT_EQ(unpack(aggregate_around(fixed + number + protobuf_bytes(3, record) + tag)), Records{"last"});
}

TEST(AggregatedRecord, IsDamagedWhereItsProtocolBufferIs) {
  const std::string whole = protobuf_bytes(3, protobuf_bytes(3, "data"));
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(unpack(aggregate_around(whole.substr(0, size)))) << size;
  EXPECT_FALSE(unpack(aggregate_around(protobuf_bytes(3, ""))));       // a record without data
  EXPECT_FALSE(unpack(aggregate_around(protobuf_bytes(3, "\x1B"))));   // a group
  EXPECT_FALSE(unpack(aggregate_around(std::string(11, '\xFF'))));     // a number that does not end
  EXPECT_FALSE(unpack(aggregate_around("\x1A\xFF\xFF\xFF\xFF\x0F")));  // longer than all there is
}

}  // namespace
}  // namespace dynatlas
