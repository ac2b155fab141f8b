// One invocation: its words, its outside, and the connection it opens when it needs one.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/names.h"
#include "client/config.h"
#include "ctl/command.h"
#include "ctl/io.h"
#include "proto/schema/kind_registry.h"

namespace reeve::ctl {

// Thread-compatible.
class Session {
 public:
  Session(Io* io, Invocation invocation) : io_(*io), invocation_(std::move(invocation)) {}

  Io& io() { return io_; }
  const Io& io() const { return io_; }
  const Invocation& flags() const { return invocation_; }
  const std::vector<std::string>& args() const { return invocation_.args; }
  const schema::KindRegistry& kinds() const {
    return io_.kinds == nullptr ? schema::KindRegistry::Get() : *io_.kinds;
  }

  // Connects at the first call.
  absl::StatusOr<client::Api*> Api();
  absl::StatusOr<std::string> ConfigFilePath() const;
  // The resolved context; read once.
  const absl::StatusOr<client::Connection>& Connection();

  // The namespace that was asked for, or the context's, or "default".
  const std::string& Namespace();
  bool namespace_given() const { return !invocation_.Text("namespace").empty(); }
  // The key of `name`: in the namespace, if the kind has one.
  ObjectKey KeyFor(const schema::Kind& kind, std::string_view name);

  absl::StatusOr<absl::Duration> DurationFlag(std::string_view flag) const;

  template <typename... Args>
  void Out(fmt::format_string<Args...> format, Args&&... args) {
    io_.out << fmt::format(format, std::forward<Args>(args)...) << std::flush;
  }
  template <typename... Args>
  void Err(fmt::format_string<Args...> format, Args&&... args) {
    io_.err << fmt::format(format, std::forward<Args>(args)...) << std::flush;
  }

  // Prints an error and goes on: the exit code will be 1.
  void Report(const absl::Status& status);
  bool failed() const { return failed_; }

  // What the process returns when nothing failed: 0, unless this is called.
  void EndWith(int code) { code_ = code; }
  int code() const { return code_; }

 private:
  absl::StatusOr<client::Connection> LoadConnection() const;

  Io& io_;
  const Invocation invocation_;
  std::optional<absl::StatusOr<client::Connection>> connection_;
  std::unique_ptr<client::Api> api_;
  std::optional<std::string> namespace_;
  bool failed_ = false;
  int code_ = 0;
};

}  // namespace reeve::ctl
