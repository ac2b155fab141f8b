// A World written down by hand, for goldens of single reconcilers: uids are "uid-<name>", every
// object is of revision 5 and generation 1, and every kind is known up to revision 10.
#pragma once

#include <string>

#include "base/clock.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/reconciler.h"
#include "proto/schema/kind_registry.h"

namespace reeve::controllers {

class WorldBuilder {
 public:
  WorldBuilder() {
    for (const schema::Kind& kind : schema::KindRegistry::Get().kinds())
      world.SetRevision(kind.name, 10);
    world.SetFact("dns/blog.example", "NotChecked");
  }

  // Fills in what is not set, and adds it.
  template <typename T>
  T Add(T object) {
    v1::ObjectMeta* meta = object.mutable_metadata();
    if (meta->uid().empty()) meta->set_uid("uid-" + meta->name());
    meta->set_resource_version("5");
    if (meta->generation() == 0) meta->set_generation(1);
    world.Put(schema::Wrap(object));
    return object;
  }

  v1::Host ReadyHost(const std::string& name) {
    v1::Host host;
    host.mutable_metadata()->set_name(name);
    client::AddFinalizer(host.mutable_metadata(), client::kHostFinalizer);
    host.mutable_status()->set_observed_generation(1);
    SetTrue(host.mutable_status()->mutable_conditions(), client::kReady, "Heartbeat",
            "its agent reports");
    return host;
  }

  v1::Site Blog(v1::SiteSpec::Type type) {
    v1::Site site;
    site.mutable_metadata()->set_name("blog");
    site.mutable_metadata()->set_namespace_("default");
    client::AddFinalizer(site.mutable_metadata(), client::kSiteFinalizer);
    site.mutable_spec()->set_type(type);
    site.mutable_spec()->set_blob("sha256-1");
    site.mutable_spec()->set_replicas(1);
    site.mutable_spec()->add_domains("blog.example");
    site.mutable_status()->set_phase(v1::SiteStatus::Provisioning);
    if (type == v1::SiteSpec::Static) return site;
    site.mutable_spec()->mutable_process()->add_command("bin/server");
    site.mutable_spec()->mutable_process()->set_user_id(30001);
    return site;
  }

  void SetTrue(client::ConditionList* conditions, const char* type, const char* reason,
               const char* message) {
    client::SetCondition(conditions, {type, v1::Condition::True, reason, message}, 1, now.wall);
  }

  template <typename T>
  void MarkDeleted(T* object) {
    object->mutable_metadata()->mutable_deletion_timestamp()->set_seconds(1767225000);
    object->mutable_metadata()->set_generation(2);
  }

  // The Work as its host confirmed it.
  void Confirm(v1::Work* work) {
    work->mutable_status()->set_state(v1::WorkStatus::Applied);
    work->mutable_status()->set_observed_generation(1);
    SetTrue(work->mutable_status()->mutable_conditions(), client::kApplied, "Applied", "");
    SetTrue(work->mutable_status()->mutable_conditions(), client::kHealthy, "Probed", "");
  }

  std::string Reconcile(const Reconciler& reconciler, const ObjectKey& key) const {
    return ToString(reconciler.reconcile(world, key, now));
  }

  World world;
  Now now = {.mono = absl::Hours(1), .wall = absl::FromUnixSeconds(1767225600)};
};

}  // namespace reeve::controllers
