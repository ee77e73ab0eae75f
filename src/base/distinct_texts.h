// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dynatlas {

// Tells whether two texts of one level are equal: names of a map, members of a set. Levels lie within each other, as
// maps do. However many texts a level holds, the time is not quadratic.
class DistinctTexts {
 public:
  struct Level {
    std::size_t texts;
    std::size_t bytes;
  };

  Level open() const { return {spans_.size(), bytes_.size()}; }

  // Adds a text, which is copied, to the innermost level.
  void add(std::string_view text);

  // Closes the innermost level and forgets its texts. False where two of them were equal.
  bool close(const Level& level);

  // Forgets every level: for after a fault.
  void clear();

 private:
  struct Span {
    std::size_t begin;
    std::size_t size;
  };

  bool differ(std::size_t first);
  std::string_view text(const Span& span) const { return std::string_view(bytes_).substr(span.begin, span.size); }

  std::string bytes_;
  std::vector<Span> spans_;
};

}  // namespace dynatlas
