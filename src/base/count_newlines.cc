// SPDX-License-Identifier: Apache-2.0
#include "base/count_newlines.h"

#include <algorithm>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace dynatlas {

namespace {

std::size_t count_one_by_one(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

#ifdef __x86_64__

__attribute__((target("avx2"))) std::size_t count_avx2(std::string_view text) {
  const __m256i newline = _mm256_set1_epi8('\n');
  __m256i sums = _mm256_setzero_si256();
  while (text.size() >= 32) {
    // A byte lane counts up to 255 before it is added up.
    __m256i lanes = _mm256_setzero_si256();
    const std::size_t rounds = std::min<std::size_t>(text.size() / 32, 255);
    for (std::size_t i = 0; i < rounds; ++i) {
      const __m256i chunk = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + 32 * i));
      lanes = _mm256_sub_epi8(lanes, _mm256_cmpeq_epi8(chunk, newline));
    }
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(lanes, _mm256_setzero_si256()));
    text.remove_prefix(32 * rounds);
  }
  alignas(32) std::uint64_t parts[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(parts), sums);
  return parts[0] + parts[1] + parts[2] + parts[3] + count_one_by_one(text);
}

#endif

}  // namespace

std::size_t count_newlines(std::string_view text) {
#ifdef __x86_64__
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  if (wide) return count_avx2(text);
#endif
  return count_one_by_one(text);
}

}  // namespace dynatlas
