// absl::Status for the world that fails, CHECK for the program that is wrong.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace reeve {

// `status` with "context: " before its message; code and payloads stay. OK stays OK.
absl::Status Annotate(absl::Status status, std::string_view context);

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

// One maker per code, each taking a fmt format string: InvalidArgument("{} is not a port", text).
#define REEVE_STATUS_MAKER(Name)                                                \
  template <typename... Args>                                                   \
  absl::Status Name(fmt::format_string<Args...> format, Args&&... args) {       \
    return absl::Name##Error(fmt::format(format, std::forward<Args>(args)...)); \
  }
REEVE_STATUS_MAKER(Aborted)
REEVE_STATUS_MAKER(AlreadyExists)
REEVE_STATUS_MAKER(Cancelled)
REEVE_STATUS_MAKER(DataLoss)
REEVE_STATUS_MAKER(DeadlineExceeded)
REEVE_STATUS_MAKER(FailedPrecondition)
REEVE_STATUS_MAKER(Internal)
REEVE_STATUS_MAKER(InvalidArgument)
REEVE_STATUS_MAKER(NotFound)
REEVE_STATUS_MAKER(OutOfRange)
REEVE_STATUS_MAKER(PermissionDenied)
REEVE_STATUS_MAKER(ResourceExhausted)
REEVE_STATUS_MAKER(Unauthenticated)
REEVE_STATUS_MAKER(Unavailable)
REEVE_STATUS_MAKER(Unimplemented)
#undef REEVE_STATUS_MAKER

// Fills in "what failed: strerror(error)" with the code that fits `error` (ENOENT is NOT_FOUND and
// so on).
absl::Status ErrnoStatus(int error, std::string_view what);

namespace internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view why);
}  // namespace internal

}  // namespace reeve

// Ends the process when `condition` is false: a bug, in every build. The second argument says what
// was assumed.
#define CHECK(condition, why)                                                              \
  do {                                                                                     \
    if (!(condition)) ::reeve::internal::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)

#define RETURN_IF_ERROR(expression)                                                        \
  do {                                                                                     \
    if (absl::Status status_macro = (expression); !status_macro.ok()) return status_macro; \
  } while (false)

#define REEVE_CONCAT_INNER(a, b) a##b
#define REEVE_CONCAT(a, b) REEVE_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN(lhs, expression) \
  REEVE_ASSIGN_OR_RETURN(REEVE_CONCAT(statusor_macro_, __LINE__), lhs, expression)
#define REEVE_ASSIGN_OR_RETURN(statusor, lhs, expression)  \
  auto statusor = (expression);                            \
  if (!statusor.ok()) return std::move(statusor).status(); \
  lhs = *std::move(statusor)
