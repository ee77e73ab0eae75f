// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>

#include "config/paths.h"
#include "config/schema.h"

namespace dynatlas {

namespace {

bool is_index(const std::string& name) {
  return !name.empty() && name.size() < 6 && name.find_first_not_of("0123456789") == std::string::npos;
}

// Replaces ${NAME} and ${NAME:-default} in one value.
Result<std::string> expand(const std::string& text, const std::string& where) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "${") != 0) {
      out += text[i++];
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string::npos) return usage(where + "a `${` has no `}`");
    std::string name = text.substr(i + 2, end - i - 2);
    std::optional<std::string> fallback;
    if (const std::size_t dash = name.find(":-"); dash != std::string::npos) {
      fallback = name.substr(dash + 2);
      name.resize(dash);
    }
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread starts
    const bool set = value != nullptr && (*value != '\0' || !fallback);
    if (!set && !fallback)
      return usage(fmt::format("{}the environment variable {} is not set; set it, or write ${{{}:-default}}", where,
                               name, name));
    out += set ? std::string(value) : *fallback;
    i = end + 1;
  }
  return out;
}

Result<void> expand_all(YAML::Node node, const std::string& file, const std::string& path) {
  if (node.IsScalar()) {
    if (node.Scalar().find("${") == std::string::npos) return {};
    const bool in_file = node.Mark().line >= 0 && !file.empty();
    const std::string where =
        in_file ? fmt::format("{}:{}: `{}`: ", file, node.Mark().line + 1, path) : fmt::format("`{}`: ", path);
    ASSIGN_OR_RETURN(const std::string text, expand(node.Scalar(), where));
    node = text;
  } else if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i)
      RETURN_IF_ERROR(expand_all(node[i], file, fmt::format("{}.{}", path, i)));
  } else if (node.IsMap()) {
    for (auto entry : node) {
      const auto name = entry.first.as<std::string>();
      RETURN_IF_ERROR(expand_all(entry.second, file, path.empty() ? name : path + "." + name));
    }
  }
  return {};
}

// Puts `value` at the path that begins with names[at].
void put(YAML::Node node, const std::vector<std::string>& names, std::size_t at, const YAML::Node& value);

// `tables.*` is every entry, and the entry `*` where there is none.
void put_in_every_table(YAML::Node tables, const std::vector<std::string>& names, std::size_t at,
                        const YAML::Node& value) {
  bool has_star = false;
  for (const auto& entry : tables) has_star = has_star || (entry["table"] && entry["table"].Scalar() == "*");
  if (!has_star) {
    YAML::Node star;
    star["table"] = "*";
    tables.push_back(star);
  }
  for (auto entry : tables) put(entry, names, at, value);
}

void put(YAML::Node node, const std::vector<std::string>& names, std::size_t at, const YAML::Node& value) {
  const std::string& name = names[at];
  const bool last = at + 1 == names.size();
  if (name == "*" && at == 1 && names[0] == "tables" && !last) return put_in_every_table(node, names, at + 1, value);
  if (is_index(name) && (node.IsSequence() || node.IsNull() || !node.IsDefined())) {
    const auto index = static_cast<std::size_t>(std::stoul(name));
    while (node.size() <= index && node.size() < 1000) node.push_back(YAML::Node(YAML::NodeType::Map));
    if (last) {
      node[index] = value;
    } else {
      put(node[index], names, at + 1, value);
    }
    return;
  }
  if (last) {
    node[name] = value;
    return;
  }
  if (!node[name].IsDefined() || node[name].IsNull()) node[name] = YAML::Node(YAML::NodeType::Null);
  put(node[name], names, at + 1, value);
}

Result<void> apply_setting(YAML::Node root, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  const auto names =
      equals == std::string::npos ? std::nullopt : split_path(std::string_view(setting).substr(0, equals));
  if (!names) return usage(fmt::format("--set {}: must be path.to.key=value", setting));
  try {
    put(root, *names, 0, YAML::Load(setting.substr(equals + 1)));
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("--set {}: {}", setting.substr(0, equals), error.msg));
  }
  return {};
}

}  // namespace

Result<YAML::Node> load_settings(const std::optional<std::string>& file, const std::vector<std::string>& settings) {
  YAML::Node root(YAML::NodeType::Map);
  try {
    if (file) {
      root = YAML::LoadFile(*file);
      if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
    }
  } catch (const YAML::BadFile&) {
    return usage(fmt::format("{}: cannot be read", *file));
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("{}:{}: {}", *file, error.mark.line + 1, error.msg));
  }
  if (!root.IsMap())
    return usage(fmt::format("{}:1: the configuration must be a map of keys and values", file.value_or("")));
  for (const std::string& setting : settings) RETURN_IF_ERROR(apply_setting(root, setting));
  RETURN_IF_ERROR(expand_all(root, file.value_or(""), ""));
  RETURN_IF_ERROR(check_schema(root, configuration_schema(), file.value_or("")));
  return root;
}

}  // namespace dynatlas
