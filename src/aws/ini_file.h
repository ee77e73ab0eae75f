// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dynatlas {

using IniSection = std::map<std::string, std::string>;  // keys in lower case
using IniFile = std::map<std::string, IniSection>;      // by what stands in the brackets, blanks around it left out

// Reads a file of AWS's tools (~/.aws/config, ~/.aws/credentials) as the AWS CLI does:
//
//   file    = { line }       lines that begin with `#` or `;` are comments, a section given twice is one
//   section = "[" name "]"   up to the last `]`; what follows it is a comment
//   pair    = key "=" value  or with ":"; blanks around key and value do not count, a `#` inside a value does
//   nested  = blank pair     below a pair without value: it gets the key `outer.inner`
//   more    = blank text     below a pair with a value: goes on with that, after a line feed
//
// A line is nested, or more, where it is indented more than the pair: all of a file may be indented. Source: Python's
// configparser, by which the CLI reads them.
//
// Fatal for anything else; the message has `name` and the line's number, never its text, which may be a secret.
Result<IniFile> parse_ini(std::string_view text, const std::string& name);

}  // namespace dynatlas
