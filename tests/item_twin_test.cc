// SPDX-License-Identifier: Apache-2.0
//
// The decoder against its slow twin, on random items. docs/testing.md says how to run millions and how to repeat one.
#include <gtest/gtest.h>

#include "support/dice.h"
#include "support/mutate.h"
#include "support/random_item.h"
#include "support/random_run.h"
#include "support/twin_check.h"

namespace dynatlas {
namespace {

TwinOptions some_options(std::mt19937_64& random) { return twin_options(Dice(random).below(twin_options_count)); }

std::string item_for(const TwinOptions& options, std::mt19937_64& random) {
  return random_item(random, {.binary_twice = options.binary_twice});
}

TEST(ItemTwin, AgreesOnWhatDynamoDbAccepts) {
  const auto check = [](std::mt19937_64& random) -> std::string {
    const TwinOptions options = some_options(random);
    const std::string item = item_for(options, random);
    if (!twin_document(item, options)) return "the twin refuses " + item;
    const std::string difference = difference_to_twin(item, options);
    return difference.empty() ? "" : difference + "\nitem: " + item;
  };
  EXPECT_EQ(first_failure(20'000, check), "");
}

TEST(ItemTwin, AgreesOnWhatIsPoison) {
  const auto check = [](std::mt19937_64& random) -> std::string {
    const TwinOptions options = some_options(random);
    const std::string text = mutate(item_for(options, random), random);
    const std::string difference = difference_to_twin(text, options);
    return difference.empty() ? "" : difference + "\ntext: " + text;
  };
  EXPECT_EQ(first_failure(20'000, check), "");
}

// Which makes the twin a witness for the way back, too.
TEST(ItemTwin, GoesBackToTheItemByItself) {
  const auto check = [](std::mt19937_64& random) -> std::string {
    TwinOptions options = some_options(random);
    options.sets_tagged = true;
    if (options.numbers == "double") options.numbers = "natural";
    const std::string item = item_for(options, random);
    const auto document = twin_document(item, options);
    if (!document) return "the twin refuses " + item;
    const std::string back = twin_item(*document);
    const std::string expected = normalised_item(item, options.binary_twice);
    return back == expected ? "" : "got: " + back + "\nexpected: " + expected + "\nitem: " + item;
  };
  EXPECT_EQ(first_failure(5'000, check), "");
}

}  // namespace
}  // namespace dynatlas
