#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace reeve {
namespace {

LogFormat g_format = LogFormat::kText;  // Written once, before threads start.

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::off;
}

// JSON string escapes; also what keeps a text line one line.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string Text(std::string_view message, std::initializer_list<LogKey> keys) {
  std::string line(message);
  for (const LogKey& key : keys) {
    const bool plain =
        key.value.find_first_of(" \"=\\\n\t") == std::string::npos && !key.value.empty();
    line += plain ? fmt::format(" {}={}", key.key, key.value)
                  : fmt::format(" {}=\"{}\"", key.key, Escape(key.value));
  }
  return line;
}

std::string JsonFields(std::string_view message, std::initializer_list<LogKey> keys) {
  std::string line = fmt::format("\"msg\":\"{}\"", Escape(message));
  for (const LogKey& key : keys) line += fmt::format(",\"{}\":\"{}\"", key.key, Escape(key.value));
  return line;
}

}  // namespace

void Log(LogLevel level, std::string_view message, std::initializer_list<LogKey> keys) {
  const auto spd = ToSpdlog(level);
  if (!spdlog::default_logger_raw()->should_log(spd)) return;
  const std::string line =
      g_format == LogFormat::kJson ? JsonFields(message, keys) : Text(message, keys);
  spdlog::default_logger_raw()->log(spd, "{}", line);
}

void InitLog(std::string_view component, LogFormat format, LogLevel lowest) {
  auto logger = std::make_shared<spdlog::logger>(std::string(component),
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  g_format = format;
  logger->set_pattern(format == LogFormat::kJson
                          ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","logger":"%n",%v})"
                          : "%Y-%m-%dT%H:%M:%S.%eZ %L %n %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(ToSpdlog(lowest));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace reeve
