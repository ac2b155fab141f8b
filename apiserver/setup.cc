#include "apiserver/setup.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/durable_file.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

constexpr absl::Duration kServerLifetime = absl::Hours(24 * 365);
constexpr absl::Duration kClientLifetime = absl::Hours(24 * 365);

absl::Status WritePair(const std::string& stem, const KeyPair& pair) {
  RETURN_IF_ERROR(ReplaceFile(stem + ".key", pair.key_pem, kPrivateFile));
  return ReplaceFile(stem + ".crt", pair.cert_pem, kPublicFile);
}

absl::StatusOr<KeyPair> ReadPair(const std::string& stem) {
  KeyPair pair;
  ASSIGN_OR_RETURN(pair.key_pem, ReadFile(stem + ".key"));
  ASSIGN_OR_RETURN(pair.cert_pem, ReadFile(stem + ".crt"));
  return pair;
}

// The names of the server's certificate: those given, and how it is reached from its own machine.
std::vector<std::string> ServerSans(const std::vector<std::string>& given) {
  std::vector<std::string> sans = given;
  for (const char* own : {"localhost", "127.0.0.1"}) {
    if (std::find(sans.begin(), sans.end(), own) == sans.end()) sans.push_back(own);
  }
  return sans;
}

std::string AdminConf(const std::string& server) {
  return fmt::format(
      "apiVersion: v1\nkind: Config\n"
      "clusters:\n  - name: reeve\n    cluster:\n      server: {}\n      certificate-authority: "
      "pki/ca.crt\n"
      "users:\n  - name: admin\n    user:\n      client-certificate: pki/admin.crt\n      "
      "client-key: pki/admin.key\n"
      "contexts:\n  - name: reeve\n    context:\n      cluster: reeve\n      user: admin\n      "
      "namespace: default\n      socket: {}\n"
      "current-context: reeve\n",
      server, kSocketName);
}

absl::StatusOr<KeyPair> MakeClient(const KeyPair& ca, const std::string& estate,
                                   const std::string& role, const std::string& name,
                                   absl::Time now) {
  return MakeCert(ca, {.common_name = name,
                       .uri = SpiffeUri(estate, {role, name}),
                       .servers = {},
                       .now = now,
                       .lifetime = kClientLifetime});
}

absl::Status MakePki(const SetupOptions& options, absl::Time now) {
  const std::string dir = options.data_dir + "/pki/";
  ASSIGN_OR_RETURN(const KeyPair ca, MakeCa(options.estate, now));
  ASSIGN_OR_RETURN(const KeyPair server, MakeCert(ca, {.common_name = "reeve-apiserver",
                                                       .uri = "",
                                                       .servers = ServerSans(options.sans),
                                                       .now = now,
                                                       .lifetime = kServerLifetime}));
  ASSIGN_OR_RETURN(const KeyPair admin, MakeClient(ca, options.estate, "user", "admin", now));
  ASSIGN_OR_RETURN(const KeyPair controllers,
                   MakeClient(ca, options.estate, "controller", "controllers", now));
  RETURN_IF_ERROR(WritePair(dir + "ca", ca));
  RETURN_IF_ERROR(WritePair(dir + "server", server));
  RETURN_IF_ERROR(WritePair(dir + "admin", admin));
  return WritePair(dir + "controllers", controllers);
}

// It goes into URIs.
absl::Status CheckEstate(const std::string& estate) {
  const bool ok =
      !estate.empty() && estate.size() <= 253 &&
      estate.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
  return ok ? absl::OkStatus()
            : InvalidArgument("--estate: must be of lower-case letters, digits, '-' and '.'");
}

absl::Status MakeDataDirs(const std::string& data_dir) {
  RETURN_IF_ERROR(MakeDirs(data_dir));
  // A package, or a person, may have made it for all to read.
  if (chmod(data_dir.c_str(), 0700) != 0) return ErrnoStatus(errno, "chmod of " + data_dir);
  return MakeDirs(data_dir + "/pki");
}

}  // namespace

absl::Status Initialize(const SetupOptions& options, absl::Time now) {
  RETURN_IF_ERROR(CheckEstate(options.estate));
  if (std::filesystem::exists(options.data_dir + "/estate")) {
    return AlreadyExists("{} is already initialized; nothing was changed", options.data_dir);
  }
  RETURN_IF_ERROR(MakeDataDirs(options.data_dir));
  RETURN_IF_ERROR(MakePki(options, now));
  const std::string server = options.server.empty()
                                 ? fmt::format("{}:{}", ServerSans(options.sans)[0], kApiPort)
                                 : options.server;
  RETURN_IF_ERROR(ReplaceFile(options.data_dir + "/admin.conf", AdminConf(server), kPrivateFile));
  return ReplaceFile(options.data_dir + "/estate", options.estate + "\n", kPublicFile);
}

absl::StatusOr<Setup> LoadSetup(const std::string& data_dir) {
  Setup setup;
  const auto estate = ReadFile(data_dir + "/estate");
  if (absl::IsNotFound(estate.status())) {
    return NotFound("{} is not initialized; run: reeve-apiserver init --data-dir {}", data_dir,
                    data_dir);
  }
  RETURN_IF_ERROR(estate.status());
  setup.estate = Trim(*estate);
  ASSIGN_OR_RETURN(setup.ca, ReadPair(data_dir + "/pki/ca"));
  ASSIGN_OR_RETURN(setup.server, ReadPair(data_dir + "/pki/server"));
  ASSIGN_OR_RETURN(setup.ca_sha256, SpkiSha256(setup.ca.cert_pem));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ServerNames(setup.server.cert_pem));
  if (names.empty()) return DataLoss("{}/pki/server.crt names no server", data_dir);
  setup.advertised = names[0];
  return setup;
}

}  // namespace reeve::apiserver
