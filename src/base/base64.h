// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dynatlas {

// The most bytes that decoding `length` characters of base64 can write at `out`, with the slack that the vector code
// needs.
constexpr std::size_t base64_decoded_room(std::size_t length) { return length / 4 * 3 + 3 + 32; }

inline constexpr std::size_t base64_invalid = static_cast<std::size_t>(-1);

// Decodes RFC 4648 base64 with the standard alphabet and obligatory padding; no blanks, no line ends. Unused bits of
// the last character are not judged, as AWS's decoders do not. Writes to `out`, which needs
// base64_decoded_room(text.size()) bytes and must not overlap `text`; may write beyond the result within that room.
// Reads nothing outside of `text`. Returns the number of bytes decoded, or base64_invalid.
std::size_t base64_decode(std::string_view text, std::uint8_t* out) noexcept;

// Appends the base64 of `bytes`, padded.
void base64_append(std::string_view bytes, std::string& out);

}  // namespace dynatlas
