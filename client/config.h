// The config file: which server, which authority, which user. kubectl's form; reeve/v1/config.proto
// says which part.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reeve/v1/config.pb.h"

namespace reeve::client {

// A context, resolved: everything a connection needs.
struct Connection {
  std::string context;
  std::string endpoint;  // host:port
  // Of the same server, when it is on this machine and lets us in: to be preferred. Absolute; empty
  // when there is none.
  std::string socket;
  std::string server_name;
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
  std::string ns = "default";
};

struct ConfigFile {
  std::string path;
  v1::Config config;
};

// Where the config is: `flag` (--kubeconfig, --config), else $CTL_CONFIG, else
// $XDG_CONFIG_HOME/ctl/config, else $HOME/.config/ctl/config. "" when none of them says.
std::string ConfigPath(std::string_view flag,
                       const std::function<std::string(std::string_view)>& env);

// NOT_FOUND when there is no such file; INVALID_ARGUMENT with line and column when it cannot be
// understood.
absl::StatusOr<ConfigFile> LoadConfig(const std::string& path);
absl::StatusOr<v1::Config> ParseConfig(std::string_view text, std::string_view source);

// The context called `name`, or the current one when it is empty, with its files read. `server`
// replaces the cluster's, and the context's socket is not used then.
absl::StatusOr<Connection> Resolve(const ConfigFile& file, std::string_view name,
                                   std::string_view server = "");

// `text` with another current-context; everything else, comments too, stays as it is.
std::string WithCurrentContext(std::string_view text, std::string_view context);

// Writes current-context into the file at `path`, atomically. NOT_FOUND when it has no such
// context.
absl::Status UseContext(const std::string& path, std::string_view context);

// Writes the whole config to its file, atomically, with the mode it has; a new one is private.
// Comments of the file are lost.
absl::Status SaveConfig(const ConfigFile& file);

}  // namespace reeve::client
