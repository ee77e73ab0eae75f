// SPDX-License-Identifier: Apache-2.0
#include "change/number.h"

#include <bson/bson.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace dynatlas {

void PrintTo(const Number& number, std::ostream* out) {
  *out << plain_text(number) << " (exponent " << number.exponent << ")";
}

void PrintTo(NumberFault fault, std::ostream* out) { *out << describe(fault); }

namespace {

// A number as text arithmetic sees it: slow and obvious.
struct Oracle {
  NumberFault fault = NumberFault::not_a_number;
  bool negative = false;
  std::string digits;  // none for zero
  long exponent = 0;   // of the last digit

  std::string plain() const {
    if (digits.empty()) return "0";
    std::string text = digits + std::string(static_cast<std::size_t>(std::max(exponent, 0L)), '0');
    if (exponent < 0) {
      const auto places = static_cast<std::size_t>(-exponent);
      if (text.size() <= places) text.insert(0, places - text.size() + 1, '0');
      text.insert(text.size() - places, ".");
    }
    return (negative ? "-" : "") + text;
  }
};

long clamped(const std::string& digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  return digits.size() - first > 9 ? 1'000'000'000 : std::atol(digits.c_str());
}

bool drop_sign(std::string& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  return negative;
}

bool only_digits(const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; }

Oracle oracle(const std::string& text) {
  const std::size_t letter = text.find_first_of("eE");
  std::string mantissa = text.substr(0, letter);
  std::string power = letter == std::string::npos ? "0" : text.substr(letter + 1);
  const bool negative = drop_sign(mantissa);
  const bool negative_power = drop_sign(power);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::string fraction = point == mantissa.size() ? "" : mantissa.substr(point + 1);
  Oracle number;
  number.digits = mantissa.substr(0, point) + fraction;
  if (number.digits.empty() || power.empty() || !only_digits(number.digits + power)) return number;
  number.exponent = clamped(power) * (negative_power ? -1 : 1) - static_cast<long>(fraction.size());
  for (; number.digits.ends_with('0'); number.digits.pop_back()) ++number.exponent;
  while (number.digits.starts_with('0')) number.digits.erase(0, 1);
  number.negative = negative && !number.digits.empty();
  const auto size = static_cast<long>(number.digits.size());
  const long magnitude = number.exponent + size - 1;
  number.fault = size == 0          ? NumberFault::none
                 : size > 38        ? NumberFault::too_many_digits
                 : magnitude > 125  ? NumberFault::magnitude_too_big
                 : magnitude < -130 ? NumberFault::magnitude_too_small
                                    : NumberFault::none;
  return number;
}

// From a heap buffer of the exact size, which lets the address sanitizer see each byte too far.
NumberFault parse_exact(std::string_view text, Number& number) {
  const auto exact = std::make_unique<char[]>(text.size());
  text.copy(exact.get(), text.size());
  return parse_number({exact.get(), text.size()}, number);
}

NumberFault fault_of(std::string_view text) {
  Number number;
  return parse_exact(text, number);
}

Number parsed(std::string_view text) {
  Number number;
  const NumberFault fault = parse_exact(text, number);
  if (fault != NumberFault::none) ADD_FAILURE() << text << " " << describe(fault);
  return number;
}

struct Bson {
  BsonType type;
  std::string bytes;
  bool lossy;

