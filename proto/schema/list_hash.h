// The hash of a list's summary: what a server counted in, a client checks, so that a list that lost
// its tail or an item is never taken for a complete one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reeve/v1/meta.pb.h"

namespace reeve::schema {

// FNV-1a of 64 bits over namespace, name and resourceVersion of every item, in order. Guards
// against loss, not against malice: that is TLS's work. Thread-compatible.
class ListHash {
 public:
  void Add(const v1::ObjectMeta& meta);
  void Add(std::string_view ns, std::string_view name, std::string_view resource_version);
  int64_t count() const { return count_; }
  std::string Digest() const;  // 16 hex digits.

 private:
  void AddText(std::string_view text);

  uint64_t hash_ = 0xcbf29ce484222325;
  int64_t count_ = 0;
};

}  // namespace reeve::schema
