// SPDX-License-Identifier: Apache-2.0
#include "base/table_name.h"

#include <gtest/gtest.h>

#include <string>

namespace dynatlas {

namespace {

TEST(TableName, MayHoldWhatDynamodbAllows) {
  for (const std::string& name :
       {std::string("abc"), std::string("a.b-c_D9"), std::string("..."), std::string("a"), std::string(255, 'x')})
    EXPECT_TRUE(is_table_name(name)) << name;
}

TEST(TableName, MayHoldNothingElse) {
  for (const std::string& name :
       {std::string(), std::string(256, 'x'), std::string("a b"), std::string("a/b"), std::string("é"),
        std::string("a\0b", 3), std::string("*"), std::string("a:b"), std::string("a\n")})
    EXPECT_FALSE(is_table_name(name)) << name;
}

}  // namespace

}  // namespace dynatlas