  template <typename T>
  T as(std::size_t at = 0) const {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

  std::string text() const { return bytes.substr(4, bytes.size() - 5); }
};

Bson written(const Number& number, NumberPolicy policy) {
  std::array<std::uint8_t, number_bytes_max> out{};
  const WrittenNumber result = write_number(number, policy, out.data());
  return {result.type, std::string(out.data(), result.end), result.lossy};
}

Bson written(std::string_view text, NumberPolicy policy = NumberPolicy::natural) {
  return written(parsed(text), policy);
}

// What the written bytes mean as a number.
std::optional<Number> read_back(const Bson& bson) {
  Number number;
  NumberFault fault = NumberFault::not_a_number;
  switch (bson.type) {
    case BsonType::int32:
      fault = parse_number(std::to_string(bson.as<std::int32_t>()), number);
      break;
    case BsonType::int64:
      fault = parse_number(std::to_string(bson.as<std::int64_t>()), number);
      break;
    case BsonType::real:
      fault = number_of_double(bson.as<double>(), number);
      break;
    case BsonType::decimal128:
      fault = number_of_decimal128(bson.as<std::uint64_t>(), bson.as<std::uint64_t>(8), number);
      break;
    case BsonType::string:
      fault = parse_number(bson.text(), number);
      break;
    default:
      break;
  }
  return fault == NumberFault::none ? std::optional(number) : std::nullopt;
}

std::string digits_of(int count) {
  return *rc::gen::container<std::string>(static_cast<std::size_t>(count),
                                          rc::gen::inRange('0', static_cast<char>('9' + 1)));
}

// Mostly numbers near every limit: precision, magnitude, zeros at both ends.
std::string any_number_text() {
  const std::string zeros_before(static_cast<std::size_t>(*rc::gen::inRange(0, 4)), '0');
  const std::string zeros_after(static_cast<std::size_t>(*rc::gen::inRange(0, 4)), '0');
  std::string text = zeros_before + digits_of(*rc::gen::inRange(1, 41)) + zeros_after;
  if (*rc::gen::arbitrary<bool>()) text.insert(*rc::gen::inRange<std::size_t>(0, text.size() + 1), ".");
  if (*rc::gen::arbitrary<bool>()) text += *rc::gen::element('e', 'E') + std::to_string(*rc::gen::inRange(-175, 135));
  return *rc::gen::element<std::string>("", "-", "+") + text;
}

// A text that is a number for DynamoDB.
std::string good_number_text() {
  const int count = *rc::gen::inRange(1, 39);
  const std::string digits = digits_of(count);
  if (*rc::gen::inRange(0, 3) == 0) return (*rc::gen::arbitrary<bool>() ? "-" : "") + digits;
  const int exponent = *rc::gen::element(*rc::gen::inRange(-25, 25), *rc::gen::inRange(-130, 126 - count));
  const std::string text = digits + "E" + std::to_string(exponent);
  return (*rc::gen::arbitrary<bool>() ? "-" : "") + text;
}

Number good_number() { return parsed(good_number_text()); }

TEST(ParseNumber, ReadsThePlainForms) {
  EXPECT_EQ(parsed("0"), (Number{}));
  EXPECT_EQ(parsed("17"), (Number{17, 0, false}));
  EXPECT_EQ(parsed("-12.50"), (Number{125, -1, true}));
  EXPECT_EQ(parsed("1700000000"), (Number{17, 8, false}));
  EXPECT_EQ(parsed("1234567890.123456789"), (Number{1234567890123456789, -9, false}));
  EXPECT_EQ(parsed("9999999999999999999"), (Number{9999999999999999999U, 0, false}));
  EXPECT_EQ(parsed("-9999999999.999999999"), (Number{9999999999999999999U, -9, true}));
  EXPECT_EQ(parsed("18446744073709551616"),
            (Number{Number{}.coefficient + 1844674407370955161U * Number{10}.coefficient + 6, 0, false}));
}

TEST(ParseNumber, GivesOneValueToAllTextsOfANumber) {
  for (const char* text :
       {"1", "1.0", "1.", "+1", "1e0", "1E+0", "1e-0", "01", "0.1e1", ".1e1", "10e-1", "1000e-3", "+001.000"}) {
    EXPECT_EQ(parsed(text), parsed("1")) << text;
  }
  for (const char* text :
       {"0", "-0", "+0", "0.", ".0", "-.000", "0e5", "0E-500", "0e99999999999", "-0e-99999999999999999999"}) {
    EXPECT_EQ(parsed(text), Number{}) << text;
  }
}

TEST(ParseNumber, RefusesWhatIsNoNumber) {
  for (const char* text : {"",
                           "-",
                           "+",
                           ".",
                           "-.",
                           "e",
                           "e5",
                           ".e5",
                           "1e",
                           "1e+",
                           "1e-",
                           "1e5.",
                           "1e5.0",
                           "--1",
                           "+-1",
                           "1-",
                           "1 ",
                           " 1",
                           "1.2.3",
                           "1..2",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "inf",
                           "0x10",
                           "1,5",
                           "1_000",
                           "1f",
                           "1e5e5",
                           "12345678a",
                           "1234567:",
                           "1234567/",
                           "12345678.1234567a",
                           "\xb1\xb1\xb1\xb1\xb1\xb1\xb1\xb1"}) {
    EXPECT_EQ(fault_of(text), NumberFault::not_a_number) << text;
  }
  EXPECT_EQ(fault_of({"1\0", 2}), NumberFault::not_a_number);
}

TEST(ParseNumber, RefusesToRound) {
  EXPECT_EQ(fault_of(std::string(38, '9')), NumberFault::none);
  EXPECT_EQ(fault_of(std::string(39, '9')), NumberFault::too_many_digits);
  EXPECT_EQ(fault_of("1." + std::string(37, '0') + "1"), NumberFault::too_many_digits);
  EXPECT_EQ(fault_of("0.0" + std::string(38, '1')), NumberFault::none);
  EXPECT_EQ(fault_of("0.0" + std::string(39, '1')), NumberFault::too_many_digits);
}

TEST(ParseNumber, StripsZerosBeforeItCountsDigits) {
  EXPECT_EQ(parsed(std::string(30, '9') + std::string(96, '0')), parsed(std::string(30, '9') + "e96"));
  EXPECT_EQ(parsed("1" + std::string(60, '0') + "." + std::string(60, '0')), parsed("1e60"));
  EXPECT_EQ(parsed(std::string(60, '0') + "7." + std::string(60, '0')), parsed("7"));
}

TEST(ParseNumber, KnowsBothEndsOfTheRange) {
  const std::string nines = "9." + std::string(37, '9');
  EXPECT_EQ(fault_of(nines + "E+125"), NumberFault::none);
  EXPECT_EQ(fault_of("-" + nines + "E+125"), NumberFault::none);
  EXPECT_EQ(fault_of("1E126"), NumberFault::magnitude_too_big);
  EXPECT_EQ(fault_of("10000E122"), NumberFault::magnitude_too_big);
  EXPECT_EQ(fault_of("0.0001E129"), NumberFault::none);
  EXPECT_EQ(fault_of("1E-130"), NumberFault::none);
  EXPECT_EQ(fault_of("10E-131"), NumberFault::none);
  EXPECT_EQ(fault_of("1." + std::string(36, '0') + "1E-130"), NumberFault::none);
  EXPECT_EQ(fault_of("9.9E-131"), NumberFault::magnitude_too_small);
  EXPECT_EQ(fault_of("-0.1E-130"), NumberFault::magnitude_too_small);
}

TEST(ParseNumber, NeverOverflowsAnExponent) {
  for (const char* digits :
       {"9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
    EXPECT_EQ(fault_of(std::string("1e") + digits), NumberFault::magnitude_too_big);
    EXPECT_EQ(fault_of(std::string("1e-") + digits), NumberFault::magnitude_too_small);
    EXPECT_EQ(parsed(std::string("0e") + digits), Number{});
  }
  EXPECT_EQ(parsed("1e" + std::string(100, '0') + "7"), parsed("1e7"));
}

TEST(ParseNumber, JudgesMegabytesRight) {
  constexpr std::size_t million = 1'000'000;
  const std::string zeros(million, '0');
  EXPECT_EQ(parsed(zeros + "42"), parsed("42"));
  EXPECT_EQ(parsed("42." + zeros), parsed("42"));
  EXPECT_EQ(parsed("42" + zeros + "." + zeros + "e-1000000"), parsed("42"));
  EXPECT_EQ(parsed("0." + zeros + "42e1000002"), parsed("42"));
  EXPECT_EQ(parsed(zeros + "." + zeros + "e-" + zeros), Number{});
  EXPECT_EQ(fault_of("1" + zeros), NumberFault::magnitude_too_big);
  EXPECT_EQ(fault_of("0." + zeros + "1"), NumberFault::magnitude_too_small);
  EXPECT_EQ(fault_of("1" + zeros + "1"), NumberFault::too_many_digits);
  EXPECT_EQ(fault_of(zeros + "x"), NumberFault::not_a_number);
  EXPECT_EQ(fault_of("1e" + std::string(million, '9')), NumberFault::magnitude_too_big);
}

bool agrees_with_oracle(const std::string& text) {
  const Oracle expected = oracle(text);
  Number number;
  if (parse_exact(text, number) != expected.fault) return false;
  return expected.fault != NumberFault::none || plain_text(number) == expected.plain();
}

// Calls `visit` with every text of up to `length` of the characters.
template <typename Visit>
void for_each_text(std::string_view characters, std::size_t length, std::string& text, const Visit& visit) {
  visit(text);
  if (text.size() == length) return;
  for (const char c : characters) {
    text.push_back(c);
    for_each_text(characters, length, text, visit);
    text.pop_back();
  }
}

TEST(ParseNumber, AgreesWithTextArithmeticOnEveryShortText) {
  std::string text;
  for_each_text("019.-+e/:", 5, text, [](const std::string& each) { ASSERT_TRUE(agrees_with_oracle(each)) << each; });
}

TEST(ParseNumber, FindsThePointAndTheZerosAtEveryPlace) {
  const std::string digits = "8197364520918273645091827";
  for (std::size_t size = 1; size <= digits.size(); ++size) {
    for (std::size_t point = 0; point <= size; ++point) {
      for (std::size_t zeros = 0; zeros <= size; ++zeros) {
        std::string text = digits.substr(0, size - zeros) + std::string(zeros, '0');
        ASSERT_TRUE(agrees_with_oracle(text)) << text;
        text.insert(point, ".");
        ASSERT_TRUE(agrees_with_oracle(text)) << text;
        ASSERT_TRUE(agrees_with_oracle("-" + text)) << text;
        std::reverse(text.begin(), text.end());
        ASSERT_TRUE(agrees_with_oracle(text)) << text;
        ASSERT_TRUE(agrees_with_oracle("." + text)) << text;
      }
    }
  }
}

RC_GTEST_PROP(ParseNumber, AgreesWithTextArithmetic, ()) { RC_ASSERT(agrees_with_oracle(any_number_text())); }

RC_GTEST_PROP(ParseNumber, JudgesAnyCharactersAsTheGrammarDoes, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::oneOf(rc::gen::elementOf(std::string("0123456789")),
                                                                    rc::gen::elementOf(std::string("00055+-..eE")),
                                                                    rc::gen::inRange(' ', '~')));
  RC_ASSERT(fault_of(text) == oracle(text).fault);
}

RC_GTEST_PROP(ParseNumber, FindsOneForeignCharacterAnywhere, (char c)) {
  std::string text = digits_of(*rc::gen::inRange(1, 60));
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = c;
  RC_ASSERT(fault_of(text) == oracle(text).fault);
}

RC_GTEST_PROP(ParseNumber, GivesEqualValuesToEqualNumbers, ()) {
  const std::string text = good_number_text();
  const Number number = parsed(text);
  const std::string plain = plain_text(number);
  RC_ASSERT(parsed(plain) == number);
  RC_ASSERT(parsed(plain.find('.') == std::string::npos ? plain + ".000" : plain + "000") == number);
  RC_ASSERT(parsed(plain + "e0") == number);
}

TEST(WriteNumber, ChoosesTheNarrowestTypeThatHoldsTheNumber) {
  EXPECT_EQ(written("0").type, BsonType::int32);
  EXPECT_EQ(written("2147483647").type, BsonType::int32);
  EXPECT_EQ(written("-2147483648").type, BsonType::int32);
  EXPECT_EQ(written("2147483648").type, BsonType::int64);
  EXPECT_EQ(written("-2147483649").type, BsonType::int64);
  EXPECT_EQ(written("9223372036854775807").type, BsonType::int64);
  EXPECT_EQ(written("-9223372036854775808").type, BsonType::int64);
  EXPECT_EQ(written("9223372036854775808").type, BsonType::decimal128);
  EXPECT_EQ(written("-9223372036854775809").type, BsonType::decimal128);
  EXPECT_EQ(written("12345678901234567890").type, BsonType::decimal128);
  EXPECT_EQ(written("100000000000000000000").type, BsonType::real);
  EXPECT_EQ(written("1E+125").type, BsonType::real);
  EXPECT_EQ(written("0.1").type, BsonType::real);
  EXPECT_EQ(written("0.30000000000000004").type, BsonType::real);
  EXPECT_EQ(written("0.30000000000000001").type, BsonType::decimal128);
  EXPECT_EQ(written("1.234567890123456789").type, BsonType::decimal128);
  EXPECT_EQ(written("0." + std::string(34, '7')).type, BsonType::decimal128);
  EXPECT_EQ(written("0." + std::string(35, '7')).type, BsonType::string);
}

TEST(WriteNumber, KeepsDoublesOutOfDecimalsAndKeys) {
  for (const NumberPolicy policy : {NumberPolicy::decimal, NumberPolicy::key}) {
    EXPECT_EQ(written("5", policy).type, BsonType::int32);
    EXPECT_EQ(written("5000000000", policy).type, BsonType::int64);
    EXPECT_EQ(written("0.5", policy).type, BsonType::decimal128);
    EXPECT_EQ(written("1E+125", policy).type, BsonType::decimal128);
    EXPECT_EQ(written(std::string(35, '7'), policy).type, BsonType::string);
  }
}

TEST(WriteNumber, WritesTheBytesOfBson) {
  using namespace std::string_literals;
  EXPECT_EQ(written("-2").bytes, "\xfe\xff\xff\xff"s);
  EXPECT_EQ(written("4294967296").bytes, "\0\0\0\0\1\0\0\0"s);
  EXPECT_EQ(written("0.5").bytes, "\0\0\0\0\0\0\xe0\x3f"s);
  EXPECT_EQ(written("-0.5", NumberPolicy::decimal).bytes, "\5\0\0\0\0\0\0\0\0\0\0\0\0\0\x3e\xb0"s);
  EXPECT_EQ(written("-0.5", NumberPolicy::string).bytes, "\5\0\0\0-0.5\0"s);
}

TEST(WriteNumber, NeverNeedsMoreRoomThanItSays) {
  const std::string longest = "-1." + std::string(36, '3') + "1E-130";
  EXPECT_EQ(written(longest).type, BsonType::string);
  EXPECT_EQ(written(longest).text(), "-0." + std::string(129, '0') + "1" + std::string(36, '3') + "1");
  EXPECT_LE(written(longest).bytes.size(), number_bytes_max);
}

TEST(WriteNumber, SaysWhenADoubleIsAnotherNumber) {
  for (const char* text : {"0", "1", "0.1", "-12.5", "1E+125", "1E-130", "0.30000000000000004", "9007199254740992"}) {
    EXPECT_FALSE(written(text, NumberPolicy::real).lossy) << text;
  }
  for (const char* text :
       {"9007199254740993", "0.30000000000000001", "1.234567890123456789", "123456789012345678901234567890"}) {
    EXPECT_TRUE(written(text, NumberPolicy::real).lossy) << text;
  }
}

RC_GTEST_PROP(WriteNumber, KeepsEveryInt64, ()) {
  const auto shift = *rc::gen::inRange(0, 64);
  const auto n = static_cast<std::int64_t>(*rc::gen::arbitrary<std::uint64_t>()) >> shift;
  const bool narrow = n == static_cast<std::int32_t>(n);
  for (const NumberPolicy policy : {NumberPolicy::natural, NumberPolicy::decimal, NumberPolicy::key}) {
    const Bson bson = written(std::to_string(n), policy);
    RC_ASSERT(bson.type == (narrow ? BsonType::int32 : BsonType::int64));
    RC_ASSERT((narrow ? bson.as<std::int32_t>() : bson.as<std::int64_t>()) == n);
  }
}

RC_GTEST_PROP(WriteNumber, CanBeReadBackExactly, ()) {
  const Number number = good_number();
  for (const NumberPolicy policy :
       {NumberPolicy::natural, NumberPolicy::decimal, NumberPolicy::string, NumberPolicy::key}) {
    const Bson bson = written(number, policy);
    RC_ASSERT(!bson.lossy);
    RC_ASSERT(read_back(bson) == std::optional(number));
    RC_ASSERT(policy == NumberPolicy::natural || bson.type != BsonType::real);
    RC_ASSERT(policy != NumberPolicy::string || bson.type == BsonType::string);
  }
}

RC_GTEST_PROP(WriteNumber, WritesADoubleWheneverItPrintsAsTheNumber, ()) {
  const Number number = good_number();
  const double nearest = std::strtod(plain_text(number).c_str(), nullptr);
  Number printed;
  const bool same = number_of_double(nearest, printed) == NumberFault::none && printed == number;
  const Bson natural = written(number, NumberPolicy::natural);
  if (natural.type != BsonType::int32 && natural.type != BsonType::int64)
    RC_ASSERT((natural.type == BsonType::real) == same);
  const Bson real = written(number, NumberPolicy::real);
  RC_ASSERT(real.type == BsonType::real);
  RC_ASSERT(std::bit_cast<std::uint64_t>(real.as<double>()) == std::bit_cast<std::uint64_t>(nearest));
  RC_ASSERT(real.lossy == !same);
}

// libbson drops digits of certain longer texts that start with "0.", so that it is asked for up to 34 digits only and
// in the scientific form.
RC_GTEST_PROP(WriteNumber, AgreesWithLibbsonOnDecimals, ()) {
  const std::string digits = digits_of(*rc::gen::inRange(1, 35));
  const std::string text = digits + "E" + std::to_string(*rc::gen::inRange(-130, 90));
  const Bson bson = written(text, NumberPolicy::decimal);
  bson_decimal128_t theirs;
  RC_ASSERT(bson_decimal128_from_string(text.c_str(), &theirs));
  Number number;
  RC_ASSERT(number_of_decimal128(theirs.low, theirs.high, number) == NumberFault::none);
  RC_ASSERT(number == parsed(text));
  if (bson.type != BsonType::decimal128) return;
  bson_decimal128_t ours{};
  ours.low = bson.as<std::uint64_t>();
  ours.high = bson.as<std::uint64_t>(8);
  std::array<char, BSON_DECIMAL128_STRING> shown{};
  bson_decimal128_to_string(&ours, shown.data());
  RC_ASSERT(parsed(shown.data()) == parsed(text));
}

TEST(PlainText, HasNoExponentAndNoSuperfluousZero) {
  EXPECT_EQ(plain_text(parsed("-0.50")), "-0.5");
  EXPECT_EQ(plain_text(parsed("1e3")), "1000");
  EXPECT_EQ(plain_text(parsed("-0")), "0");
  EXPECT_EQ(plain_text(parsed("12.50")), "12.5");
  EXPECT_EQ(plain_text(parsed("1E-130")), "0." + std::string(129, '0') + "1");
  EXPECT_EQ(plain_text(parsed("9.9E125")), "99" + std::string(124, '0'));
  EXPECT_EQ(plain_text(parsed("10000000000000000000000000000000000001")), "10000000000000000000000000000000000001");
}

TEST(NumberOfDouble, IsWhatTheShortestTextSays) {
  Number number;
  ASSERT_EQ(number_of_double(0.1, number), NumberFault::none);
  EXPECT_EQ(number, parsed("0.1"));
  ASSERT_EQ(number_of_double(-0.0, number), NumberFault::none);
  EXPECT_EQ(number, Number{});
  ASSERT_EQ(number_of_double(0x1p60, number), NumberFault::none);
  EXPECT_EQ(number, parsed("1152921504606847000"));
  EXPECT_EQ(number_of_double(std::nan(""), number), NumberFault::not_a_number);
  EXPECT_EQ(number_of_double(-std::numeric_limits<double>::infinity(), number), NumberFault::not_a_number);
  EXPECT_EQ(number_of_double(1e126, number), NumberFault::magnitude_too_big);
  EXPECT_EQ(number_of_double(5e-324, number), NumberFault::magnitude_too_small);
}

RC_GTEST_PROP(DoubleText, ReadsBackAsTheSameDoubleAndTheSameNumber, (std::uint64_t bits)) {
  const auto value = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(value));
  const std::string text = double_text(value);
  RC_ASSERT(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)) == bits);
  Number number;
  const NumberFault fault = number_of_double(value, number);
  RC_ASSERT(fault == fault_of(text));
  if (fault == NumberFault::none) RC_ASSERT(number == parsed(text));
}

