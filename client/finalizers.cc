#include "client/finalizers.h"

#include <algorithm>
#include <string>

namespace reeve::client {

bool HasFinalizer(const v1::ObjectMeta& meta, std::string_view name) {
  return std::find(meta.finalizers().begin(), meta.finalizers().end(), name) !=
         meta.finalizers().end();
}

void AddFinalizer(v1::ObjectMeta* meta, std::string_view name) {
  if (!HasFinalizer(*meta, name)) meta->add_finalizers(std::string(name));
}

void RemoveFinalizer(v1::ObjectMeta* meta, std::string_view name) {
  auto* all = meta->mutable_finalizers();
  all->erase(std::remove(all->begin(), all->end(), name), all->end());
}

v1::OwnerReference ControllerRef(std::string_view kind, const v1::ObjectMeta& owner) {
  v1::OwnerReference ref;
  ref.set_kind(std::string(kind));
  ref.set_name(owner.name());
  ref.set_uid(owner.uid());
  ref.set_controller(true);
  ref.set_block_owner_deletion(true);
  return ref;
}

const v1::OwnerReference* FindController(const v1::ObjectMeta& meta) {
  for (const v1::OwnerReference& ref : meta.owner_references()) {
    if (ref.controller()) return &ref;
  }
  return nullptr;
}

bool IsControlledBy(const v1::ObjectMeta& meta, std::string_view uid) {
  const v1::OwnerReference* ref = FindController(meta);
  return ref != nullptr && ref->uid() == uid;
}

}  // namespace reeve::client
