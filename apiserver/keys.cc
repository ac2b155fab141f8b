#include "apiserver/keys.h"

#include <cstdint>

namespace reeve::apiserver {
namespace {

std::string KindPrefix(int id) {
  std::string key = "o";
  key += static_cast<char>((id >> 8) & 0xff);
  key += static_cast<char>(id & 0xff);
  return key;
}

// The least key that does not begin with `prefix`. REQUIRES: its last byte is not 0xff.
std::string After(std::string prefix) {
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

KeyRange PrefixRange(const std::string& prefix) { return {prefix, After(prefix)}; }

}  // namespace

std::string ObjectStoreKey(const schema::Kind& kind, std::string_view ns, std::string_view name) {
  std::string key = KindPrefix(kind.id);
  key += ns;
  key += '\0';
  key += name;
  return key;
}

KeyRange ObjectRange(const schema::Kind& kind, std::string_view ns) {
  if (ns.empty()) return {KindPrefix(kind.id), KindPrefix(kind.id + 1)};
  return PrefixRange(ObjectStoreKey(kind, ns, ""));
}

KeyRange NamePrefixRange(const schema::Kind& kind, std::string_view ns, std::string_view prefix) {
  return PrefixRange(ObjectStoreKey(kind, ns, prefix));
}

KeyRange AllObjectsRange() { return {"o", "p"}; }

int KindIdOfKey(std::string_view key) {
  if (key.size() < 3 || key[0] != 'o') return 0;
  return (static_cast<uint8_t>(key[1]) << 8) | static_cast<uint8_t>(key[2]);
}

std::string_view NamespaceOfObjectKey(std::string_view key) {
  return key.substr(3, key.rfind('\0') - 3);
}

std::string_view NameOfObjectKey(std::string_view key) { return key.substr(key.rfind('\0') + 1); }

std::string ClaimKey(std::string_view space, std::string_view value) {
  std::string key = "c";
  key += space;
  key += '\0';
  key += value;
  return key;
}

KeyRange ClaimRange(std::string_view space) { return PrefixRange(ClaimKey(space, "")); }

std::string_view ClaimValueOfKey(std::string_view key, std::string_view space) {
  return key.substr(space.size() + 2);
}

std::string HostIdentityKey(std::string_view host_uid) { return "i" + std::string(host_uid); }

KeyRange HostIdentityRange() { return PrefixRange("i"); }

std::string_view HostUidOfKey(std::string_view key) { return key.substr(1); }

std::string QuotaKey(std::string_view ns) { return "q" + std::string(ns); }

std::string JoinTokenKey(std::string_view token_id) { return "t" + std::string(token_id); }

KeyRange JoinTokenRange() { return PrefixRange("t"); }

}  // namespace reeve::apiserver
