// gmock matchers for absl::Status and absl::StatusOr.
#pragma once

#include <absl/status/statusor.h>
#include <gmock/gmock.h>

#include <string>

namespace reeve::testing_internal {
inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status) {
  return status.status();
}
}  // namespace reeve::testing_internal

namespace reeve {

MATCHER(IsOk, "is OK") {
  const absl::Status& status = testing_internal::GetStatus(arg);
  *result_listener << status.ToString();
  return status.ok();
}

// The status has `code` and its message contains `text`.
MATCHER_P2(IsError, code, text, "has the code and mentions the text") {
  const absl::Status& status = testing_internal::GetStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code && std::string(status.message()).find(text) != std::string::npos;
}

}  // namespace reeve

#define ASSERT_OK(expression) ASSERT_THAT(expression, ::reeve::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT(expression, ::reeve::IsOk())
// Declares or assigns `lhs` from a StatusOr; fails the test when it is an error.
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  REEVE_ASSERT_OK_AND_ASSIGN(REEVE_TEST_CONCAT(statusor_test_, __LINE__), lhs, expression)
#define REEVE_TEST_CONCAT_INNER(a, b) a##b
#define REEVE_TEST_CONCAT(a, b) REEVE_TEST_CONCAT_INNER(a, b)
#define REEVE_ASSERT_OK_AND_ASSIGN(statusor, lhs, expression) \
  auto statusor = (expression);                               \
  ASSERT_THAT(statusor, ::reeve::IsOk());                     \
  lhs = *std::move(statusor)
