// Who asks: what the server made of the verified client certificate, or what an in-process caller
// is.
#pragma once

#include <string>

namespace reeve::apiserver {

struct Identity {
  enum class Role { kAnonymous, kHost, kController, kAdmin };

  Role role = Role::kAnonymous;
  std::string name;  // "admin", "site-controller", the host's name.
  std::string uid;   // Of the Host object, for hosts.

  static Identity Admin() { return {Role::kAdmin, "admin", ""}; }
  static Identity Controller(std::string name) { return {Role::kController, std::move(name), ""}; }
  static Identity Host(std::string name, std::string uid) {
    return {Role::kHost, std::move(name), std::move(uid)};
  }
};

}  // namespace reeve::apiserver
