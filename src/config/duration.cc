// SPDX-License-Identifier: Apache-2.0
#include "config/duration.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace dynatlas {

namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};

constexpr Unit units[] = {{"ms", milliseconds(1)},
                          {"s", std::chrono::seconds(1)},
                          {"m", std::chrono::minutes(1)},
                          {"h", std::chrono::hours(1)},
                          {"d", std::chrono::hours(24)}};

constexpr milliseconds longest = std::chrono::hours(24 * 10'000);

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  unsigned long long number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc()) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* unit = std::find_if(std::begin(units), std::end(units), [name](const Unit& u) { return u.name == name; });
  if (unit == std::end(units) || number > static_cast<unsigned long long>(longest / unit->length)) return std::nullopt;
  return unit->length * static_cast<milliseconds::rep>(number);
}

}  // namespace dynatlas
