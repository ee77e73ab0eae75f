// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <numeric>

#include "aws/url.h"

namespace dynatlas {

namespace {

using Kind = Schema::Kind;

Schema text() { return {Kind::text, {}, {}, {}}; }
Schema url() { return {Kind::url, {}, {}, {}}; }
Schema on_off() { return {Kind::on_off, {}, {}, {}}; }
Schema count() { return {Kind::count, {}, {}, {}}; }
Schema texts() { return {Kind::texts, {}, {}, {}}; }
Schema anything() { return {Kind::anything, {}, {}, {}}; }
Schema word(std::vector<std::string_view> words) { return {Kind::word, std::move(words), {}, {}}; }
Schema map(std::vector<SchemaMember> members) { return {Kind::map, {}, std::move(members), {}}; }
Schema list(Schema element) { return {Kind::list, {}, {}, {std::move(element)}}; }

Schema source_schema() {
  return map({{"kinesis", map({{"stream", text()}, {"start", text()}, {"binary", word({"twice", "once"})}})},
              {"dynamodb_streams", map({{"start", text()}, {"read_back", on_off()}})},
              {"export", text()},
              {"files", texts()}});
}

Schema aws_schema() {
  return map({{"region", text()},
              {"endpoint", url()},
              {"endpoints", map({{"kinesis", url()},
                                 {"dynamodb", url()},
                                 {"streams", url()},
                                 {"s3", url()},
                                 {"sts", url()},
                                 {"secretsmanager", url()},
                                 {"ssm", url()}})},
              {"profile", text()},
              {"role_arn", text()},
              {"external_id", text()}});
}

Schema table_schema() {
  return map({{"table", text()},
              {"to", text()},
              {"key", texts()},
              {"id", word({"key", "string", "objectid"})},
              {"numbers", anything()},
              {"sets", word({"tagged", "array"})},
              {"deletes", word({"remove", "soft"})},
              {"ttl_deletes", word({"apply", "skip"})},
              {"existing", word({"take", "refuse"})},
              {"guard", on_off()},
              {"fields", map({{"drop", texts()},
                              {"keep", texts()},
                              {"rename", anything()},
                              {"dates", anything()},
                              {"dots", word({"keep", "escape"})}})}});
}

// Edits between two words: insertions, deletions, replacements.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char letter : a) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (letter == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string suggestion(std::string_view unknown, const Schema& schema) {
  if (schema.members.empty()) return "";
  const auto nearest = std::min_element(
      schema.members.begin(), schema.members.end(),
      [unknown](const auto& a, const auto& b) { return distance(unknown, a.name) < distance(unknown, b.name); });
  if (distance(unknown, nearest->name) <= std::max<std::size_t>(2, unknown.size() / 3))
    return fmt::format("; did you mean `{}`?", nearest->name);
  std::vector<std::string_view> names;
  for (const SchemaMember& member : schema.members) names.push_back(member.name);
  return fmt::format("; known here: {}", fmt::join(names, ", "));
}

class Checker {
 public:
  explicit Checker(const std::string& file) : file_(file) {}

  Result<void> check(const YAML::Node& node, const Schema& schema, const std::string& path) const {
    if (node.IsNull() && schema.kind != Kind::map) return error(node, path, "has no value");
    switch (schema.kind) {
      case Kind::map:
        return check_map(node, schema, path);
      case Kind::list:
        return check_list(node, schema, path);
      case Kind::texts:
        return check_texts(node, path);
      case Kind::url:
        return check_url(node, path);
      case Kind::on_off:
        return check_on_off(node, path);
      case Kind::word:
        return check_word(node, schema, path);
      case Kind::count:
        return check_count(node, path);
      case Kind::anything:
        return {};
      default:
        return node.IsScalar() ? Result<void>{} : error(node, path, "must be a single value");
    }
  }

 private:
  Error error(const YAML::Node& node, const std::string& path, std::string_view what) const {
    const int line = node.Mark().line;
    const std::string at = line >= 0 && !file_.empty() ? fmt::format("{}:{}: ", file_, line + 1) : "";
    return usage(fmt::format("{}{} {}", at, path.empty() ? "the configuration" : "`" + path + "`", what));
  }

