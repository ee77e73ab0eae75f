// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Where a JSON string's content ends or is interrupted: at `"`, `\` or a control character. Most strings end within the
// first 32 bytes, which are looked at in place; longer ones go to the widest vectors that the processor has.
namespace dynatlas::json {

// May read up to 64 bytes past the stop, which the text's padding covers.
const char* find_string_stop_far(const char* in);

// The same, while copying what it passes to `out`; may write up to 64 bytes past the stop's place.
const char* copy_to_string_stop_far(const char* in, std::uint8_t*& out);

inline bool is_string_stop(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

#ifdef __SSE2__
// A bit for each of sixteen bytes that stops a string.
inline unsigned string_stops(__m128i chunk) {
  const __m128i quotes = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(chunk, _mm_set1_epi8(0x1f)), chunk);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), controls)));
}
#endif

inline const char* find_string_stop(const char* in) {
#ifdef __SSE2__
  const unsigned stops = string_stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
  if (stops != 0) [[likely]]
    return in + __builtin_ctz(stops);
  const unsigned next_stops = string_stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 16)));
  if (next_stops != 0) return in + 16 + __builtin_ctz(next_stops);
  return find_string_stop_far(in + 32);
#else
  return find_string_stop_far(in);
#endif
}

// `out` advances by as many bytes as the result, and needs room for 64 more.
inline const char* copy_to_string_stop(const char* in, std::uint8_t*& out) {
#ifdef __SSE2__
  const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), chunk);
  const unsigned stops = string_stops(chunk);
  if (stops != 0) [[likely]] {
    const int length = __builtin_ctz(stops);
    out += length;
    return in + length;
  }
  out += 16;
  return copy_to_string_stop_far(in + 16, out);
#else
  return copy_to_string_stop_far(in, out);
#endif
}

}  // namespace dynatlas::json
