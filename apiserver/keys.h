// Where things are in the store. The first byte says what a key is:
//
//   o <kind id, 2 bytes, big endian> <namespace> 00 <name>
//       an object; cluster kinds have an empty namespace
//   c <space> 00 <value>
//       v1.ClaimRecord
//   i <host uid>
//       v1.HostIdentity: which keys may speak as the host
//   t <token id>
//       v1.JoinToken
//   q <namespace>
//       v1.Object with a Namespace: uid and generation of the one it was counted for, status.used
//   a ...
//       kept for audit records, one per commit
//
// Names hold no NUL, so that keys sort by kind, namespace, name and a prefix is never another one's
// beginning.
#pragma once

#include <string>
#include <string_view>

#include "base/names.h"
#include "proto/schema/kind_registry.h"

namespace reeve::apiserver {

struct KeyRange {
  std::string first;
  std::string last;  // Not in the range.
};

std::string ObjectStoreKey(const schema::Kind& kind, std::string_view ns, std::string_view name);
// All objects of `kind`, or those of one namespace if `ns` is not empty.
KeyRange ObjectRange(const schema::Kind& kind, std::string_view ns);
// Those of one namespace whose names begin with `prefix`.
KeyRange NamePrefixRange(const schema::Kind& kind, std::string_view ns, std::string_view prefix);
// Every object of every kind.
KeyRange AllObjectsRange();
// The id of the kind that the object key `key` is of; 0 when it is none.
int KindIdOfKey(std::string_view key);
// The namespace, and the name, in an object key.
std::string_view NamespaceOfObjectKey(std::string_view key);
std::string_view NameOfObjectKey(std::string_view key);

std::string ClaimKey(std::string_view space, std::string_view value);
KeyRange ClaimRange(std::string_view space);
// The value in a claim key of `space`.
std::string_view ClaimValueOfKey(std::string_view key, std::string_view space);

std::string HostIdentityKey(std::string_view host_uid);
KeyRange HostIdentityRange();
// The uid in a host identity's key.
std::string_view HostUidOfKey(std::string_view key);
std::string QuotaKey(std::string_view ns);
std::string JoinTokenKey(std::string_view token_id);
KeyRange JoinTokenRange();

}  // namespace reeve::apiserver
