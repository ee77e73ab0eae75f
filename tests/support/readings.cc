// SPDX-License-Identifier: Apache-2.0
#include "support/readings.h"

#include <optional>

#include "change/bson.h"
#include "decode/extended_json.h"
#include "decode/json.h"
#include "decode/stream.h"

namespace dynatlas {

namespace {

std::string_view form_name(Record::Form form) {
  switch (form) {
    case Record::Form::item:
      return "item";
    case Record::Form::incremental:
      return "incremental";
    case Record::Form::kinesis:
      return "kinesis";
    case Record::Form::streams:
      return "streams";
  }
  return "?";
}

class Lines : public RecordSink {
 public:
  std::vector<std::string> lines;
  std::uint64_t first_record = 0;  // what comes next is counted from here
  std::uint64_t first_line = 0;

  std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) override {
    lines.push_back(std::to_string(first_record + place.number) + " " + shown(record));
    return std::nullopt;
  }
  void refused(const RecordFault& fault, const Record&, const RecordPlace& place) override {
    lines.push_back(std::to_string(first_record + place.number) + " line " + std::to_string(first_line + place.line) +
                    " refused " + fault.path + " | " + fault.cause);
  }
  void passed_over(std::uint64_t from, std::uint64_t to) override {
    lines.push_back("passed over " + std::to_string(first_line + from) + " to " + std::to_string(first_line + to));
  }
};

bool begins_line_with_bracket(std::string_view text, std::size_t at) {
  return (at == 0 || text[at - 1] == '\n') && at < text.size() && (text[at] == '{' || text[at] == '[');
}

std::vector<std::string> read_pieces(std::string_view text, const RulesByTable& rules, const RecordOptions& options,
                                     const std::vector<std::size_t>& cuts, bool as_blocks) {
  Lines sink;
  RecordDecoder decoder(rules, options);
  std::optional<RecordStream> stream(std::in_place, decoder, sink);
  std::string rest;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    if (as_blocks) {
      StreamState state = stream->state();
      if (state.is_fresh() && rest.empty() && begins_line_with_bracket(text, begin)) {
        sink.first_record += state.records;
        sink.first_line += state.lines;
        state = StreamState{};
      }
      stream.emplace(decoder, sink);
      stream->set_state(state);
    }
    const bool last = i == cuts.size();
    const std::size_t end = last ? text.size() : cuts[i];
    rest += text.substr(begin, end - begin);
    begin = end;
    // A text of its own: what the stream keeps of the one before would show under AddressSanitizer.
    const std::string padded = rest + std::string(json::json_padding, '\0');
    rest.erase(0, stream->read({padded.data(), rest.size()}, last));
  }
  return sink.lines;
}

}  // namespace

std::string elements_as_json(std::string_view elements) {
  Buffer document;
  OpenDocument open(document);
  document.append(elements);
  open.close();
  Buffer out;
  ExtendedJsonWriter writer(ExtendedJson::canonical, out);
  const auto written = writer.document(document.view());
  return written ? std::string(out.view()) : "no BSON: " + written.error().message;
}

std::string shown(const std::vector<TypeTag>& types) {
  std::string text;
  for (const TypeTag& tag : types)
    text += (text.empty() ? "\"" : ",\"") + tag.path + "\":\"" + std::string(tag.type) + '"';
  return "{" + text + "}";
}

std::string shown(const Record& record) {
  std::string text(form_name(record.form));
  text += record.operation == Record::Operation::upsert ? " upsert" : " remove";
  if (!record.table.empty()) text += " " + std::string(record.table);
  if (record.time) text += " @" + std::to_string(*record.time);
  if (!record.sequence.empty()) text += " #" + std::string(record.sequence);
  if (record.sub_sequence != 0) text += "." + std::to_string(record.sub_sequence);
  if (!record.stream_arn.empty()) text += " of " + std::string(record.stream_arn);
  if (record.ttl_delete) text += " ttl";
  if (!record.keys.empty()) {
    Buffer keys;
    for (const KeyAttribute& key : record.keys) append_element(keys, key.type, key.name, key.value);
    text += (record.keys_ordered ? " key=" : " keys=") + elements_as_json(keys.view());
  }
  if (record.operation == Record::Operation::upsert) text += " " + elements_as_json(record.image);
  if (record.types != nullptr && !record.types->empty()) text += " types=" + shown(*record.types);
  return text;
}

std::vector<std::string> read_stream(std::string_view text, const RulesByTable& rules, const RecordOptions& options,
                                     const std::vector<std::size_t>& cuts) {
  return read_pieces(text, rules, options, cuts, false);
}

std::vector<std::string> read_blocks(std::string_view text, const RulesByTable& rules, const RecordOptions& options,
                                     const std::vector<std::size_t>& cuts) {
  return read_pieces(text, rules, options, cuts, true);
}

std::vector<std::string> without_causes(std::vector<std::string> lines) {
  for (std::string& line : lines) {
    const std::size_t refused = line.find(" refused ");
    if (refused != std::string::npos) line.erase(line.find(" | ", refused));
  }
  return lines;
}

}  // namespace dynatlas
