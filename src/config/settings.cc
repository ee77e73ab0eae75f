// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <system_error>

#include "base/file.h"
#include "config/paths.h"
#include "config/schema.h"

namespace dynatlas {

namespace {

// A file of hand-written keys is far below these; what is above is a mistake or an attack, and must not cost a stack or
// a memory.
constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t file_read_bytes = 16 * 1024;
constexpr std::size_t values_max = 100'000;  // an alias counts what it stands for, each time
constexpr int nesting_of_values_max = 32;
constexpr std::size_t entries_max = 1000;  // of a list that --set makes

bool is_index(const std::string& name) {
  return !name.empty() && name.size() < 6 && name.find_first_not_of("0123456789") == std::string::npos;
}

std::string inner_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

// `where` is where a value stands, for an error: file and line of the values of the file, the path of each.
std::string where(const YAML::Node& node, const std::string& file, const std::string& path) {
  const bool in_file = !node.Mark().is_null() && !file.empty();
  const std::string key = path.empty() ? "the configuration" : fmt::format("`{}`", path);
  return in_file ? fmt::format("{}:{}: {}", file, node.Mark().line + 1, key) : key;
}

// Checks what everything else relies on: a tree that ends, of a bounded size, whose keys are texts and differ.
class TreeCheck {
 public:
  explicit TreeCheck(const std::string& file) : file_(file) {}

  Result<void> check(const YAML::Node& node, const std::string& path, int nesting) {
    if (nesting > nesting_of_values_max)
      return usage(fmt::format("{} nests deeper than {} levels", where(node, file_, path), nesting_of_values_max));
    if (++values_ > values_max)
      return usage(fmt::format("{} holds more than {} values", where(node, file_, ""), values_max));
    if (node.IsMap()) return check_map(node, path, nesting);
    for (std::size_t i = 0; node.IsSequence() && i < node.size(); ++i)
      RETURN_IF_ERROR(check(node[i], inner_path(path, std::to_string(i)), nesting + 1));
    return {};
  }

 private:
  Result<void> check_map(const YAML::Node& node, const std::string& path, int nesting) {
    std::set<std::string> names;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return usage(where(entry.first, file_, path) + " has a key that is no text");
      const std::string inner = inner_path(path, entry.first.Scalar());
      if (!names.insert(entry.first.Scalar()).second)
        return usage(where(entry.first, file_, inner) + " is given twice");
      RETURN_IF_ERROR(check(entry.second, inner, nesting + 1));
    }
    return {};
  }

  const std::string& file_;
  std::size_t values_ = 0;
};

// A value of its own: without the lines of the text that it was read from, and shared with no other place.
YAML::Node copied(const YAML::Node& node) {
  YAML::Node copy(node.Type());
  if (node.IsScalar()) copy = node.Scalar();
  for (std::size_t i = 0; node.IsSequence() && i < node.size(); ++i) copy.push_back(copied(node[i]));
  if (node.IsMap()) {
    for (const auto& entry : node) copy[entry.first.Scalar()] = copied(entry.second);
  }
  return copy;
}

// Null where it is not set.
const char* value_of(const std::string& name, const Variables& variables) {
  const auto found = variables.find(name);
  if (found != variables.end()) return found->second.c_str();
  return std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing of ours sets any
}

// Replaces ${NAME} and ${NAME:-default} in one value.
Result<std::string> expand(const std::string& text, const Variables& variables, const std::string& where) {
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
    const char* value = value_of(name, variables);
    const bool set = value != nullptr && (*value != '\0' || !fallback);
    if (!set && !fallback)
      return usage(fmt::format("{}the environment variable {} is not set; set it, or write ${{{}:-default}}", where,
                               name, name));
    out += set ? std::string(value) : *fallback;
    i = end + 1;
  }
  return out;
}

// What an alias repeats is one node in several places, and must be expanded once.
constexpr const char* expanded_tag = "!expanded";

Result<void> expand_all(YAML::Node node, const Variables& variables, const std::string& file, const std::string& path) {
  if (node.IsScalar()) {
    if (node.Scalar().find("${") == std::string::npos || node.Tag() == expanded_tag) return {};
    ASSIGN_OR_RETURN(const std::string text, expand(node.Scalar(), variables, where(node, file, path) + ": "));
    node = text;
    node.SetTag(expanded_tag);
  } else if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i)
      RETURN_IF_ERROR(expand_all(node[i], variables, file, inner_path(path, std::to_string(i))));
  } else if (node.IsMap()) {
    for (auto entry : node)
      RETURN_IF_ERROR(expand_all(entry.second, variables, file, inner_path(path, entry.first.Scalar())));
  }
  return {};
}

// One --set: puts `value` where `names` say.
class Setting {
 public:
  Setting(std::string path, std::vector<std::string> names, const YAML::Node& value)
      : path_(std::move(path)), names_(std::move(names)), value_(value) {}

