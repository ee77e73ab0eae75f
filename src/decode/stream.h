// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decode/record.h"

namespace dynatlas {

// A single value, or an element of a wrapper, may be this large.
inline constexpr std::size_t element_bytes_max = 64 * 1024 * 1024;

// How a record's text can be read again by itself.
enum class Reading : std::uint8_t {
  value,      // as it stood: by itself
  element,    // as an element of `Records`
  item,       // as an item of its table
  lost_item,  // as an item, of a table that is not known
  none,       // it is no record, or not the whole of one
};

// Where a record stood. Numbers count from the start of the text that the stream was given first.
struct RecordPlace {
  std::uint64_t number = 0;  // from 0
  std::uint64_t line = 0;    // from 0; told for refused records only
  std::string_view text;     // the record as received; of what is broken, as far as it was read
  Reading reading = Reading::value;
};

// Receives what a stream finds, in input order.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // A record, valid during the call. A fault that is returned comes back in refused().
  virtual std::optional<RecordFault> decoded(const Record& record, const RecordPlace& place) = 0;

  // A record that cannot be used. `known` is what could be read of it.
  virtual void refused(const RecordFault& fault, const Record& known, const RecordPlace& place) = 0;

  // Lines that a syntax error made unreadable, from 0, both included.
  virtual void passed_over(std::uint64_t first_line, std::uint64_t last_line) = 0;
};

// Where a stream stands between two texts.
struct StreamState {
  enum class Place : std::uint8_t {
    values,    // between values
    elements,  // in an array of records, items or values
    members,   // in a wrapper's object
    tables,    // in `Responses`
    skipping,  // after a syntax error, looking for a line to go on from
  };
  enum class Expect : std::uint8_t {
    first,
    next,
    separator
  };  // the first entry or the end; an entry; a separator or the end
  enum class Elements : std::uint8_t { values, records, items };

  Place place = Place::values;
  Expect expect = Expect::first;
  Elements elements = Elements::values;
  bool in_responses = false;
  bool in_page = false;   // inside of a wrapper, also while skipping
  bool in_array = false;  // that wrapper is an array by itself
  bool loose = false;     // a wrapper was left by a syntax error: its separators may still come
  bool in_line = false;   // the next text begins inside a line, that is indented by `indent`
  std::size_t indent = 0;
  std::size_t page_indent = 0;    // of the wrapper's first line
  std::size_t resume_indent = 0;  // while skipping: of the broken value's first line
  std::uint64_t page_line = 0;    // the wrapper's first line
  std::uint64_t broken_line = 0;  // while skipping: the broken value's first line
  std::string table;              // of `Responses`; kept after a syntax error as long as it is sure
  bool table_unknown = false;     // a syntax error hid which table of `Responses` is read
  std::uint64_t records = 0;
  std::uint64_t lines = 0;  // that ended before the next text

  // Whether a stream may as well begin here anew: nothing before matters for what follows.
  bool is_fresh() const { return place == Place::values && !loose; }
};

// Finds the records in a text that comes in pieces, unwrapping pages and events element by element, and decodes them.
//
// After a syntax error reading goes back to the line after the broken value's first line and goes on at the first line
// that begins with `{` or `[` and is indented no deeper than that first line (docs/file-formats.md, "Syntax errors").
class RecordStream {
 public:
  RecordStream(RecordDecoder& decoder, RecordSink& sink) : decoder_(decoder), sink_(sink) {}

  // Reads what is whole in `text`, which json::json_padding NUL bytes follow. Returns how many bytes were used up; the
  // rest must come again at the start of the next text. With `last` nothing follows, and all is used up.
  std::size_t read(std::string_view text, bool last);

  const StreamState& state() const { return state_; }
  void set_state(const StreamState& state) { state_ = state; }

 private:
  enum class Step : std::uint8_t { on, wait };  // wait: more text is needed

  Step step();
  Step step_values();
  Step step_elements();
  Step step_members();
  Step step_tables();
  Step step_skipping();
  Step take(const RecordDecoder::Decoded& decoded, const char* begin);
  Step wait_or_refuse();
  Step separate(char close, StreamState::Place outer);
  void leave_table(bool in_responses);
  Step open_page();
  Step read_nested(const char* begin);
  Step read_aggregated(const char* behind);
  Step refuse_broken(std::string_view cause);
  Step refuse_wrapper(std::string_view cause);
  Step skip_from(const char* at, std::uint64_t broken_line);
  void notice_table(const char* line, const char* line_end, std::size_t indent);
  RecordDecoder::Decoded decode_item();
  Step enter(StreamState::Place place, const char* in);
  bool read_member_name(std::string_view& name, const char*& value);
  void run_nested(const std::string& text);
  void deliver(const char* begin, const char* behind);
  void refuse(const RecordFault& fault, const char* begin, const char* behind);
  void refuse_unknown(std::string_view cause, const char* begin, const char* behind);
  RecordPlace place_of(const char* begin, const char* behind, Reading reading);
  Reading reading_of_item() const { return state_.table_unknown ? Reading::lost_item : Reading::item; }
  void leave_skipping(const char* line);

  std::uint64_t line_of(const char* at);
  std::size_t indent_of_line(const char* at) const;
  std::size_t indent_of(const char* line) const;
  const char* line_begin(const char* at) const;

  RecordDecoder& decoder_;
  RecordSink& sink_;
  StreamState state_;
  std::string scratch_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  const char* in_ = nullptr;
  const char* counted_ = nullptr;  // lines are counted up to here
  std::uint64_t counted_lines_ = 0;
  bool last_ = false;
  bool valid_utf8_ = true;
  bool nested_ = false;
  Reading reading_ = Reading::value;  // of the record in hand
};

}  // namespace dynatlas
