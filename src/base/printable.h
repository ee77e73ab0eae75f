// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dynatlas {

// A text that somebody else chose, such as an attribute's name, as part of one line for a person: it can neither end
// the line nor steer a terminal nor turn the reading direction. Control characters (C0, DEL, C1), line and paragraph
// separators and bidirectional marks become \uXXXX; bytes that are no UTF-8 become \xXX. Of a URI's user and
// password only `..` is left. All else stays as it is.
std::string printable(std::string_view text);

}  // namespace dynatlas
