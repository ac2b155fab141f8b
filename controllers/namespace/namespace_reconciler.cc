#include "controllers/namespace/namespace_reconciler.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/conditions.h"
#include "client/timestamps.h"
#include "controllers/namespace/contents.h"
#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

// A deletion that takes longer than this says what it waits for.
constexpr absl::Duration kPatience = absl::Seconds(10);

// What can be seen of what the server enforces.
void SetUsed(const World& world, const v1::Namespace& ns, v1::NamespaceStatus* status) {
  status->clear_used();
  const v1::Quota& quota = ns.spec().quota();
  const std::string& name = ns.metadata().name();
  for (const auto& [kind, limit] : quota.objects()) {
    (*status->mutable_used())[fmt::format("objects[{}]", kind)] =
        static_cast<int64_t>(world.InNamespace(kind, name).size());
  }
  int64_t instances = 0;
  int64_t ports = 0;
  if (quota.has_instances() || quota.has_ports()) {
    for (const auto* site : AllAs<v1::Site>(world.InNamespace("Site", name))) {
      instances += site->spec().replicas();
      if (site->spec().type() == v1::SiteSpec::Process) ports += site->spec().replicas();
    }
  }
  if (quota.has_instances()) (*status->mutable_used())["instances"] = instances;
  if (quota.has_ports()) (*status->mutable_used())["ports"] = ports;
}

void SayWhatBlocks(const v1::Namespace& ns, const Contents& contents, Outcome* outcome) {
  RecordEvent event;
  event.regarding = RefTo(ns);
  event.reason = "NamespaceContentRemaining";
  event.message = Describe(contents);
  outcome->effects.push_back(std::move(event));
}

// Kubernetes' conditions of a namespace that is being deleted, with its reasons and words
// (k8s.io/api/core/v1, NamespaceConditionType).
void SetConditions(const Contents& contents, Now now, v1::Namespace* ns) {
  const auto set = [&](const char* type, const std::string& remaining, const char* remain,
                       const char* none, const std::string& message) {
    const bool any = !remaining.empty();
    client::SetCondition(ns->mutable_status()->mutable_conditions(),
                         {type, any ? v1::Condition::True : v1::Condition::False,
                          any ? remain : none, any ? message + remaining : message},
                         ns->metadata().generation(), now.wall);
  };
  const std::string kinds = DescribeKinds(contents), finalizers = DescribeFinalizers(contents);
  set("NamespaceContentRemaining", kinds, "SomeResourcesRemain", "ContentRemoved",
      kinds.empty() ? "All content successfully removed" : "Some resources are remaining: ");
  set("NamespaceFinalizersRemaining", finalizers, "SomeFinalizersRemain", "ContentHasNoFinalizers",
      finalizers.empty() ? "All content-preserving finalizers finished"
                         : "Some content in the namespace has finalizers remaining: ");
}

// The server ends it when it is empty; until then it does nothing.
Outcome Empty(const World& world, const v1::Namespace& ns, Now now) {
  Outcome outcome;
  const Contents contents = LookInto(world, ns.metadata().name());
  const absl::Time due = client::ToTime(ns.metadata().deletion_timestamp()) + kPatience;
  v1::Namespace after = ns;
  after.mutable_status()->set_phase(v1::NamespaceStatus::Terminating);
  SetUsed(world, ns, after.mutable_status());
  if (now.wall >= due) SetConditions(contents, now, &after);
  PushStatus(ns, std::move(after), &outcome);
  for (const v1::Object* root : contents.roots) {
    if (client::IsDeleting(schema::Meta(*root))) continue;
    outcome.effects.push_back(DeleteObject{schema::KeyOf(*root), schema::Meta(*root).uid()});
  }
  if (contents.counts.empty()) {
    outcome.effects.push_back(DeleteObject{KeyOf(ns), ns.metadata().uid()});
    return outcome;
  }
  if (now.wall >= due) {
    SayWhatBlocks(ns, contents, &outcome);
  } else {
    outcome.after = due - now.wall;
  }
  return outcome;
}

Outcome ReconcileNamespace(const World& world, const ObjectKey& key, Now now) {
  Outcome outcome;
  const v1::Namespace* ns = world.Get<v1::Namespace>("", key.name);
  if (ns == nullptr) return outcome;
  if (client::IsDeleting(ns->metadata())) return Empty(world, *ns, now);
  v1::Namespace after = *ns;
  after.mutable_status()->set_phase(v1::NamespaceStatus::Active);
  SetUsed(world, *ns, after.mutable_status());
  PushStatus(*ns, std::move(after), &outcome);
  return outcome;
}

bool UsesOther(const v1::Object* before, const v1::Object* after) {
  if (before == nullptr || after == nullptr) return true;
  const auto* old_site = As<v1::Site>(before);
  const auto* new_site = As<v1::Site>(after);
  return old_site != nullptr && new_site != nullptr &&
         old_site->spec().replicas() != new_site->spec().replicas();
}

// The namespace of what came, went or changed, if anything of it depends on that.
std::vector<ObjectKey> WakesNamespaces(const World& world, const v1::Object* before,
                                       const v1::Object* after) {
  std::vector<ObjectKey> keys;
  const v1::Object& either = after != nullptr ? *after : *before;
  const std::string& name = schema::Meta(either).namespace_();
  if (name.empty() || either.has_event()) return keys;
  const auto* ns = world.Get<v1::Namespace>("", name);
  if (ns == nullptr) return keys;
  const bool counted = ns->spec().has_quota() && UsesOther(before, after);
  if (counted || client::IsDeleting(ns->metadata())) AddKey(&keys, KeyOf(*ns));
  return keys;
}

}  // namespace

const Reconciler kNamespaceReconciler = {"namespace", "Namespace", ReconcileNamespace,
                                         WakesNamespaces};

}  // namespace reeve::controllers
