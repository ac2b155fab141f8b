// What `reeve-apiserver init` makes once, and every start reads: keys, certificates, the estate's
// name, ctl's config.
//
// <data>/pki/{ca,server,admin,controllers}.{crt,key}, <data>/admin.conf, <data>/estate; last of
// all, so that an init that was interrupted is begun anew. Keys are 0600. server.crt holds the leaf
// and the CA, so that joining hosts can check the CA's pin.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "apiserver/pki.h"

namespace reeve::apiserver {

struct SetupOptions {
  std::string data_dir;
  std::string estate = "reeve";
  std::vector<std::string> sans;  // Names and addresses at which the server is reached; the first
                                  // is what others are told.
  std::string server;  // host:port for admin.conf; empty: the first SAN and the default port.
};

inline constexpr int kApiPort = 7443;
inline constexpr int kJoinPort = 7444;
inline constexpr int kHttpPort = 7445;
inline constexpr int kKubePort = 7446;
// Where administrators of the server's own machine connect, below the data directory.
inline constexpr char kSocketDir[] = "run";
inline constexpr char kSocketName[] = "run/api.sock";

// ALREADY_EXISTS when it was done before: nothing is changed.
absl::Status Initialize(const SetupOptions& options, absl::Time now);

// What a server needs of it.
struct Setup {
  std::string estate;
  KeyPair ca;
  KeyPair server;
  std::string ca_sha256;
  std::string advertised;  // The first name of the server's certificate.
};
// NOT_FOUND, saying what to run, when init was not done.
absl::StatusOr<Setup> LoadSetup(const std::string& data_dir);

}  // namespace reeve::apiserver
