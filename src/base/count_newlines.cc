// SPDX-License-Identifier: Apache-2.0
#include "base/count_newlines.h"

#include <algorithm>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace dynatlas {

std::size_t count_newlines(std::string_view text) {
  std::size_t count = 0;
#ifdef __SSE2__
  const __m128i newline = _mm_set1_epi8('\n');
  __m128i sums = _mm_setzero_si128();
  while (text.size() >= 16) {
    // A byte lane counts up to 255 before it is added up.
    __m128i lanes = _mm_setzero_si128();
    const std::size_t rounds = std::min<std::size_t>(text.size() / 16, 255);
    for (std::size_t i = 0; i < rounds; ++i) {
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + 16 * i));
      lanes = _mm_sub_epi8(lanes, _mm_cmpeq_epi8(chunk, newline));
    }
    sums = _mm_add_epi64(sums, _mm_sad_epu8(lanes, _mm_setzero_si128()));
    text.remove_prefix(16 * rounds);
  }
  count = static_cast<std::size_t>(_mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
#endif
  return count + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace dynatlas
