// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <array>
#include <atomic>
#include <span>

#include "base/base64_variants.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace dynatlas {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Above every 24-bit group, so that one test of all tables' results together finds a foreign character.
constexpr std::uint32_t foreign = 0x80000000;

using QuadTables = std::array<std::array<std::uint32_t, 256>, 4>;

// What a character contributes to its group of 24 bits, by its place in the quad.
constexpr QuadTables make_quad_tables() {
  QuadTables tables{};
  for (auto& table : tables) table.fill(foreign);
  for (std::uint32_t value = 0; value < 64; ++value) {
    const auto character = static_cast<std::uint8_t>(alphabet[value]);
    for (std::size_t place = 0; place < 4; ++place) tables[place][character] = value << (18 - 6 * place);
  }
  return tables;
}

constexpr QuadTables quad_tables = make_quad_tables();

std::uint32_t group_at(const char* quad) noexcept {
  const auto part = [quad](std::size_t place) { return quad_tables[place][static_cast<std::uint8_t>(quad[place])]; };
  return part(0) | part(1) | part(2) | part(3);
}

void store_group(std::uint32_t group, std::uint8_t* out) noexcept {
  out[0] = static_cast<std::uint8_t>(group >> 16);
  out[1] = static_cast<std::uint8_t>(group >> 8);
  out[2] = static_cast<std::uint8_t>(group);
}

// How many characters stand before the padding. Padding anywhere else is left to be found as a foreign character.
std::size_t length_unpadded(std::string_view text) noexcept {
  const std::size_t length = text.size();
  if (text[length - 1] != '=') return length;
  return text[length - 2] == '=' ? length - 2 : length - 1;
}

// Decodes the last 2 or 3 characters, whose padding is gone; returns `foreign` in the sum if one is.
std::uint32_t decode_last(const char* at, std::size_t count, std::uint8_t* out) noexcept {
  const std::array<char, 4> quad = {at[0], at[1], count > 2 ? at[2] : 'A', 'A'};
  const std::uint32_t group = group_at(quad.data());
  store_group(group, out);
  return group;
}

std::size_t decode_scalar(std::string_view text, std::uint8_t* out) noexcept {
  if (text.empty()) return 0;
  if (text.size() % 4 != 0) return base64_invalid;
  const std::size_t count = length_unpadded(text);
  const char* at = text.data();
  std::uint32_t seen = 0;
  for (std::size_t quads = count / 4; quads > 0; --quads, at += 4, out += 3) {
    const std::uint32_t group = group_at(at);
    seen |= group;
    store_group(group, out);
  }
  if (count % 4 != 0) seen |= decode_last(at, count % 4, out);
  return (seen & foreign) != 0 ? base64_invalid : count * 3 / 4;
}

#ifdef __x86_64__

#define DYNATLAS_AVX2 __attribute__((target("avx2")))
#define DYNATLAS_VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

// The tables and the arithmetic are those of Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2
// Instructions" (2018): two nibble tables share a bit exactly where a character is foreign, and a third holds what to
// add to a character to make it its six bits.
struct NibbleTables {
  alignas(16) std::array<std::int8_t, 16> low = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A};
  alignas(16) std::array<std::int8_t, 16> high = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                                  0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
  alignas(16) std::array<std::int8_t, 16> roll = {0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0};
  alignas(16) std::array<std::int8_t, 16> pack = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1};
};

constexpr NibbleTables nibble_tables;

DYNATLAS_AVX2 inline __m128i load_table(const std::array<std::int8_t, 16>& table) noexcept {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(table.data()));
}

// Decodes 16 characters to 12 bytes, writing 16; returns a vector that is not zero when one is foreign.
DYNATLAS_AVX2 inline __m128i decode_16(const char* at, std::uint8_t* out) noexcept {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i slash = _mm_set1_epi8('/');  // 0x2F is the mask of the nibbles too: bit 7 would make a shuffle yield 0
  const __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), slash);
  const __m128i low = _mm_and_si128(text, slash);
  const __m128i bad = _mm_and_si128(_mm_shuffle_epi8(load_table(nibble_tables.low), low),
                                    _mm_shuffle_epi8(load_table(nibble_tables.high), high));
  const __m128i row = _mm_add_epi8(_mm_cmpeq_epi8(text, slash), high);
  const __m128i sixes = _mm_add_epi8(text, _mm_shuffle_epi8(load_table(nibble_tables.roll), row));
  const __m128i twelves = _mm_maddubs_epi16(sixes, _mm_set1_epi32(0x01400140));
  const __m128i groups = _mm_madd_epi16(twelves, _mm_set1_epi32(0x00011000));
  const __m128i bytes = _mm_shuffle_epi8(groups, load_table(nibble_tables.pack));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  return bad;
}

