// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/ini_file.h"
#include "aws/surroundings.h"

namespace dynatlas {

// A key of a section; none where it is absent or empty.
std::optional<std::string> value_of(const IniSection& section, const std::string& key);

// The profiles of ~/.aws/config and ~/.aws/credentials, or of AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE.
class Profiles {
 public:
  // Files that are not there count as empty.
  static Result<Profiles> read(const EnvironmentLookup& environment);

  // What both files say of a profile; the credentials file wins. Null where neither has it.
  const IniSection* find(const std::string& name) const;

  // A section [services NAME] of the config file; null where there is none.
  const IniSection* services(const std::string& name) const;

  // The files, for messages.
  const std::string& places() const { return places_; }

 private:
  IniFile profiles_;
  IniFile services_;
  std::string places_;
};

}  // namespace dynatlas
