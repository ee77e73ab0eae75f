// SPDX-License-Identifier: Apache-2.0
#include "base/distinct_texts.h"

#include <algorithm>

namespace dynatlas {

namespace {

// Most maps are smaller, and comparing all pairs of so few is faster than sorting.
constexpr std::size_t compared_one_by_one = 16;

}  // namespace

void DistinctTexts::add(std::string_view text) {
  spans_.push_back({bytes_.size(), text.size()});
  bytes_ += text;
}

bool DistinctTexts::close(const Level& level) {
  const bool distinct = differ(level.texts);
  spans_.resize(level.texts);
  bytes_.resize(level.bytes);
  return distinct;
}

void DistinctTexts::clear() {
  spans_.clear();
  bytes_.clear();
}

bool DistinctTexts::differ(std::size_t first) {
  const auto begin = spans_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto equal = [this](const Span& a, const Span& b) { return text(a) == text(b); };
  if (spans_.size() - first > compared_one_by_one) {
    std::sort(begin, spans_.end(), [this](const Span& a, const Span& b) { return text(a) < text(b); });
    return std::adjacent_find(begin, spans_.end(), equal) == spans_.end();
  }
  for (auto span = begin; span != spans_.end(); ++span) {
    if (std::any_of(begin, span, [&](const Span& other) { return equal(*span, other); })) return false;
  }
  return true;
}

}  // namespace dynatlas
