#include "ctl/session.h"

#include "base/status.h"
#include "base/strings.h"
#include "ctl/errors.h"
#include "ctl/screen.h"

namespace reeve::ctl {

absl::StatusOr<std::string> Session::ConfigFilePath() const {
  std::string path = client::ConfigPath(invocation_.Text("config"), io_.env);
  if (path.empty()) return InvalidArgument("no config file: set --config or CTL_CONFIG");
  return path;
}

absl::StatusOr<client::Connection> Session::LoadConnection() const {
  ASSIGN_OR_RETURN(const std::string path, ConfigFilePath());
  absl::StatusOr<client::ConfigFile> file = client::LoadConfig(path);
  if (absl::IsNotFound(file.status())) {
    return NotFound(
        "there is no config file {}: copy the one that `reeve-apiserver init` made, or name one "
        "with --config",
        path);
  }
  RETURN_IF_ERROR(file.status());
  return client::Resolve(*file, invocation_.Text("context"), invocation_.Text("server"));
}

const absl::StatusOr<client::Connection>& Session::Connection() {
  if (!connection_) connection_ = LoadConnection();
  return *connection_;
}

absl::StatusOr<client::Api*> Session::Api() {
  if (api_ != nullptr) return api_.get();
  RETURN_IF_ERROR(Connection().status());
  ASSIGN_OR_RETURN(const absl::Duration timeout, DurationFlag("request-timeout"));
  const client::Connection& connection = *Connection();
  const bool local = !connection.socket.empty();
  ASSIGN_OR_RETURN(
      api_, io_.connect({.endpoint = local ? "unix:" + connection.socket : connection.endpoint,
                         .ca_pem = connection.ca_pem,
                         .cert_pem = connection.cert_pem,
                         .key_pem = connection.key_pem,
                         .server_name = connection.server_name,
                         .timeout = timeout}));
  return api_.get();
}

const std::string& Session::Namespace() {
  if (namespace_) return *namespace_;
  namespace_ = invocation_.Text("namespace");
  if (namespace_->empty() && Connection().ok()) namespace_ = Connection()->ns;
  if (namespace_->empty()) namespace_ = "default";
  return *namespace_;
}

ObjectKey Session::KeyFor(const schema::Kind& kind, std::string_view name) {
  return {.kind = kind.name, .ns = kind.namespaced() ? Namespace() : "", .name = std::string(name)};
}

absl::StatusOr<absl::Duration> Session::DurationFlag(std::string_view flag) const {
  const std::string text = invocation_.Text(flag);
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return InvalidArgument("invalid argument \"{}\" for \"--{}\": use a duration such as 30s or 2m",
                           text, flag);
  }
  return duration;
}

void Session::Report(const absl::Status& status) {
  if (status.ok()) return;
  const std::string text = ErrorText(status);
  const size_t colon = ColorErr(*this) ? text.find(':') : text.npos;
  // "error", "Error from server (NotFound)": what every error begins with.
  if (colon == text.npos || ToLower(text).rfind("error", 0) != 0) {
    Err("{}", text);
  } else {
    Err("\x1b[31m{}\x1b[0m{}", text.substr(0, colon), text.substr(colon));
  }
  failed_ = true;
}

}  // namespace reeve::ctl
