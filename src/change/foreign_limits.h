// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "change/limits.h"

namespace dynatlas {

// What documents that others may have written are allowed, when they are read. Both are wider than what is stored: a
// document must not be refused on the way back for what a server let pass.

// MongoDB's own documents may pass the limit by as much (BSONObjMaxInternalSize in its source).
inline constexpr std::size_t foreign_document_bytes_max = document_bytes_max + 16 * 1024;

// Nested documents and arrays; the server's own bound (BSONDepth::kDefaultMaxAllowableDepth).
inline constexpr int foreign_nesting_max = 200;

}  // namespace dynatlas