DYNATLAS_AVX2 inline __m256i load_table_twice(const std::array<std::int8_t, 16>& table) noexcept {
  return _mm256_broadcastsi128_si256(load_table(table));
}

// Decodes 32 characters to 24 bytes, writing 32; returns a vector that is not zero when one is foreign.
DYNATLAS_AVX2 inline __m256i decode_32(const char* at, std::uint8_t* out) noexcept {
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i slash = _mm256_set1_epi8('/');
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), slash);
  const __m256i low = _mm256_and_si256(text, slash);
  const __m256i bad = _mm256_and_si256(_mm256_shuffle_epi8(load_table_twice(nibble_tables.low), low),
                                       _mm256_shuffle_epi8(load_table_twice(nibble_tables.high), high));
  const __m256i row = _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), high);
  const __m256i sixes = _mm256_add_epi8(text, _mm256_shuffle_epi8(load_table_twice(nibble_tables.roll), row));
  const __m256i twelves = _mm256_maddubs_epi16(sixes, _mm256_set1_epi32(0x01400140));
  const __m256i groups = _mm256_madd_epi16(twelves, _mm256_set1_epi32(0x00011000));
  const __m256i halves = _mm256_shuffle_epi8(groups, load_table_twice(nibble_tables.pack));
  const __m256i bytes = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  return bad;
}

// Decodes `count` characters, at least 32 and whole quads. The last block overlaps the one before it instead of leaving
// a rest.
DYNATLAS_AVX2 bool decode_blocks_of_32(const char* at, std::size_t count, std::uint8_t* out) noexcept {
  __m256i bad = _mm256_setzero_si256();
  std::size_t done = 0;
  for (; count - done > 32; done += 32) bad = _mm256_or_si256(bad, decode_32(at + done, out + done / 4 * 3));
  const std::size_t last = count - 32;
  bad = _mm256_or_si256(bad, decode_32(at + last, out + last / 4 * 3));
  return _mm256_testz_si256(bad, bad) != 0;
}

// The same for 16 to 31 characters.
DYNATLAS_AVX2 bool decode_two_of_16(const char* at, std::size_t count, std::uint8_t* out) noexcept {
  const std::size_t last = count - 16;
  // Two statements: the first block also writes where the second one's bytes go.
  const __m128i bad_first = decode_16(at, out);
  const __m128i bad = _mm_or_si128(bad_first, decode_16(at + last, out + last / 4 * 3));
  return _mm_testz_si128(bad, bad) != 0;
}

DYNATLAS_AVX2 std::size_t decode_avx2(std::string_view text, std::uint8_t* out) noexcept {
  if (text.size() < 20 || text.size() % 4 != 0) return decode_scalar(text, out);
  const std::size_t count = length_unpadded(text);
  const std::size_t whole = count / 4 * 4;
  const bool good =
      whole < 32 ? decode_two_of_16(text.data(), whole, out) : decode_blocks_of_32(text.data(), whole, out);
  if (!good) return base64_invalid;
  // After the blocks: what they write past their last byte would otherwise destroy it.
  if (count != whole && (decode_last(text.data() + whole, count - whole, out + whole / 4 * 3) & foreign) != 0) {
    return base64_invalid;
  }
  return count * 3 / 4;
}

// Six bits by ASCII character, 0x80 where it is foreign.
constexpr std::array<std::uint8_t, 128> make_sextets() {
  std::array<std::uint8_t, 128> sextets{};
  sextets.fill(0x80);
  for (std::uint8_t value = 0; value < 64; ++value) sextets[static_cast<std::uint8_t>(alphabet[value])] = value;
  return sextets;
}

// Where each of 48 bytes lies in sixteen little-endian groups of 24 bits.
constexpr std::array<std::uint8_t, 64> make_packing() {
  std::array<std::uint8_t, 64> packing{};
  for (std::uint8_t i = 0; i < 48; ++i) packing[i] = static_cast<std::uint8_t>(i / 3 * 4 + 2 - i % 3);
  return packing;
}

alignas(64) constexpr std::array<std::uint8_t, 128> sextets = make_sextets();
alignas(64) constexpr std::array<std::uint8_t, 64> packing = make_packing();

