// SPDX-License-Identifier: Apache-2.0
//
// The records of a text that comes in pieces, as the pipeline reads files: wherever it is cut, they must be the same.
//
// The input is a byte of options (bits 0 to 2: the form that is forced, 0 and 7 any; bit 3: Kinesis's binaries are
// base64 once; bit 4: the key is known to be `pk`), then the text. A byte FF, which no JSON holds, is not part of the
// text but a place to cut it. A text without any is cut at places that the text itself decides.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "decode/json.h"
#include "decode/record.h"
#include "decode/stream.h"
#include "verdict.h"

namespace dynatlas {
namespace {

constexpr std::size_t cuts_max = 16;  // more find no more, and each reads again what is not used up

class OneRule : public RulesByTable {
 public:
  explicit OneRule(bool with_key) {
    if (with_key) rules_.key = {"pk"};
  }
  const ItemRules& item_rules(std::string_view) const override { return rules_; }

 private:
  ItemRules rules_;
};

struct Event {
  std::string what;  // everything that must not depend on the cuts
  std::string text;  // of the record
  bool refused = false;
};

// Reads every byte that a record lends, so that a sanitizer sees those that are gone.
std::string shown(const Record& record) {
  std::string text;
  text.reserve(512 + record.image.size());
  const auto add = [&text](std::string_view part) {
    text += part;
    text += '|';
  };
  add(std::to_string(static_cast<int>(record.form)) + " " + std::to_string(static_cast<int>(record.operation)));
  add(record.table);
  add(record.time ? std::to_string(*record.time) : "no time");
  add(record.sequence);
  add(record.stream_arn);
  for (const KeyAttribute& key : record.keys) {
    add(key.name);
    add(std::to_string(static_cast<int>(key.type)));
    add(key.value);
    add(key.json);
  }
  add(std::string(record.keys_ordered ? "ordered" : "") + (record.ttl_delete ? " ttl" : ""));
  add(record.image);
  if (record.types != nullptr) {
    for (const TypeTag& tag : *record.types) add(tag.path + " " + std::string(tag.type));
  }
  return text;
}

class Events : public RecordSink {
 public:
  std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) override {
    all.push_back({"decoded " + std::to_string(first_record + place.number) + " " + shown(record),
                   std::string(place.text), false});
    return std::nullopt;
  }

  void refused(const RecordFault& fault, const Record& known, const RecordPlace& place) override {
    const std::string where =
        std::to_string(first_record + place.number) + " line " + std::to_string(first_line + place.line);
    const std::string why = std::to_string(static_cast<int>(fault.kind)) + " " + fault.path + ": " + fault.cause;
    all.push_back({"refused " + where + " " + why + " known " + shown(known), std::string(place.text), true});
  }

  void passed_over(std::uint64_t from, std::uint64_t to) override {
    all.push_back(
        {"passed over " + std::to_string(first_line + from) + " to " + std::to_string(first_line + to), {}, false});
  }

  std::vector<Event> all;
  std::uint64_t first_record = 0;  // what comes next is counted from here
  std::uint64_t first_line = 0;
};

struct Reading {
  std::string_view text;
  std::vector<std::size_t> cuts;  // in order
};

// Whether a block that begins so may be read without a look at what came before.
bool begins_anew(const StreamState& state, std::string_view carry, std::string_view before, std::string_view piece) {
  const bool line_begins = before.empty() || before.back() == '\n';
  const bool bracket = !piece.empty() && (piece.front() == '{' || piece.front() == '[');
  return state.is_fresh() && carry.empty() && line_begins && bracket;
}

std::vector<Event> events_of(const Reading& reading, const OneRule& rules, const RecordOptions& options) {
  Events events;
  RecordDecoder decoder(rules, options);
  StreamState state;
  std::string carry;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= reading.cuts.size(); ++i) {
    const bool last = i == reading.cuts.size();
    const std::size_t end = last ? reading.text.size() : reading.cuts[i];
    const std::string_view piece = reading.text.substr(begin, end - begin);
    if (begins_anew(state, carry, reading.text.substr(0, begin), piece)) {
      events.first_record += state.records;
      events.first_line += state.lines;
      state = StreamState{};
    }
    begin = end;

    carry += piece;
    const auto padded = std::make_unique<char[]>(carry.size() + json::json_padding);
    carry.copy(padded.get(), carry.size());
    RecordStream stream(decoder, events);
    stream.set_state(state);
    const std::size_t used = stream.read({padded.get(), carry.size()}, last);
    require(last ? used == carry.size() : used <= carry.size(), "uses up more or less than there is");
    state = stream.state();
    carry.erase(0, used);
  }
  return std::move(events.all);
}

void require_equal(const std::vector<Event>& whole, const std::vector<Event>& pieces) {
  for (std::size_t i = 0; i < std::min(whole.size(), pieces.size()); ++i) {
    // Of what is broken the text is told as far as it was read.
    const bool same_text =
        whole[i].refused ? whole[i].text.starts_with(pieces[i].text) : whole[i].text == pieces[i].text;
    if (whole[i].what == pieces[i].what && same_text) continue;
    require_nothing_wrong("in one piece: " + whole[i].what + "\n" + whole[i].text +
                          "\nin pieces:    " + pieces[i].what + "\n" + pieces[i].text);
  }
  if (whole.size() > pieces.size()) require_nothing_wrong("pieces lack: " + whole[pieces.size()].what);
  if (whole.size() < pieces.size()) require_nothing_wrong("pieces have too much: " + pieces[whole.size()].what);
}

std::vector<std::size_t> cuts_by_chance(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i < 4 && !text.empty(); ++i) {
    hash ^= hash >> 29;
    hash *= 0x9E3779B97F4A7C15U;
    cuts.push_back((hash >> 32) % text.size());
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

RecordOptions record_options(std::uint8_t bits) {
  RecordOptions options;
  options.form = (bits & 7) == 7 ? InputForm::any : static_cast<InputForm>(bits & 7);
  options.kinesis_binary = (bits & 8) != 0 ? ItemDecoder::Binary::once : ItemDecoder::Binary::twice;
  return options;
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  if (size == 0) return 0;
  const OneRule rules((data[0] & 16) != 0);
  const RecordOptions options = record_options(data[0]);
  std::string text;
  std::vector<std::size_t> cuts;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (true) {
    const std::size_t cut = rest.find('\xFF');
    text += rest.substr(0, cut);
    if (cut == std::string_view::npos) break;
    if (cuts.size() < cuts_max) cuts.push_back(text.size());
    rest.remove_prefix(cut + 1);
  }
  const auto whole = events_of({text, {}}, rules, options);
  require_equal(whole, events_of({text, cuts.empty() ? cuts_by_chance(text) : cuts}, rules, options));
  return 0;
}
