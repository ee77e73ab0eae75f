// SPDX-License-Identifier: Apache-2.0
#include "target/dead_letter_text.h"

#include <simdjson.h>

#include <algorithm>

#include "decode/extended_json.h"

namespace dynatlas {

namespace {

Result<std::string> json_line(std::string_view document) {
  Buffer out;
  RETURN_IF_ERROR(ExtendedJsonWriter(ExtendedJson::canonical, out).document(document));
  out.push_back('\n');
  return std::string(out.view());
}

}  // namespace

Result<std::string> line_of(const DeadLetter& letter) {
  const ParkedRecord& parked = letter.record;
  const auto attempts = static_cast<std::int32_t>(std::min<std::int64_t>(letter.attempts, INT32_MAX));
  Buffer out;
  OpenDocument line(out);
  append_string_element(out, "id", parked.id);
  append_string_element(out, "table", parked.table);
  append_string_element(out, "to", parked.to);
  parked.key ? append_element(out, parked.key->type, "key", parked.key->value)
             : append_element(out, BsonType::null, "key", {});
  append_string_element(out, "position", parked.position);
  append_string_element(out, "cause", parked.cause);
  append_date(out, "at", letter.at_milliseconds);
  append_int32(out, "attempts", attempts);
  line.close();
  return json_line(out.view());
}

Result<std::string> whole_text_of(std::string_view letter) {
  Buffer out;
  OpenDocument copy(out);
  BsonReader reader(elements_of(letter));
  BsonElement element;
  while (reader.next(element)) {
    const bool is_record = element.name == "record" && element.type == BsonType::binary;
    const std::string_view text = is_record ? element.value.substr(5) : std::string_view();
    if (is_record && simdjson::validate_utf8(text.data(), text.size())) {
      append_string_element(out, element.name, text);
    } else {
      append_element(out, element.type, element.name, element.value);
    }
  }
  copy.close();
  return json_line(out.view());
}

}  // namespace dynatlas