  // Puts the value below `node`, which the names before names[at] lead to.
  Result<void> put(YAML::Node node, std::size_t at) const {
    const std::string& name = names_[at];
    const bool last = at + 1 == names_.size();
    if (node.IsScalar()) return refuse("goes into a single value, which has no keys");
    if (name == "*" && at == 1 && names_[0] == "tables" && !last) return put_in_every_table(node, at + 1);
    if (node.IsSequence() && !is_index(name)) return refuse("goes into a list by something that is no number");
    const bool index = is_index(name) && !node.IsMap();
    if (index) {
      const auto number = static_cast<std::size_t>(std::stoul(name));
      if (number >= entries_max)
        return refuse(fmt::format("is beyond the {} entries that a list may have", entries_max));
      while (node.size() <= number) node.push_back(YAML::Node(YAML::NodeType::Map));
      if (!last) return put(node[number], at + 1);
      node[number] = copied(value_);
      return {};
    }
    if (last) {
      node[name] = copied(value_);
      return {};
    }
    if (!node[name].IsDefined()) node[name] = YAML::Node(YAML::NodeType::Null);
    return put(node[name], at + 1);
  }

 private:
  // `tables.*` is every entry, and the entry `*` where there is none.
  Result<void> put_in_every_table(YAML::Node tables, std::size_t at) const {
    if (!tables.IsSequence() && !tables.IsNull()) return refuse("goes into tables that are no list");
    bool has_star = false;
    for (const auto& entry : tables) {
      if (!entry.IsMap()) return refuse("goes into an entry that is no map of keys and values");
      has_star = has_star || (entry["table"] && entry["table"].Scalar() == "*");
    }
    if (!has_star) {
      YAML::Node star;
      star["table"] = "*";
      tables.push_back(star);
    }
    for (auto entry : tables) RETURN_IF_ERROR(put(entry, at));
    return {};
  }

  Error refuse(std::string_view why) const { return usage(fmt::format("--set {} {}", path_, why)); }

  std::string path_;
  std::vector<std::string> names_;
  YAML::Node value_;
};

Result<void> apply_setting(const YAML::Node& root, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  // What has no `=` may be a value alone, even a secret one: it is not repeated.
  if (equals == std::string::npos) return usage("--set must be followed by path.to.key=value");
  const std::string path = setting.substr(0, equals);
  const auto names = split_path(path);
  if (!names || names->size() > nesting_of_values_max)
    return usage(fmt::format("--set {}: is no path of keys joined by `.`", path));
  try {
    const YAML::Node value = YAML::Load(setting.substr(equals + 1));
    RETURN_IF_ERROR(TreeCheck("").check(value, path, 0));
    return Setting(path, *names, value).put(root, 0);
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("--set {}: {}", path, error.msg));
  }
}

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto failed = [&path](int error) {
    return usage(fmt::format("{}: cannot be read: {}", path, std::generic_category().message(error)));
  };
  if (file.number() < 0) return failed(errno);
  std::string text;
  std::size_t size = 0;
  while (size <= file_bytes_max) {
    text.resize(size + file_read_bytes);
    const ssize_t got = ::read(file.number(), text.data() + size, file_read_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > file_bytes_max) return usage(path + ": is larger than 1 MiB, which no configuration is");
  text.resize(size);
  return text;
}

Result<YAML::Node> read_tree(const std::string& file, const std::string& text) {
  try {
    YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return YAML::Node(YAML::NodeType::Map);
    if (!root.IsMap()) return usage(fmt::format("{}:1: the configuration must be a map of keys and values", file));
    RETURN_IF_ERROR(TreeCheck(file).check(root, "", 0));
    return root;
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("{}:{}: {}", file, error.mark.line + 1, error.msg));
  }
}

}  // namespace

Result<YAML::Node> load_settings(const std::optional<std::string>& file, const std::vector<std::string>& settings,
                                 const std::optional<std::string>& text, const Variables& variables) {
  YAML::Node root(YAML::NodeType::Map);
  if (file) {
    ASSIGN_OR_RETURN(const std::string read, text ? Result<std::string>(*text) : read_file(*file));
    ASSIGN_OR_RETURN(root, read_tree(*file, read));
  }
  const std::string name = file.value_or("");
  try {
    for (const std::string& setting : settings) RETURN_IF_ERROR(apply_setting(root, setting));
    RETURN_IF_ERROR(TreeCheck(name).check(root, "", 0));
    RETURN_IF_ERROR(expand_all(root, variables, name, ""));
    RETURN_IF_ERROR(check_schema(root, configuration_schema(), name));
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("{}: {}", file.value_or("--set"), error.msg));
  }
  return root;
}

}  // namespace dynatlas
