#include "apiserver/ownership.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

#include "apiserver/keys.h"
#include "apiserver/violations.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using v1::OwnerReference;

// Owners of owners that are looked at before an owner is accepted.
constexpr size_t kOwnersAboveMax = 64;

bool Had(const Message* before, const OwnerReference& reference) {
  if (before == nullptr) return false;
  const auto& had = schema::Meta(*before).owner_references();
  return std::any_of(had.begin(), had.end(), [&](const OwnerReference& other) {
    return other.uid() == reference.uid() && other.kind() == reference.kind() &&
           other.name() == reference.name();
  });
}

// The object that `reference` of one in namespace `ns` names, nullptr when it is not there (any
// more). What was found must still be so when the transaction commits.
absl::StatusOr<const Message*> FindOwner(Attempt* attempt, const std::string& ns,
                                         const OwnerReference& reference) {
  const schema::Kind* kind = attempt->kinds().FindByName(reference.kind());
  if (kind == nullptr) return nullptr;
  const std::string owner_ns = kind->namespaced() ? ns : "";
  ASSIGN_OR_RETURN(const Message* owner, attempt->Find({kind->name, owner_ns, reference.name()}));
  if (owner == nullptr || schema::Meta(*owner).uid() != reference.uid()) return nullptr;
  // One that is made by this very request has no revision yet, and its own precondition.
  if (RevisionOf(*owner) != 0) {
    attempt->Require(
        store::MustBeAt(ObjectStoreKey(*kind, owner_ns, reference.name()), RevisionOf(*owner)));
  }
  return owner;
}

void CheckReference(const Attempt& attempt, const Message& object, const OwnerReference& reference,
                    const std::string& path, schema::Violations* violations) {
  const schema::Kind* kind = attempt.kinds().FindByName(reference.kind());
  if (kind == nullptr) {
    AddViolation(violations, path + ".kind",
                 fmt::format("the server doesn't have a resource type \"{}\"", reference.kind()));
  } else if (kind->namespaced() && !schema::KindOf(object, attempt.kinds())->namespaced()) {
    AddViolation(violations, path + ".kind",
                 fmt::format("a cluster object cannot be owned by a {}, which is in a namespace",
                             kind->name));
  }
}

void CheckOneController(const Message& object, schema::Violations* violations) {
  const auto& all = schema::Meta(object).owner_references();
  const auto controllers = std::count_if(
      all.begin(), all.end(), [](const OwnerReference& one) { return one.controller(); });
  if (controllers <= 1) return;
  AddViolation(violations, "metadata.ownerReferences",
               "only one reference can have controller set to true");
}

// Walks up from `reference`, breadth first, looking for `object` itself.
absl::Status CheckCycle(Attempt* attempt, const Message& object, const OwnerReference& reference,
                        const std::string& path, schema::Violations* violations) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  std::deque<OwnerReference> above = {reference};
  std::set<std::string> seen;
  while (!above.empty()) {
    const OwnerReference next = above.front();
    above.pop_front();
    if (next.uid() == meta.uid()) {
      AddViolation(violations, path + ".uid",
                   seen.empty() ? "an object cannot own itself"
                                : fmt::format("a cycle: {} {} is itself owned by this object",
                                              reference.kind(), reference.name()));
      return absl::OkStatus();
    }
    if (!seen.insert(next.uid()).second) continue;
    if (seen.size() > kOwnersAboveMax) {
      AddViolation(violations, path + ".uid",
                   fmt::format("more than {} owners above it", kOwnersAboveMax));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Message* owner, FindOwner(attempt, meta.namespace_(), next));
    if (owner == nullptr) continue;
    for (const OwnerReference& one : schema::Meta(*owner).owner_references()) above.push_back(one);
  }
  return absl::OkStatus();
}

absl::Status CheckNewOwner(Attempt* attempt, const Message& object, int index,
                           schema::Violations* violations) {
  const OwnerReference& reference = schema::Meta(object).owner_references(index);
  const std::string path = fmt::format("metadata.ownerReferences[{}]", index);
  CheckReference(*attempt, object, reference, path, violations);
  ASSIGN_OR_RETURN(const Message* owner,
                   FindOwner(attempt, schema::Meta(object).namespace_(), reference));
  if (owner != nullptr && schema::Meta(*owner).has_deletion_timestamp())
    return FailedPrecondition("its owner, {}, is being deleted", ToString(schema::KeyOf(*owner)));
  return CheckCycle(attempt, object, reference, path, violations);
}

}  // namespace

absl::Status CheckOwners(Attempt* attempt, const Message* before, const Message& after,
                         schema::Violations* violations) {
  const auto& references = schema::Meta(after).owner_references();
  bool changed = false;
  for (int i = 0; i < references.size(); ++i) {
    if (Had(before, references[i])) continue;
    changed = true;
    RETURN_IF_ERROR(CheckNewOwner(attempt, after, i, violations));
  }
  if (changed) CheckOneController(after, violations);
  return absl::OkStatus();
}

}  // namespace reeve::apiserver
