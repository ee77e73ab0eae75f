// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace dynatlas {

// What can be done about a failure, and by whom.
enum class ErrorKind {
  retry,   // the same call may work later
  poison,  // this record never will: park it and go on
  fatal,   // nothing will until a person changes the environment (exit code 3)
  usage,   // the command line or the configuration is wrong, and nothing was touched (exit code 2)
};

// A failure as a value. `message` is for people: it names what failed (file, line, configuration key, attribute path)
// and what to do, and never holds an item's content.
struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::string message;
};

// A `T`, or the `Error` that came instead.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error)
      : tl::expected<T, Error>(tl::unexpect, std::move(error)) {
  }  // NOLINT(google-explicit-constructor): `return error;`
};

inline Error retry(std::string message) { return Error{ErrorKind::retry, std::move(message)}; }
inline Error poison(std::string message) { return Error{ErrorKind::poison, std::move(message)}; }
inline Error fatal(std::string message) { return Error{ErrorKind::fatal, std::move(message)}; }
inline Error usage(std::string message) { return Error{ErrorKind::usage, std::move(message)}; }

}  // namespace dynatlas

#define DYNATLAS_JOIN_INNER(a, b) a##b
#define DYNATLAS_JOIN(a, b) DYNATLAS_JOIN_INNER(a, b)

// Returns the error of `expression` from the calling function, if it has one.
#define RETURN_IF_ERROR(expression)                                                  \
  do {                                                                               \
    if (auto returned = (expression); !returned) return std::move(returned).error(); \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses

// Declares `declaration` as the value of `expression`, or returns its error from the calling function.
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(DYNATLAS_JOIN(result_at_line_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result) return std::move(result).error();                \
  declaration = *std::move(result)

// NOLINTEND(bugprone-macro-parentheses)
