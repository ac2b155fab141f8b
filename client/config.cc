#include "client/config.h"

#include <absl/strings/escaping.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/durable_file.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/yaml.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCurrentContext = "current-context:";
constexpr std::string_view kPemStart = "-----BEGIN ";

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  if (text.size() > kManifestFileBytesMax)
    return InvalidArgument("{}: is larger than {} bytes", path, kManifestFileBytesMax);
  return text;
}

// PEM that the config holds itself, or names by file.
absl::StatusOr<std::string> ReadPem(const ConfigFile& file, const std::string& name,
                                    const std::string& data, std::string_view field) {
  if (data.starts_with(kPemStart)) return data;
  if (!data.empty()) {
    std::string pem;
    if (!absl::Base64Unescape(data, &pem))
      return InvalidArgument("{}: {}-data: is neither base64 nor PEM", file.path, field);
    return pem;
  }
  if (name.empty()) return std::string();
  const fs::path path =
      fs::path(file.path).parent_path() / name;  // An absolute name stays as it is.
  absl::StatusOr<std::string> text = ReadSmallFile(path.string());
  if (!text.ok()) return Annotate(text.status(), fmt::format("{}: {}", file.path, field));
  return text;
}

template <typename Named>
const Named* FindNamed(const google::protobuf::RepeatedPtrField<Named>& items,
                       std::string_view name) {
  for (const Named& item : items) {
    if (item.name() == name) return &item;
  }
  return nullptr;
}

std::string WithoutScheme(std::string server) {
  constexpr std::string_view kScheme = "https://";
  if (server.starts_with(kScheme)) server.erase(0, kScheme.size());
  while (server.ends_with('/')) server.pop_back();
  return server;
}

// Nobody could have put it there but root, we, and who wrote the config file.
bool IsTrusted(const fs::path& path, const fs::path& config) {
  struct stat info, of_config;
  if (lstat(path.c_str(), &info) != 0 || stat(config.c_str(), &of_config) != 0) return false;
  const bool of_others =
      info.st_uid != 0 && info.st_uid != geteuid() && info.st_uid != of_config.st_uid;
  return !of_others && (!S_ISDIR(info.st_mode) || (info.st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

// The context's socket, if it is there and ours to open. What is sent over it is not encrypted, and
// who answers is not asked for a certificate.
std::string UsableSocket(const ConfigFile& file, const v1::Context& context) {
  if (context.socket().empty()) return "";
  std::error_code error;
  const fs::path config = fs::absolute(file.path, error);
  const fs::path path = config.parent_path() / context.socket();
  const bool usable = !error && IsTrusted(path, config) && IsTrusted(path.parent_path(), config) &&
                      access(path.c_str(), R_OK | W_OK) == 0;
  return usable ? path.string() : "";
}

absl::Status ReadUser(const ConfigFile& file, const v1::User& user, Connection* connection) {
  ASSIGN_OR_RETURN(connection->cert_pem,
                   ReadPem(file, user.client_certificate(), user.client_certificate_data(),
                           "client-certificate"));
  ASSIGN_OR_RETURN(connection->key_pem,
                   ReadPem(file, user.client_key(), user.client_key_data(), "client-key"));
  return absl::OkStatus();
}

absl::Status ReadCluster(const ConfigFile& file, const v1::Cluster& cluster,
                         Connection* connection) {
  connection->endpoint = WithoutScheme(cluster.server());
  connection->server_name = cluster.tls_server_name();
  ASSIGN_OR_RETURN(connection->ca_pem,
                   ReadPem(file, cluster.certificate_authority(),
                           cluster.certificate_authority_data(), "certificate-authority"));
  return absl::OkStatus();
}

}  // namespace

std::string ConfigPath(std::string_view flag,
                       const std::function<std::string(std::string_view)>& env) {
  if (!flag.empty()) return std::string(flag);
  if (std::string path = env("CTL_CONFIG"); !path.empty()) return path;
  if (const std::string xdg = env("XDG_CONFIG_HOME"); !xdg.empty()) return xdg + "/ctl/config";
  if (const std::string home = env("HOME"); !home.empty()) return home + "/.config/ctl/config";
  return "";
}

absl::StatusOr<v1::Config> ParseConfig(std::string_view text, std::string_view source) {
  v1::Config config;
  RETURN_IF_ERROR(schema::ParseYamlMessage(text, source, &config));
  return config;
}

absl::StatusOr<ConfigFile> LoadConfig(const std::string& path) {
  ConfigFile file{.path = path};
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  ASSIGN_OR_RETURN(file.config, ParseConfig(text, path));
  return file;
}

absl::StatusOr<Connection> Resolve(const ConfigFile& file, std::string_view name,
                                   std::string_view server) {
  Connection connection;
  connection.context = name.empty() ? file.config.current_context() : std::string(name);
  if (connection.context.empty())
    return InvalidArgument("{}: current-context is not set", file.path);
  const v1::NamedContext* context = FindNamed(file.config.contexts(), connection.context);
  if (context == nullptr)
    return InvalidArgument("context \"{}\" does not exist", connection.context);
  const std::string& cluster_name = context->context().cluster();
  const v1::NamedCluster* cluster = FindNamed(file.config.clusters(), cluster_name);
  if (cluster == nullptr)
    return InvalidArgument("{}: there is no cluster \"{}\"", file.path, cluster_name);
  RETURN_IF_ERROR(ReadCluster(file, cluster->cluster(), &connection));
  const std::string& user_name = context->context().user();
  const v1::NamedUser* user = FindNamed(file.config.users(), user_name);
  if (user == nullptr) return InvalidArgument("{}: there is no user \"{}\"", file.path, user_name);
  RETURN_IF_ERROR(ReadUser(file, user->user(), &connection));
  if (!server.empty()) connection.endpoint = WithoutScheme(std::string(server));
  if (server.empty()) connection.socket = UsableSocket(file, context->context());
  if (!context->context().namespace_().empty()) connection.ns = context->context().namespace_();
  return connection;
}

std::string WithCurrentContext(std::string_view text, std::string_view context) {
  const std::string line = fmt::format("{} {}", kCurrentContext, context);
  std::string result;
  bool found = false;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view old = text.substr(start, end - start);
    found = found || old.starts_with(kCurrentContext);
    result.append(old.starts_with(kCurrentContext) ? std::string_view(line) : old);
    result.push_back('\n');
    start = end + 1;
  }
  if (!found) result += line + "\n";
  return result;
}

absl::Status UseContext(const std::string& path, std::string_view context) {
  ASSIGN_OR_RETURN(const ConfigFile file, LoadConfig(path));
  if (FindNamed(file.config.contexts(), context) == nullptr) {
    return NotFound("no context exists with the name: \"{}\"", context);
  }
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  std::error_code error;
  const auto mode = static_cast<mode_t>(fs::status(path, error).permissions());
  if (error) return ErrnoStatus(error.value(), path);
  return ReplaceFile(path, WithCurrentContext(text, context), mode);
}

absl::Status SaveConfig(const ConfigFile& file) {
  std::error_code error;
  const fs::file_status found = fs::status(file.path, error);
  const mode_t mode = fs::exists(found) ? static_cast<mode_t>(found.permissions()) : kPrivateFile;
  v1::Config config = file.config;
  config.set_api_version("v1");
  config.set_kind("Config");
  fs::create_directories(fs::path(file.path).parent_path(), error);
  return ReplaceFile(file.path, schema::MessageToYaml(config), mode);
}

}  // namespace reeve::client