DYNATLAS_VBMI inline __m512i load_64(const std::uint8_t* at) noexcept { return _mm512_load_si512(at); }

// Sets bit 7 of a byte of `seen` for every foreign character: the table answers 0x80, or the character has it itself.
DYNATLAS_VBMI inline __m512i decode_64(__m512i text, __m512i& seen) noexcept {
  const __m512i values = _mm512_permutex2var_epi8(load_64(sextets.data()), text, load_64(sextets.data() + 64));
  seen = _mm512_ternarylogic_epi32(seen, values, text, 0xFE);  // the OR of all three
  const __m512i twelves = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
  const __m512i groups = _mm512_madd_epi16(twelves, _mm512_set1_epi32(0x00011000));
  // All of it: gcc 12 warns of its own header's uninitialised value in the form without a mask.
  return _mm512_maskz_permutexvar_epi8(~__mmask64{0}, load_64(packing.data()), groups);
}

// Decodes 1 to 63 characters at the end. What is masked is neither read nor written, so that texts of any length go
// this one way.
DYNATLAS_VBMI inline void decode_tail(const char* at, std::size_t count, std::uint8_t* out, __m512i& seen) noexcept {
  const __mmask64 present = (std::uint64_t{1} << count) - 1;
  const __mmask64 wanted = (std::uint64_t{1} << count * 3 / 4) - 1;
  const __m512i text = _mm512_mask_loadu_epi8(_mm512_set1_epi8('A'), present, at);
  _mm512_mask_storeu_epi8(out, wanted, decode_64(text, seen));
}

DYNATLAS_VBMI std::size_t decode_vbmi(std::string_view text, std::uint8_t* out) noexcept {
  if (text.empty()) return 0;
  if (text.size() % 4 != 0) return base64_invalid;
  const std::size_t count = length_unpadded(text);
  const char* at = text.data();
  __m512i seen = _mm512_setzero_si512();
  std::size_t left = count;
  for (; left >= 64; left -= 64, at += 64, out += 48) {
    _mm512_storeu_si512(out, decode_64(_mm512_loadu_si512(at), seen));
  }
  if (left > 0) decode_tail(at, left, out, seen);
  return _mm512_movepi8_mask(seen) != 0 ? base64_invalid : count * 3 / 4;
}

constexpr std::array<Base64Variant, 3> variants = {{
    {"scalar", decode_scalar},
    {"avx2", decode_avx2},
    {"avx512vbmi", decode_vbmi},
}};

std::size_t count_variants() noexcept {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2")) return 1;
  const bool vbmi =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
  return vbmi ? 3 : 2;
}

#else

constexpr std::array<Base64Variant, 1> variants = {{{"scalar", decode_scalar}}};

std::size_t count_variants() noexcept { return 1; }

#endif

using Decode = decltype(Base64Variant::decode);

std::size_t resolve_and_decode(std::string_view text, std::uint8_t* out) noexcept;

// Constant initialised, so that it works before main() too; the first call replaces it.
constinit std::atomic<Decode> best = resolve_and_decode;

std::size_t resolve_and_decode(std::string_view text, std::uint8_t* out) noexcept {
  const Decode decode = base64_variants().back().decode;
  best.store(decode, std::memory_order_relaxed);
  return decode(text, out);
}

// The four characters of three bytes.
void put_quad(std::uint32_t group, char* out) noexcept {
  out[0] = alphabet[group >> 18];
  out[1] = alphabet[group >> 12 & 63];
  out[2] = alphabet[group >> 6 & 63];
  out[3] = alphabet[group & 63];
}

}  // namespace

std::span<const Base64Variant> base64_variants() noexcept { return std::span(variants).first(count_variants()); }

std::size_t base64_decode(std::string_view text, std::uint8_t* out) noexcept {
  return best.load(std::memory_order_relaxed)(text, out);
}

void base64_append(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + before;
  const auto byte = [bytes](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>(bytes[i])}; };
  std::size_t i = 0;
  for (; bytes.size() - i >= 3; i += 3, to += 4) put_quad(byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2), to);
  if (i == bytes.size()) return;
  const bool two = bytes.size() - i == 2;
  put_quad(byte(i) << 16 | (two ? byte(i + 1) << 8 : 0), to);
  if (!two) to[2] = '=';
  to[3] = '=';
}

}  // namespace dynatlas
