// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/filters.h"

#include <cstring>

namespace dynatlas {

namespace {

Buffer& begun(Buffer& out, BsonType type, std::string_view name) {
  begin_element(out, type, name);
  return out;
}

// Of a condition on versions; more just takes another allocation.
constexpr std::size_t usual_size = 768;

// {name: {operator: value}, ..}: what one field must be.
class FieldCondition {
 public:
  FieldCondition(Buffer& out, std::string_view field) : out_(begun(out, BsonType::document, field)), document_(out) {}

  FieldCondition& text(std::string_view comparison, std::string_view value) {
    append_string_element(out_, comparison, value);
    return *this;
  }
  FieldCondition& number(std::string_view comparison, std::int64_t value) {
    append_int64(out_, comparison, value);
    return *this;
  }
  void close() { document_.close(); }

 private:
  Buffer& out_;
  OpenDocument document_;
};

// An array of documents, such as $or takes.
class Alternatives {
 public:
  Alternatives(Buffer& out, std::string_view name) : out_(begun(out, BsonType::array, name)), array_(out) {}

  template <class Write>
  void add(Write write) {
    begin_element(out_, BsonType::document, std::to_string(count_++));
    OpenDocument document(out_);
    write();
    document.close();
  }
  void close() { array_.close(); }

 private:
  Buffer& out_;
  OpenDocument array_;
  int count_ = 0;
};

bool is_of_stream(const Version& version) { return version.s.size() > 9 && version.s[0] == 'd'; }

// $or: what is older than the version, with `up_to` ($lt or $lte) at the end of its text. It says what is_older() says.
std::string versions_up_to(const VersionPlace& place, const Version& version, std::string_view up_to) {
  const bool of_stream = is_of_stream(version);
  const std::string stream = of_stream ? version.s.substr(0, 9) : std::string();
  std::string behind_stream = stream;
  if (of_stream) ++behind_stream.back();
  Buffer out;
  out.reserve_more(usual_size);
  Alternatives any(out, "$or");
  any.add([&] {
    FieldCondition(out, place.t).number("$lt", version.t).close();
    if (!of_stream) return;
    Alternatives none(out, "$nor");
    none.add([&] { FieldCondition(out, place.s).text("$gte", stream).text("$lt", behind_stream).close(); });
    none.close();
  });
  any.add([&] {
    append_int64(out, place.t, version.t);
    of_stream ? FieldCondition(out, place.s).text("$lt", stream).close()
              : FieldCondition(out, place.s).text(up_to, version.s).close();
  });
  if (of_stream) any.add([&] { FieldCondition(out, place.s).text("$gte", stream).text(up_to, version.s).close(); });
  any.add([&] {
    Alternatives none(out, "$nor");
    none.add([&] {
      FieldCondition(out, place.t).text("$type", "number").close();
      FieldCondition(out, place.s).text("$type", "string").close();
    });
    none.close();
  });
  // $type looks into arrays, and we do not: what somebody made one has no version.
  for (const std::string* field : {&place.t, &place.s, &place.holder}) {
    if (!field->empty()) any.add([&] { FieldCondition(out, *field).text("$type", "array").close(); });
  }
  any.close();
  return std::string(out.view());
}

std::string document_of(std::string_view elements, std::string_view more) {
  Buffer out;
  out.reserve_more(elements.size() + more.size() + 5);
  OpenDocument document(out);
  out.append(elements);
  out.append(more);
  document.close();
  return std::string(out.view());
}

std::string in_filter(std::string_view name, std::span<const BsonElement> values) {
  Buffer out;
  OpenDocument document(out);
  begin_element(out, BsonType::document, name);
  OpenDocument condition(out);
  begin_element(out, BsonType::array, "$in");
  OpenDocument array(out);
  for (std::size_t i = 0; i < values.size(); ++i)
    append_element(out, values[i].type, std::to_string(i), values[i].value);
  array.close();
  condition.close();
  document.close();
  return std::string(out.view());
}

std::string or_filter(std::span<const StoredKey* const> keys) {
  Buffer out;
  OpenDocument document(out);
  Alternatives any(out, "$or");
  for (const StoredKey* key : keys) any.add([&] { out.append(elements_of(key->value)); });
  any.close();
  document.close();
  return std::string(out.view());
}

BsonElement first_field(std::string_view document) {
  BsonReader reader(elements_of(document));
  BsonElement element;
  reader.next(element);
  return element;
}

bool has_one_field(std::string_view document) {
  BsonReader reader(elements_of(document));
  BsonElement element;
  return reader.next(element) && !reader.next(element);
}

}  // namespace

KeyFilter::KeyFilter(const StoredKey& key, bool by_fields) {
  if (by_fields) {
    key_ = elements_of(key.value);
    return;
  }
  Buffer out;
  append_element(out, key.type, "_id", key.value);
  key_ = out.view();
}

KeyFilter id_filter(const std::string& id) { return {{BsonType::string, string_value(id)}, false}; }

std::string KeyFilter::with(std::string_view elements) const { return document_of(key_, elements); }

std::string KeyFilter::any() const { return with(""); }

std::string KeyFilter::none(const VersionPlace& place) const {
  Buffer out;
  begin_element(out, BsonType::document, place.t);
  OpenDocument condition(out);
  begin_element(out, BsonType::array, "$in");
  OpenDocument(out).close();
  condition.close();
  return with(out.view());
}

std::string KeyFilter::older(const VersionPlace& place, const Version& version) const {
  return with(versions_up_to(place, version, "$lt"));
}

std::string KeyFilter::not_newer(const VersionPlace& place, const Version& version) const {
  return with(versions_up_to(place, version, "$lte"));
}

OlderFilters::OlderFilters(VersionPlace place, bool by_fields, const std::string& document_field)
    : place_(std::move(place)), by_fields_(by_fields) {
  if (document_field.empty()) return;
  Buffer out;
  FieldCondition(out, document_field).text("$type", "object").close();
  more_ = out.view();
}

void OlderFilters::make(const Version& version) {
  elements_ = versions_up_to(place_, version, "$lt");
  s_size_ = 0;
  const std::string_view t(reinterpret_cast<const char*>(&version.t), sizeof version.t);
  t_at_[0] = elements_.find(t);
  t_at_[1] = elements_.find(t, t_at_[0] + 1);
  s_at_ = elements_.find(version.s);
  // The text of a stream's version stands in parts, too. What is found but where it was written is left alone.
  const bool found_once = version.s.size() > 15 && elements_.find(version.s, s_at_ + 1) == std::string::npos &&
                          elements_.find(t, t_at_[1] + 1) == std::string::npos;
  if (found_once && !is_of_stream(version)) s_size_ = version.s.size();
}

void OlderFilters::append(Buffer& out, const StoredKey& key, const Version& version) {
  if (s_size_ != version.s.size() || s_size_ == 0 || is_of_stream(version)) {
    make(version);
  } else {
    for (const std::size_t at : t_at_) std::memcpy(elements_.data() + at, &version.t, sizeof version.t);
    std::memcpy(elements_.data() + s_at_, version.s.data(), version.s.size());
  }
  OpenDocument filter(out);
  by_fields_ ? out.append(elements_of(key.value)) : append_element(out, key.type, "_id", key.value);
  out.append(elements_);
  out.append(more_);
  filter.close();
}

std::string and_holds_document(std::string_view filter, std::string_view field) {
  Buffer out;
  FieldCondition(out, field).text("$type", "object").close();
  return document_of(elements_of(filter), out.view());
}

std::string and_holds_no_document(std::string_view filter, std::string_view field) {
  Buffer out;
  Alternatives none(out, "$nor");
  none.add([&] { FieldCondition(out, field).text("$type", "object").close(); });
  none.close();
  return document_of(elements_of(filter), out.view());
}

std::string keys_filter(std::span<const StoredKey* const> keys, bool by_fields) {
  if (by_fields && !has_one_field(keys.front()->value)) return or_filter(keys);
  std::vector<BsonElement> values;
  values.reserve(keys.size());
  for (const StoredKey* key : keys)
    values.push_back(by_fields ? first_field(key->value) : BsonElement{key->type, "_id", key->value});
  return in_filter(by_fields ? values.front().name : "_id", values);
}

std::string ones(const std::vector<std::string>& names) {
  Buffer out;
  OpenDocument document(out);
  for (const std::string& name : names) append_int32(out, name, 1);
  document.close();
  return std::string(out.view());
}

}  // namespace dynatlas
