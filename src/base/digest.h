// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dynatlas {

// The SHA-256 of `bytes` in lower-case hex.
std::string sha256_hex(std::string_view bytes);

// The 16 bytes of the MD5 of `bytes`, which is a checksum here and nothing more; empty where OpenSSL was told to refuse
// MD5.
std::string md5(std::string_view bytes);

}  // namespace dynatlas