  Result<void> check_map(const YAML::Node& node, const Schema& schema, const std::string& path) const {
    if (node.IsNull()) return {};
    if (!node.IsMap()) return error(node, path, "must be a map of keys and values");
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>();
      const std::string inner = path.empty() ? name : fmt::format("{}.{}", path, name);
      const auto member =
          std::find_if(schema.members.begin(), schema.members.end(), [&name](const auto& m) { return m.name == name; });
      if (member == schema.members.end())
        return error(entry.first, inner, "is no key of the configuration" + suggestion(name, schema));
      // The place of a value that is not there is wherever something follows.
      const bool empty = entry.second.IsNull() && member->schema.kind != Kind::map;
      if (empty) return error(entry.first, inner, "has no value");
      RETURN_IF_ERROR(check(entry.second, member->schema, inner));
    }
    return {};
  }

  Result<void> check_list(const YAML::Node& node, const Schema& schema, const std::string& path) const {
    if (!node.IsSequence()) return error(node, path, "must be a list");
    for (std::size_t i = 0; i < node.size(); ++i)
      RETURN_IF_ERROR(check(node[i], schema.element[0], fmt::format("{}.{}", path, i)));
    return {};
  }

  Result<void> check_texts(const YAML::Node& node, const std::string& path) const {
    if (node.IsScalar()) return {};
    if (!node.IsSequence()) return error(node, path, "must be a list of texts");
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (!node[i].IsScalar()) return error(node[i], fmt::format("{}.{}", path, i), "must be a text");
    }
    return {};
  }

  // What somebody wrote instead may hold a password: it is not repeated.
  Result<void> check_url(const YAML::Node& node, const std::string& path) const {
    const auto parts = node.IsScalar() ? split_url(node.Scalar()) : std::nullopt;
    return parts && parts->query.empty()
               ? Result<void>{}
               : error(node, path, "must be http://HOST:PORT or https://HOST:PORT, without a user");
  }

  Result<void> check_on_off(const YAML::Node& node, const std::string& path) const {
    bool value = false;
    return node.IsScalar() && YAML::convert<bool>::decode(node, value) ? Result<void>{}
                                                                       : error(node, path, "must be on or off");
  }

  Result<void> check_word(const YAML::Node& node, const Schema& schema, const std::string& path) const {
    const bool known =
        node.IsScalar() && std::find(schema.words.begin(), schema.words.end(), node.Scalar()) != schema.words.end();
    return known ? Result<void>{} : error(node, path, fmt::format("must be one of {}", fmt::join(schema.words, ", ")));
  }

  Result<void> check_count(const YAML::Node& node, const std::string& path) const {
    unsigned value = 0;
    return node.IsScalar() && YAML::convert<unsigned>::decode(node, value)
               ? Result<void>{}
               : error(node, path, "must be a whole number");
  }

  const std::string& file_;
};

}  // namespace

const Schema& configuration_schema() {
  static const Schema schema =
      map({{"name", text()},
           {"source", source_schema()},
           {"copy", map({{"from", text()}, {"segments", text()}, {"margin", text()}})},
           {"aws", aws_schema()},
           {"tables", list(table_schema())},
           {"target",
            map({{"mongodb", map({{"uri", text()}, {"write_concern", text()}})}, {"dump", map({{"folder", text()}})}})},
           {"metadata", text()},
           {"state", map({{"database", text()}})},
           {"limits", map({{"memory", text()},
                           {"read_capacity", text()},
                           {"write_rate", text()},
                           {"connections", count()},
                           {"settle_after", text()},
                           {"tombstone_life", text()},
                           {"patience", text()},
                           {"parked_in_a_row", count()}})},
           {"http", map({{"listen", text()}})}});
  return schema;
}

Result<void> check_schema(const YAML::Node& node, const Schema& schema, const std::string& file) {
  return Checker(file).check(node, schema, "");
}

}  // namespace dynatlas
