// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/server_codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace dynatlas {

namespace {

struct Code {
  std::int32_t number;
  std::string_view name;
  CodeClass what;
};

constexpr Code codes[] = {
    {2, "BadValue", CodeClass::document},
    {6, "HostUnreachable", CodeClass::retry},
    {7, "HostNotFound", CodeClass::retry},
    {9, "FailedToParse", CodeClass::document},
    {11, "UserNotFound", CodeClass::fatal},
    {13, "Unauthorized", CodeClass::fatal},
    {14, "TypeMismatch", CodeClass::document},
    {15, "Overflow", CodeClass::document},
    {18, "AuthenticationFailed", CodeClass::fatal},
    {20, "IllegalOperation", CodeClass::fatal},
    {22, "InvalidBSON", CodeClass::document},
    {24, "LockTimeout", CodeClass::retry},
    {26, "NamespaceNotFound", CodeClass::fatal},
    {28, "PathNotViable", CodeClass::document},
    {46, "LockBusy", CodeClass::retry},
    {50, "MaxTimeMSExpired", CodeClass::retry},
    {52, "DollarPrefixedFieldName", CodeClass::document},
    {53, "InvalidIdField", CodeClass::document},
    {54, "NotSingleValueField", CodeClass::document},
    {55, "InvalidDBRef", CodeClass::document},
    {56, "EmptyFieldName", CodeClass::document},
    {57, "DottedFieldName", CodeClass::document},
    {59, "CommandNotFound", CodeClass::fatal},
    {61, "ShardKeyNotFound", CodeClass::fatal},
    {64, "WriteConcernTimeout", CodeClass::retry},
    {66, "ImmutableField", CodeClass::document},
    {72, "InvalidOptions", CodeClass::fatal},
    {73, "InvalidNamespace", CodeClass::fatal},
    {79, "UnknownReplWriteConcern", CodeClass::fatal},
    {89, "NetworkTimeout", CodeClass::retry},
    {91, "ShutdownInProgress", CodeClass::retry},
    {100, "UnsatisfiableWriteConcern", CodeClass::fatal},
    {112, "WriteConflict", CodeClass::retry},
    {115, "CommandNotSupported", CodeClass::fatal},
    {117, "ConflictingOperationInProgress", CodeClass::retry},
    {121, "DocumentValidationFailure", CodeClass::document},
    {133, "FailedToSatisfyReadPreference", CodeClass::retry},
    {134, "ReadConcernMajorityNotAvailableYet", CodeClass::retry},
    {150, "StaleEpoch", CodeClass::retry},
    {166, "CommandNotSupportedOnView", CodeClass::fatal},
    {189, "PrimarySteppedDown", CodeClass::retry},
    {202, "NetworkInterfaceExceededTimeLimit", CodeClass::retry},
    {215, "DatabaseDropPending", CodeClass::retry},
    {225, "TransactionTooOld", CodeClass::retry},
    {251, "NoSuchTransaction", CodeClass::retry},
    {262, "ExceededTimeLimit", CodeClass::retry},
    {9001, "SocketException", CodeClass::retry},
    {10058, "LegacyNotPrimary", CodeClass::retry},
    {10107, "NotWritablePrimary", CodeClass::retry},
    {10334, "BSONObjectTooLarge", CodeClass::document},
    {11000, "DuplicateKey", CodeClass::duplicate_key},
    {11001, "DuplicateKey", CodeClass::duplicate_key},
    {11600, "InterruptedAtShutdown", CodeClass::retry},
    {11602, "InterruptedDueToReplStateChange", CodeClass::retry},
    {12582, "DuplicateKey", CodeClass::duplicate_key},
    {13297, "DatabaseDifferCase", CodeClass::fatal},
    {13388, "StaleConfig", CodeClass::retry},
    {13435, "NotPrimaryNoSecondaryOk", CodeClass::retry},
    {13436, "NotPrimaryOrSecondary", CodeClass::retry},
    {16500, "TooManyRequests", CodeClass::retry},  // Cosmos DB
    {17419, "ResultTooLarge", CodeClass::document},
    {17420, "UpsertTooLarge", CodeClass::document},
};

const Code* find(std::int32_t code) {
  const auto* found =
      std::find_if(std::begin(codes), std::end(codes), [code](const Code& c) { return c.number == code; });
  return found == std::end(codes) ? nullptr : found;
}

}  // namespace

CodeClass class_of(std::int32_t code) {
  const Code* found = find(code);
  return found == nullptr ? CodeClass::unknown : found->what;
}

std::string_view name_of_code(std::int32_t code) {
  const Code* found = find(code);
  return found == nullptr ? std::string_view() : found->name;
}

std::string describe_code(std::int32_t code) {
  const std::string_view name = name_of_code(code);
  return name.empty() ? fmt::format("error {}", code) : fmt::format("error {} ({})", code, name);
}

}  // namespace dynatlas
