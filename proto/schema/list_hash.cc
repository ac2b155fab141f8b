#include "proto/schema/list_hash.h"

#include <fmt/format.h>

namespace reeve::schema {
namespace {
constexpr uint64_t kFnvPrime = 0x100000001b3;
}  // namespace

void ListHash::AddText(std::string_view text) {
  for (const unsigned char c : text) hash_ = (hash_ ^ c) * kFnvPrime;
  hash_ *= kFnvPrime;  // A NUL ends each text: "ab","c" and "a","bc" differ.
}

void ListHash::Add(const v1::ObjectMeta& meta) {
  Add(meta.namespace_(), meta.name(), meta.resource_version());
}

void ListHash::Add(std::string_view ns, std::string_view name, std::string_view resource_version) {
  AddText(ns);
  AddText(name);
  AddText(resource_version);
  ++count_;
}

std::string ListHash::Digest() const { return fmt::format("{:016x}", hash_); }

}  // namespace reeve::schema