TEST(DoubleText, IsShortAndNeverLooksLikeAnInteger) {
  EXPECT_EQ(double_text(5), "5.0");
  EXPECT_EQ(double_text(0), "0.0");
  EXPECT_EQ(double_text(-0.0), "-0.0");
  EXPECT_EQ(double_text(-12.5), "-12.5");
  EXPECT_EQ(double_text(100000), "100000.0");
  EXPECT_EQ(double_text(1e20), "100000000000000000000.0");
  EXPECT_EQ(double_text(1e21), "1e+21");
  EXPECT_EQ(double_text(1e125), "1e+125");
  EXPECT_EQ(double_text(1.5e-7), "1.5e-7");
  EXPECT_EQ(double_text(0.000001), "0.000001");
  EXPECT_EQ(double_text(0.30000000000000004), "0.30000000000000004");
  EXPECT_EQ(double_text(std::nan("")), "NaN");
  EXPECT_EQ(double_text(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "-Infinity");
}

constexpr std::uint64_t zero_exponent = std::uint64_t{6176} << 49;

TEST(NumberOfDecimal128, ReadsEveryEncoding) {
  Number number;
  ASSERT_EQ(number_of_decimal128(1500, zero_exponent, number), NumberFault::none);
  EXPECT_EQ(number, parsed("1500"));
  ASSERT_EQ(number_of_decimal128(0, std::uint64_t{1} << 63 | std::uint64_t{12000} << 49, number), NumberFault::none);
  EXPECT_EQ(number, Number{});
  EXPECT_EQ(number_of_decimal128(0, 0x7800000000000000, number), NumberFault::not_a_number);
  EXPECT_EQ(number_of_decimal128(0, 0xF800000000000000, number), NumberFault::not_a_number);
  EXPECT_EQ(number_of_decimal128(0, 0x7C00000000000000, number), NumberFault::not_a_number);
  EXPECT_EQ(number_of_decimal128(1, 0, number), NumberFault::magnitude_too_small);
  EXPECT_EQ(number_of_decimal128(1, std::uint64_t{12000} << 49, number), NumberFault::magnitude_too_big);
}

TEST(NumberOfDecimal128, ReadsCoefficientsOfMoreThan34DigitsAsZero) {
  Number number{1, 0, false};
  ASSERT_EQ(number_of_decimal128(1, 0x6000000000000000, number), NumberFault::none);
  EXPECT_EQ(number, Number{});
  // 10^34 - 1 and 10^34.
  ASSERT_EQ(number_of_decimal128(0x378D8E63FFFFFFFF, zero_exponent | 0x1ED09BEAD87C0, number), NumberFault::none);
  EXPECT_EQ(number, parsed(std::string(34, '9')));
  ASSERT_EQ(number_of_decimal128(0x378D8E6400000000, zero_exponent | 0x1ED09BEAD87C0, number), NumberFault::none);
  EXPECT_EQ(number, Number{});
}

RC_GTEST_PROP(NumberOfDecimal128, StripsTrailingZeros, ()) {
  const std::string digits =
      digits_of(*rc::gen::inRange(1, 20)) + std::string(static_cast<std::size_t>(*rc::gen::inRange(0, 15)), '0');
  bson_decimal128_t decimal;
  RC_ASSERT(bson_decimal128_from_string(digits.c_str(), &decimal));
  Number number;
  RC_ASSERT(number_of_decimal128(decimal.low, decimal.high, number) == NumberFault::none);
  RC_ASSERT(number == parsed(digits));
}

std::string libbson_text(std::uint64_t low, std::uint64_t high) {
  bson_decimal128_t decimal;
  decimal.low = low;
  decimal.high = high;
  std::array<char, BSON_DECIMAL128_STRING> text{};
  bson_decimal128_to_string(&decimal, text.data());
  return text.data();
}

TEST(Decimal128Text, FollowsTheSpecification) {
  EXPECT_EQ(decimal128_text(15, zero_exponent), "15");
  EXPECT_EQ(decimal128_text(0, zero_exponent | std::uint64_t{1} << 63), "-0");
  EXPECT_EQ(decimal128_text(125, zero_exponent - (std::uint64_t{1} << 49)), "12.5");
  EXPECT_EQ(decimal128_text(1, zero_exponent + (std::uint64_t{3} << 49)), "1E+3");
  EXPECT_EQ(decimal128_text(12, zero_exponent - (std::uint64_t{7} << 49)), "0.0000012");
  EXPECT_EQ(decimal128_text(12, zero_exponent - (std::uint64_t{8} << 49)), "1.2E-7");
  EXPECT_EQ(decimal128_text(0, 0x7C00000000000000), "NaN");
  EXPECT_EQ(decimal128_text(0, 0xFC00000000000000), "NaN");
  EXPECT_EQ(decimal128_text(0, 0x7800000000000000), "Infinity");
  EXPECT_EQ(decimal128_text(0, 0xF800000000000000), "-Infinity");
}

RC_GTEST_PROP(Decimal128Text, AgreesWithLibbson, (bool negative)) {
  const std::string digits = digits_of(*rc::gen::inRange(1, 35));
  const int exponent = *rc::gen::element(*rc::gen::inRange(-45, 5), *rc::gen::inRange(-6176, 6112));
  bson_decimal128_t decimal;
  RC_ASSERT(bson_decimal128_from_string(digits.c_str(), &decimal));
  const std::uint64_t biased = static_cast<std::uint64_t>(exponent + 6176) << 49;
  const std::uint64_t high = (decimal.high & 0x1FFFFFFFFFFFF) | biased | std::uint64_t{negative} << 63;
  RC_ASSERT(decimal128_text(decimal.low, high) == libbson_text(decimal.low, high));
}

// libbson prints 35 digits of the few coefficients between 10^34 and 2^113; the standard says zero.
RC_GTEST_PROP(Decimal128Text, AgreesWithLibbsonOnAnyBits, (std::uint64_t low, std::uint64_t high)) {
  RC_PRE((high & 0x1FFFFFFFFFFFF) < 0x1ED09BEAD87C0);
  RC_ASSERT(decimal128_text(low, high) == libbson_text(low, high));
  const std::uint64_t top = high | *rc::gen::element(0x6000000000000000U, 0x7800000000000000U, 0x7C00000000000000U);
  RC_ASSERT(decimal128_text(low, top) == libbson_text(low, top));
}

}  // namespace
}  // namespace dynatlas
