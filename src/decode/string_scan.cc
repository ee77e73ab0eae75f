// SPDX-License-Identifier: Apache-2.0
#include "decode/string_scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace dynatlas::json {

namespace {

#ifdef __x86_64__

// Each variant is one loop; `copy` is a constant in both uses.
template <bool copy>
const char* scan_sse2(const char* in, std::uint8_t*& out) {
  for (;; in += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    if constexpr (copy) _mm_storeu_si128(reinterpret_cast<__m128i*>(out), chunk);
    const unsigned stops = string_stops(chunk);
    if (stops != 0) {
      const int length = __builtin_ctz(stops);
      if constexpr (copy) out += length;
      return in + length;
    }
    if constexpr (copy) out += 16;
  }
}

template <bool copy>
__attribute__((target("avx2"))) const char* scan_avx2(const char* in, std::uint8_t*& out) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i last_control = _mm256_set1_epi8(0x1f);
  for (;; in += 32) {
    const __m256i chunk = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    if constexpr (copy) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), chunk);
    const __m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(chunk, quote), _mm256_cmpeq_epi8(chunk, backslash));
    const __m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(chunk, last_control), chunk);
    const auto stops = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(marks, controls)));
    if (stops != 0) {
      const int length = __builtin_ctz(stops);
      if constexpr (copy) out += length;
      return in + length;
    }
    if constexpr (copy) out += 32;
  }
}

template <bool copy>
__attribute__((target("avx512f,avx512bw"))) const char* scan_avx512(const char* in, std::uint8_t*& out) {
  const __m512i quote = _mm512_set1_epi8('"');
  const __m512i backslash = _mm512_set1_epi8('\\');
  const __m512i space = _mm512_set1_epi8(0x20);
  for (;; in += 64) {
    const __m512i chunk = _mm512_loadu_si512(in);
    if constexpr (copy) _mm512_storeu_si512(out, chunk);
    const std::uint64_t stops = _mm512_cmpeq_epi8_mask(chunk, quote) | _mm512_cmpeq_epi8_mask(chunk, backslash) |
                                _mm512_cmplt_epu8_mask(chunk, space);
    if (stops != 0) {
      const int length = __builtin_ctzll(stops);
      if constexpr (copy) out += length;
      return in + length;
    }
    if constexpr (copy) out += 64;
  }
}

using Scan = const char* (*)(const char*, std::uint8_t*&);

template <bool copy>
Scan best_scan() {
  if (__builtin_cpu_supports("avx512bw")) return scan_avx512<copy>;
  if (__builtin_cpu_supports("avx2")) return scan_avx2<copy>;
  return scan_sse2<copy>;
}

template <bool copy>
const char* scan(const char* in, std::uint8_t*& out) {
  static const Scan best = best_scan<copy>();
  return best(in, out);
}

#else

template <bool copy>
const char* scan(const char* in, std::uint8_t*& out) {
  for (; !is_string_stop(*in); ++in) {
    if constexpr (copy) *out++ = static_cast<std::uint8_t>(*in);
  }
  return in;
}

#endif

}  // namespace

const char* find_string_stop_far(const char* in) {
  std::uint8_t* unused = nullptr;
  return scan<false>(in, unused);
}

const char* copy_to_string_stop_far(const char* in, std::uint8_t*& out) { return scan<true>(in, out); }

}  // namespace dynatlas::json
