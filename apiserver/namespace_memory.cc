#include "apiserver/namespace_memory.h"

#include <utility>

#include "apiserver/quota.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {
namespace {

// More than are written to at a time.
constexpr size_t kNamespacesMax = 1000;

bool MayRefuse(const Message& object) {
  if (schema::Meta(object).has_deletion_timestamp()) return true;
  const Message& inner = schema::Inner(object);
  return inner.GetDescriptor() != v1::Namespace::descriptor() ||
         !LimitsOf(static_cast<const v1::Namespace&>(inner).spec().quota()).empty();
}

}  // namespace

std::shared_ptr<const Message> NamespaceMemory::Recall(const std::string& name) const {
  MutexLock lock(&mu_);
  const auto known = known_.find(name);
  return known == known_.end() ? nullptr : known->second;
}

void NamespaceMemory::Remember(const std::string& name, const Message& ns) {
  if (MayRefuse(ns)) return;
  std::shared_ptr<const Message> copy = CloneObject(ns);
  MutexLock lock(&mu_);
  if (known_.size() >= kNamespacesMax) known_.clear();
  known_[name] = std::move(copy);
}

void NamespaceMemory::Forget() {
  MutexLock lock(&mu_);
  known_.clear();
}

}  // namespace reeve::apiserver
