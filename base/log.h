// Structured logs: a constant message plus keys, one line each, to standard error.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace reeve {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
// Text for terminals; JSON, one object a line, for machines.
enum class LogFormat { kText, kJson };

struct LogKey {
  template <typename T>
  LogKey(std::string_view key_in, const T& value_in)
      : key(key_in), value(fmt::format("{}", value_in)) {}
  std::string_view key;
  std::string value;
};

// Log(kInfo, "instance placed", {{"instance", key}, {"host", h}}). Values are escaped. Thread
// safety: safe.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogKey> keys = {});

// Sets the component's name, the format and the lowest level shown. Call once, in main, before any
// thread starts.
void InitLog(std::string_view component, LogFormat format, LogLevel lowest);

}  // namespace reeve
