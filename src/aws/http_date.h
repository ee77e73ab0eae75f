// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace dynatlas {

// The time of a `Date` header, such as "Sun, 06 Nov 1994 08:49:37 GMT": AWS's clock, to a second. None where it is no
// such text. Source: RFC 9110 section 5.6.7, IMF-fixdate, which every server sends today.
std::optional<Clock::Time> parse_http_date(std::string_view text);

}  // namespace dynatlas
