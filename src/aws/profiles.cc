// SPDX-License-Identifier: Apache-2.0
#include "aws/profiles.h"

#include <fmt/format.h>

#include "aws/small_file.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

std::string place_of(const EnvironmentLookup& environment, const char* variable, std::string_view file) {
  std::string path = environment(variable).value_or(fmt::format("~/.aws/{}", file));
  const auto home = environment("HOME");
  if (home && path.starts_with("~/")) path.replace(0, 1, *home);
  return path;
}

Result<IniFile> read_ini(const std::string& path) {
  ASSIGN_OR_RETURN(const auto text, read_small_file(path));
  return text ? parse_ini(*text, path) : IniFile();
}

// `profile "my name"` as the name after `word`; none where the section is of another kind.
std::optional<std::string> name_after(std::string_view section, std::string_view word) {
  if (!section.starts_with(word)) return std::nullopt;
  std::string_view rest = section.substr(word.size());
  if (rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) return std::nullopt;
  rest = trimmed(rest);
  const bool quoted = rest.size() > 1 && (rest.front() == '"' || rest.front() == '\'') && rest.back() == rest.front();
  return std::string(quoted ? rest.substr(1, rest.size() - 2) : rest);
}

void put_over(IniSection& section, const IniSection& other) {
  for (const auto& [key, value] : other) section[key] = value;
}

const IniSection* section_of(const IniFile& file, const std::string& name) {
  const auto found = file.find(name);
  return found == file.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<std::string> value_of(const IniSection& section, const std::string& key) {
  const auto found = section.find(key);
  return found == section.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

Result<Profiles> Profiles::read(const EnvironmentLookup& environment) {
  const std::string config_place = place_of(environment, "AWS_CONFIG_FILE", "config");
  const std::string credentials_place = place_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  ASSIGN_OR_RETURN(const IniFile config, read_ini(config_place));
  ASSIGN_OR_RETURN(const IniFile credentials, read_ini(credentials_place));

  Profiles profiles;
  profiles.places_ = fmt::format("{} and {}", printable(config_place), printable(credentials_place));
  for (const auto& [section, values] : config) {
    if (section == "default") put_over(profiles.profiles_[section], values);
    if (const auto name = name_after(section, "profile")) put_over(profiles.profiles_[*name], values);
    if (const auto name = name_after(section, "services")) put_over(profiles.services_[*name], values);
  }
  for (const auto& [section, values] : credentials) put_over(profiles.profiles_[section], values);
  return profiles;
}

const IniSection* Profiles::find(const std::string& name) const { return section_of(profiles_, name); }

const IniSection* Profiles::services(const std::string& name) const { return section_of(services_, name); }

}  // namespace dynatlas
