// SPDX-License-Identifier: Apache-2.0
#include "decode/stream.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/count_newlines.h"
#include "decode/json.h"

namespace dynatlas {

using json::skip_blanks;
using Place = StreamState::Place;
using Expect = StreamState::Expect;

namespace {

// A line that begins with more blanks than these is read on where the text was cut.
constexpr std::ptrdiff_t indent_kept_max = 32 * 1024;

}  // namespace

std::size_t RecordStream::read(std::string_view text, bool last) {
  begin_ = counted_ = in_ = text.data();
  end_ = begin_ + text.size();
  counted_lines_ = state_.lines;
  last_ = last;
  valid_utf8_ = simdjson::validate_utf8(text.data(), text.size());
  while (in_ < end_ && step() == Step::on) {
  }
  if (last) {
    if (state_.place == Place::skipping) leave_skipping(end_);
    if (state_.place != Place::values)
      refuse_unknown("is a wrapper that is cut off: the input ends inside of it", end_, end_);
    state_.place = Place::values;
    in_ = end_;
  }
  const char* line = line_begin(in_);
  // Blanks that begin a line stay with it, so that what follows is known to begin it, too.
  const bool begins_line = !last && !(line == begin_ && state_.in_line);
  if (begins_line && in_ - line <= indent_kept_max && skip_blanks(line) >= in_) in_ = line;
  state_.indent = indent_of(line);
  state_.in_line = line != in_ || (in_ == begin_ && state_.in_line);
  state_.lines = line_of(in_);
  return static_cast<std::size_t>(in_ - begin_);
}

RecordStream::Step RecordStream::step() {
  if (state_.place != Place::skipping) {
    in_ = skip_blanks(in_);
    if (in_ >= end_) return Step::wait;
  }
  switch (state_.place) {
    case Place::values:
      return step_values();
    case Place::elements:
      return step_elements();
    case Place::members:
      return step_members();
    case Place::tables:
      return step_tables();
    case Place::skipping:
      return step_skipping();
  }
  return Step::wait;
}

// --- values and elements

RecordStream::Step RecordStream::step_values() {
  if (state_.loose && (*in_ == ',' || *in_ == ']' || *in_ == '}')) {
    state_.table_unknown = state_.table_unknown || (*in_ == ']' && !state_.table.empty());
    return ++in_, Step::on;
  }
  if (state_.loose && (state_.table_unknown || !state_.table.empty())) {
    const RecordDecoder::Decoded item = decode_item();
    reading_ = reading_of_item();
    if (item.outcome == RecordDecoder::Outcome::decoded) return take(item, in_);
  }
  reading_ = Reading::value;
  const RecordDecoder::Decoded decoded = decoder_.decode(in_, end_);
  if (decoded.outcome == RecordDecoder::Outcome::page) return open_page();
  if (decoded.outcome == RecordDecoder::Outcome::failed_batch) return read_nested(in_);
  if (decoded.outcome == RecordDecoder::Outcome::aggregated) return read_aggregated(decoded.behind);
  return take(decoded, in_);
}

RecordStream::Step RecordStream::step_elements() {
  const bool ends = *in_ == ']' && state_.expect != Expect::next;
  if (ends || state_.expect == Expect::separator) {
    const Place outer = state_.in_array ? Place::values : state_.in_responses ? Place::tables : Place::members;
    return separate(']', outer);
  }
  RecordDecoder::Decoded decoded{};
  switch (state_.elements) {
    case StreamState::Elements::records:
      reading_ = Reading::element;
      decoded = decoder_.decode_element(in_, end_);
      break;
    case StreamState::Elements::items:
      reading_ = reading_of_item();
      decoded = decode_item();
      break;
    case StreamState::Elements::values:
      reading_ = Reading::value;
      decoded = decoder_.decode(in_, end_);
      break;
  }
  const char* begin = in_;
  const bool nested =
      decoded.outcome == RecordDecoder::Outcome::page || decoded.outcome == RecordDecoder::Outcome::failed_batch;
  const bool aggregated = decoded.outcome == RecordDecoder::Outcome::aggregated;
  const Step step = nested ? read_nested(begin) : aggregated ? read_aggregated(decoded.behind) : take(decoded, begin);
  if (step == Step::on && state_.place == Place::elements) state_.expect = Expect::separator;
  return step;
}

// An item of a page, of the table that `Responses` named.
RecordDecoder::Decoded RecordStream::decode_item() { return decoder_.decode_item_of(state_.table, in_, end_); }

RecordStream::Step RecordStream::take(const RecordDecoder::Decoded& decoded, const char* begin) {
  switch (decoded.outcome) {
    case RecordDecoder::Outcome::decoded:
      deliver(begin, decoded.behind);
      break;
    case RecordDecoder::Outcome::poison:
      if (decoded.behind == end_ && *begin != '{' && !last_) return Step::wait;  // a number or a word may go on
      refuse(decoder_.fault(), begin, decoded.behind);
      break;
    case RecordDecoder::Outcome::unfinished:
      return wait_or_refuse();
    default:
      return refuse_broken("is no valid JSON");
  }
  in_ = decoded.behind;
  return Step::on;
}

void RecordStream::deliver(const char* begin, const char* behind) {
  const std::string_view text(begin, static_cast<std::size_t>(behind - begin));
  if (!valid_utf8_ && !simdjson::validate_utf8(text.data(), text.size())) {
    return refuse({ErrorKind::poison, {}, "is no valid UTF-8"}, begin, behind);
  }
  if (state_.table_unknown && decoder_.record().form == Record::Form::item) {
    return refuse({ErrorKind::poison, {}, "is an item of Responses behind a syntax error: its table is not known"},
                  begin, behind);
  }
  const auto fault = sink_.decoded(decoder_.record(), {state_.records, 0, text, reading_});
  if (fault) return refuse(*fault, begin, behind);
  ++state_.records;
}

void RecordStream::refuse(const RecordFault& fault, const char* begin, const char* behind) {
  const bool lost = state_.table_unknown && decoder_.record().form == Record::Form::item;
  sink_.refused(fault, decoder_.record(), place_of(begin, behind, lost ? Reading::lost_item : reading_));
  ++state_.records;
}

// Of what was not decoded: the decoder's record is another one.
void RecordStream::refuse_unknown(std::string_view cause, const char* begin, const char* behind) {
  sink_.refused({ErrorKind::poison, {}, std::string(cause)}, Record{}, place_of(begin, behind, Reading::none));
  ++state_.records;
}

RecordPlace RecordStream::place_of(const char* begin, const char* behind, Reading reading) {
  return {state_.records, line_of(begin), {begin, static_cast<std::size_t>(behind - begin)}, reading};
}

RecordStream::Step RecordStream::wait_or_refuse() {
  if (last_) return refuse_broken("is cut off: the input ends inside of it");
  if (static_cast<std::size_t>(end_ - in_) > element_bytes_max) return refuse_broken("is larger than 64 MiB");
  return Step::wait;
}

// --- wrappers

RecordStream::Step RecordStream::enter(Place place, const char* in) {
  state_.place = place;
  state_.expect = Expect::first;
  in_ = in;
  return Step::on;
}

RecordStream::Step RecordStream::open_page() {
  state_.page_indent = indent_of_line(in_);
  state_.in_page = true;
  state_.in_array = *in_ == '[';
  state_.in_responses = false;
  state_.loose = false;
  state_.table.clear();
  state_.table_unknown = false;
  state_.page_line = line_of(in_);
  state_.elements = StreamState::Elements::values;
  return enter(state_.in_array ? Place::elements : Place::members, in_ + 1);
}

// A page as an element of an array, or the event inside of what Lambda wrote of a failed batch: both in memory as a
// whole.
RecordStream::Step RecordStream::read_nested(const char* begin) {
  const char* stopped = nullptr;
  const char* behind = json::skip_value(begin, stopped);
  if (behind == nullptr) return stopped >= end_ ? wait_or_refuse() : refuse_broken("is no valid JSON");
  if (nested_) {
    refuse_unknown("is a wrapper inside of a wrapper inside of a wrapper", begin, behind);
  } else {
    const std::string payload = decoder_.failed_batch_payload(begin);
    run_nested(payload.empty() ? std::string(begin, behind) : payload);
  }
  in_ = behind;
  return Step::on;
}

// The records inside of an aggregated one, which hold no others.
RecordStream::Step RecordStream::read_aggregated(const char* behind) {
  run_nested(decoder_.aggregated_event());
  in_ = behind;
  return Step::on;
}

void RecordStream::run_nested(const std::string& text) {
  const std::string padded = text + std::string(json::json_padding, '\0');
  RecordStream inner(decoder_, sink_);
  inner.nested_ = true;
  inner.state_.records = state_.records;
  inner.state_.lines = line_of(in_);
  inner.read({padded.data(), text.size()}, true);
  state_.records = inner.state_.records;
}

// Reads `"name": ` up to the first byte of the value. False where more text is needed or something else stands there;
// then `value` is null in the second case.
bool RecordStream::read_member_name(std::string_view& name, const char*& value) {
  value = json::read_string(in_, name, scratch_);
  if (value != nullptr) value = skip_blanks(value);
  if (value != nullptr && *value == ':')
    value = skip_blanks(value + 1);
  else if (value != nullptr && value < end_)
    value = nullptr;
  if (value == nullptr) {
    const char* stopped = nullptr;
    const bool cut = *in_ == '"' && json::skip_value(in_, stopped) == nullptr && stopped >= end_;
    if (cut) value = end_;
    return false;
  }
  return value < end_;
}

// Behind a table's array, what a syntax error leaves may be an item of the next one; behind `Responses` it is none's.
void RecordStream::leave_table(bool in_responses) {
  state_.table.clear();
  state_.table_unknown = in_responses;
}

RecordStream::Step RecordStream::separate(char close, Place outer) {
  if (*in_ == close) {
    ++in_;
    state_.place = outer;
    state_.expect = Expect::separator;
    if (outer == Place::tables) {
      state_.in_responses = true;
      leave_table(true);
    }
    if (outer == Place::members) leave_table(false);
    if (outer == Place::values) state_.in_page = false;
    return Step::on;
  }
  if (*in_ != ',') return refuse_wrapper("is a wrapper with neither ',' nor its end behind a member");
  ++in_;
  state_.expect = Expect::next;
  return Step::on;
}

RecordStream::Step RecordStream::step_members() {
  if ((*in_ == '}' && state_.expect != Expect::next) || state_.expect == Expect::separator)
    return separate('}', Place::values);
  std::string_view name;
  const char* value = nullptr;
  if (!read_member_name(name, value))
    return value == nullptr ? refuse_wrapper("is a wrapper without a name where one must stand") : wait_or_refuse();
  if (*value == '[' && (name == "Records" || name == "Items")) {
    state_.elements = name == "Records" ? StreamState::Elements::records : StreamState::Elements::items;
    state_.in_responses = false;
    state_.table.clear();
    return enter(Place::elements, value + 1);
  }
  if (*value == '{' && name == "Responses") return enter(Place::tables, value + 1);
  const char* stopped = nullptr;
  const char* behind = json::skip_value(value, stopped);
  if (behind == nullptr)
    return stopped >= end_ ? wait_or_refuse() : refuse_wrapper("is a wrapper with a member that is no valid JSON");
  const char* next = skip_blanks(behind);
  if (next >= end_ && !last_) return wait_or_refuse();  // a number may go on
  if (*next != ',' && *next != '}') {
    // A wrapper that is cut behind a name takes the record on the next line for that member's value.
    if (line_of(value) != line_of(in_)) in_ = value;
    return refuse_wrapper("is a wrapper with neither ',' nor its end behind a member");
  }
  in_ = behind;
  state_.expect = Expect::separator;
  return Step::on;
}

RecordStream::Step RecordStream::step_tables() {
  if ((*in_ == '}' && state_.expect != Expect::next) || state_.expect == Expect::separator) {
    state_.in_responses = false;
    return separate('}', Place::members);
  }
  std::string_view name;
  const char* value = nullptr;
  if (!read_member_name(name, value))
    return value == nullptr ? refuse_wrapper("is a wrapper without a table's name where one must stand")
                            : wait_or_refuse();
  if (*value != '[') return refuse_wrapper("is a wrapper with a table in Responses that is no array");
  state_.table = name;
  state_.table_unknown = false;
  state_.in_responses = true;
  state_.elements = StreamState::Elements::items;
  return enter(Place::elements, value + 1);
}

// --- syntax errors

RecordStream::Step RecordStream::refuse_broken(std::string_view cause) {
  const char* line_end = static_cast<const char*>(std::memchr(in_, '\n', static_cast<std::size_t>(end_ - in_)));
  if (line_end == nullptr) line_end = end_;
  refuse_unknown(cause, in_, line_end);
  return skip_from(line_end, line_of(in_));
}

// Where a wrapper itself is broken, and not one of its elements, its first line lies before: what begins the line in
// hand may be the next value already.
RecordStream::Step RecordStream::refuse_wrapper(std::string_view cause) {
  const char* line = line_begin(in_);
  const bool whole_line = !(line == begin_ && state_.in_line);
  const bool begins_line =
      whole_line && line_of(in_) > state_.page_line && static_cast<std::size_t>(in_ - line) == indent_of_line(in_);
  if (!begins_line) return refuse_broken(cause);
  refuse_unknown(cause, in_, in_);
  return skip_from(line, line_of(in_) - 1);
}

RecordStream::Step RecordStream::skip_from(const char* at, std::uint64_t broken_line) {
  state_.resume_indent = indent_of_line(in_);
  state_.broken_line = broken_line;
  state_.place = Place::skipping;
  in_ = at;
  return Step::on;
}

// A line that is passed over may end the array of a table of `Responses`, if it is indented no deeper than the broken
// item, or open that of another: "name": [. Lines behind it are not looked at, for they may not be here yet.
void RecordStream::notice_table(const char* line, const char* line_end, std::size_t indent) {
  if (*line == ']' && !state_.table.empty() && indent <= state_.resume_indent) state_.table_unknown = true;
  if (*line != '"' || (state_.table.empty() && !state_.table_unknown)) return;
  std::string_view name;
  const char* at = json::read_string(line, name, scratch_);
  if (at != nullptr) at = json::expect(at, ':');
  if (at == nullptr || at >= line_end || *at != '[' || name.size() < 3) return;
  state_.table = name;
  state_.table_unknown = false;
}

// `in_` is at the end of a line, or at the beginning of one that is not whole yet.
RecordStream::Step RecordStream::step_skipping() {
  for (;;) {
    const bool at_begin = line_begin(in_) == in_ && !(in_ == begin_ && state_.in_line);
    const char* newline = static_cast<const char*>(std::memchr(in_, '\n', static_cast<std::size_t>(end_ - in_)));
    if (at_begin) {
      const char* at = in_ + std::strspn(in_, " \t");
      if (at >= end_) return Step::wait;
      const bool resumes = (*at == '{' || *at == '[') && static_cast<std::size_t>(at - in_) <= state_.resume_indent;
      if (resumes) return leave_skipping(in_), Step::on;
      if (newline == nullptr && !last_) return Step::wait;
      notice_table(at, newline == nullptr ? end_ : newline, static_cast<std::size_t>(at - in_));
    }
    if (newline == nullptr) return in_ = end_, Step::wait;
    in_ = newline + 1;
    if (in_ == end_) return Step::wait;
  }
}

void RecordStream::leave_skipping(const char* line) {
  const std::uint64_t number = line_of(line);
  const std::uint64_t behind = number + (line == end_ && end_ != begin_ && end_[-1] != '\n' ? 1 : 0);
  if (behind > state_.broken_line + 1) sink_.passed_over(state_.broken_line + 1, behind - 1);
  const auto indent = static_cast<std::size_t>(skip_blanks(line) - line);
  const bool inside = state_.in_page && line != end_ && indent > state_.page_indent;
  if (inside) {
    state_.place = Place::elements;
    state_.expect = Expect::next;
    return;
  }
  state_.loose = state_.loose || state_.in_page;  // a second error may be behind the first, outside of the wrapper
  state_.in_page = false;
  state_.place = Place::values;
}

// --- lines

const char* RecordStream::line_begin(const char* at) const {
  const void* newline = memrchr(begin_, '\n', static_cast<std::size_t>(at - begin_));
  return newline == nullptr ? begin_ : static_cast<const char*>(newline) + 1;
}

std::size_t RecordStream::indent_of_line(const char* at) const { return indent_of(line_begin(at)); }

std::size_t RecordStream::indent_of(const char* line) const {
  if (line == begin_ && state_.in_line) return state_.indent;
  return std::strspn(line, " \t");
}

// Counts on from where it was asked last, so that a text full of errors is not counted again for each.
std::uint64_t RecordStream::line_of(const char* at) {
  if (at < counted_) {
    counted_lines_ -= count_newlines({at, static_cast<std::size_t>(counted_ - at)});
  } else {
    counted_lines_ += count_newlines({counted_, static_cast<std::size_t>(at - counted_)});
  }
  counted_ = at;
  return counted_lines_;
}

}  // namespace dynatlas
