// Names as types: what identifies an object, and the counters that order its versions.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace reeve {

// The store's counter: grows with every commit, shared by all keys. 0 is "before everything" or
// "any".
using Revision = int64_t;

// Grows when an object's spec changes.
using Generation = int64_t;

// Identifies an object among all that exist now. `kind` is the CamelCase name, `ns` is empty for
// cluster kinds.
struct ObjectKey {
  std::string kind;
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
  bool operator==(const ObjectKey&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const ObjectKey& key) {
    return H::combine(std::move(h), key.kind, key.ns, key.name);
  }
};

// "Site default/blog", or "Host h1" for a cluster kind: for logs and messages.
inline std::string ToString(const ObjectKey& key) {
  return key.ns.empty() ? key.kind + " " + key.name : key.kind + " " + key.ns + "/" + key.name;
}

// The name Reeve gives to a thing on a host: reeve-<kind>-<name>-<first 8 of uid>, at most 63
// characters; a name that would be longer is cut and gets 8 characters of its hash, so that
// different objects never share one.
std::string HostSideName(const std::string& kind, const std::string& name, const std::string& uid);

}  // namespace reeve
