// SPDX-License-Identifier: Apache-2.0
//
// Numbers against arithmetic on text. The input is the text of a number; or `d` and 8 bytes, a double; or `D` and 16
// bytes, a Decimal128.
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>

#include "change/bson.h"
#include "change/number.h"
#include "support/text_number.h"
#include "support/twin_check.h"
#include "verdict.h"

namespace dynatlas {
namespace {

NumberFault expected_fault(const std::optional<TextNumber>& number) {
  if (!number) return NumberFault::not_a_number;
  if (dynamodb_keeps(*number)) return NumberFault::none;
  if (number->digits.size() > 38) return NumberFault::too_many_digits;
  return number->exponent > 0 ? NumberFault::magnitude_too_big : NumberFault::magnitude_too_small;
}

std::string digits_of(unsigned __int128 value) {
  std::string digits;
  for (; value != 0; value /= 10) digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  return digits;
}

TextNumber as_text(const Number& number) { return {number.negative, digits_of(number.coefficient), number.exponent}; }

// What was written must hold the number, and give it back.
void check_written(const Number& number, NumberPolicy policy) {
  const auto out = std::make_unique<std::uint8_t[]>(number_bytes_max);
  const WrittenNumber written = write_number(number, policy, out.get());
  const std::string_view value(reinterpret_cast<const char*>(out.get()),
                               static_cast<std::size_t>(written.end - out.get()));
  const double nearest = nearest_double(as_text(number));
  const bool lossy = policy == NumberPolicy::real && shortest_decimal(nearest) != as_text(number);
  require(written.lossy == lossy, "`lossy` is wrong");
  Number back;
  if (written.type == BsonType::real) {
    require(load_little_endian<double>(value) == nearest, "is not the nearest double");
    const NumberFault fault = number_of_double(nearest, back);
    require(lossy || (fault == NumberFault::none && back == number), "does not come back from its double");
  } else if (written.type == BsonType::decimal128) {
    const auto low = load_little_endian<std::uint64_t>(value);
    const auto high = load_little_endian<std::uint64_t>(value, 8);
    require(number_of_decimal128(low, high, back) == NumberFault::none && back == number,
            "does not come back from its Decimal128");
    require(decimal128_text(low, high) == decimal128_as_text(as_text(number)), "the Decimal128 prints otherwise");
  } else if (written.type == BsonType::string) {
    require(string_text(value) == plain(as_text(number)), "is printed otherwise");
  }
}

void check_text(std::string_view text) {
  const auto expected = read_text_number(text);
  Number number;
  const NumberFault fault = parse_number(text, number);
  require(fault == expected_fault(expected), "is judged otherwise");
  if (fault != NumberFault::none) return;
  require(as_text(number) == *expected, "is read as another number");
  require(plain_text(number) == plain(*expected), "is printed otherwise");
  for (const auto policy :
       {NumberPolicy::natural, NumberPolicy::decimal, NumberPolicy::real, NumberPolicy::string, NumberPolicy::key}) {
    check_written(number, policy);
  }
  const std::string item = R"({"n":{"N":")" + std::string(text) + R"("}})";
  for (std::size_t bits = 0; bits < 4; ++bits) require_nothing_wrong(difference_to_twin(item, twin_options(bits)));
}

void check_double(double value) {
  const std::string text = double_text(value);
  Number number;
  const NumberFault fault = number_of_double(value, number);
  if (!std::isfinite(value)) {
    require(text == (std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity"), "is printed otherwise");
    require(fault == NumberFault::not_a_number, "is a number");
    return;
  }
  double back = 0;
  std::from_chars(text.data(), text.data() + text.size(), back);
  require(std::memcmp(&back, &value, sizeof value) == 0, "reads back as another double");
  const TextNumber expected = shortest_decimal(value);
  if (value != 0) require(text == double_as_text(value), "is printed otherwise");
  require(fault == expected_fault(expected), "is judged otherwise");
  if (fault == NumberFault::none) require(as_text(number) == expected, "is read as another number");
}

void check_decimal128(std::uint64_t low, std::uint64_t high) {
  const std::string text = decimal128_text(low, high);
  const auto expected = read_text_number(text);
  Number number;
  const NumberFault fault = number_of_decimal128(low, high, number);
  require(fault == expected_fault(expected), "is judged otherwise");
  if (fault == NumberFault::none) require(as_text(number) == *expected, "is read as another number");
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size == 9 && bytes[0] == 'd') {
    check_double(load_little_endian<double>(bytes, 1));
  } else if (size == 17 && bytes[0] == 'D') {
    check_decimal128(load_little_endian<std::uint64_t>(bytes, 1), load_little_endian<std::uint64_t>(bytes, 9));
  } else {
    check_text(bytes);
  }
  return 0;
}
