#include "controllers/instance/instance_wakes.h"

#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

// What of a Host matters to Instances: not its heartbeat, not its versions.
bool HostMatters(const v1::Host* before, const v1::Host* after) {
  if (before == nullptr || after == nullptr) return true;
  const v1::Condition* a = client::FindCondition(before->status().conditions(), client::kReady);
  const v1::Condition* b = client::FindCondition(after->status().conditions(), client::kReady);
  if ((a == nullptr) != (b == nullptr) || (a != nullptr && a->status() != b->status())) return true;
  v1::Host x, y;
  *x.mutable_spec() = before->spec();
  *y.mutable_spec() = after->spec();
  *x.mutable_status()->mutable_foreign_listeners() = before->status().foreign_listeners();
  *y.mutable_status()->mutable_foreign_listeners() = after->status().foreign_listeners();
  x.mutable_metadata()->mutable_labels()->insert(before->metadata().labels().begin(),
                                                 before->metadata().labels().end());
  y.mutable_metadata()->mutable_labels()->insert(after->metadata().labels().begin(),
                                                 after->metadata().labels().end());
  const bool same_deletion =
      client::IsDeleting(before->metadata()) == client::IsDeleting(after->metadata());
  return !same_deletion || schema::Encode(schema::Wrap(x)) != schema::Encode(schema::Wrap(y));
}

void AddUnplaced(const std::vector<const v1::Object*>& objects, std::vector<ObjectKey>* keys) {
  for (const v1::Instance* instance : AllAs<v1::Instance>(objects)) {
    if (instance->spec().host().empty()) AddKey(keys, KeyOf(*instance));
  }
}

void OfHost(const World& world, const v1::Host* before, const v1::Host* after,
            std::vector<ObjectKey>* keys) {
  if (!HostMatters(before, after)) return;
  const std::string& name = (after != nullptr ? after : before)->metadata().name();
  for (const v1::Object* object : world.Indexed("Instance", "spec.host", name))
    AddKey(keys, schema::KeyOf(*object));
  AddUnplaced(world.All("Instance"), keys);
}

bool ComesOrGoes(const v1::Domain* before, const v1::Domain* after) {
  return before == nullptr || after == nullptr ||
         client::IsDeleting(before->metadata()) != client::IsDeleting(after->metadata());
}

// The copies of the site that `domain` leads to.
void OfDomain(const World& world, const v1::Domain& domain, std::vector<ObjectKey>* keys) {
  for (const v1::Instance* instance : IndexedIn<v1::Instance>(world, domain.metadata().namespace_(),
                                                              "spec.site", domain.spec().site()))
    AddKey(keys, KeyOf(*instance));
}

void OfWork(const World& world, const v1::Work& work, std::vector<ObjectKey>* keys) {
  const v1::OwnerReference* owner = client::FindController(work.metadata());
  if (owner != nullptr && owner->kind() == "Domain") {
    const auto* domain = world.Get<v1::Domain>(work.metadata().namespace_(), owner->name());
    if (domain != nullptr) OfDomain(world, *domain, keys);
  }
  for (const v1::Instance* instance :
       AllAs<v1::Instance>(world.Indexed("Instance", "spec.host", work.spec().host()))) {
    if (client::IsDeleting(instance->metadata())) AddKey(keys, KeyOf(*instance));
  }
}

void OfPort(const v1::Port* port, std::vector<ObjectKey>* keys) {
  if (port == nullptr || port->spec().holder().uid().empty()) return;
  const v1::ObjectRef& holder = port->spec().holder();
  AddKey(keys, {holder.kind(), holder.namespace_(), holder.name()});
}

void OfInstance(const World& world, const v1::Instance* before, const v1::Instance* after,
                std::vector<ObjectKey>* keys) {
  if (before != nullptr && after != nullptr && before->spec().host() == after->spec().host())
    return;
  const v1::OwnerReference* owner =
      client::FindController((after != nullptr ? after : before)->metadata());
  if (owner != nullptr) AddUnplaced(world.OwnedBy(owner->uid()), keys);
}

}  // namespace

std::vector<ObjectKey> WakesInstances(const World& world, const v1::Object* before,
                                      const v1::Object* after) {
  std::vector<ObjectKey> keys;
  const v1::Object* either = after != nullptr ? after : before;
  AddController(&keys, "Instance", before, after);
  if (const auto* work = As<v1::Work>(either)) OfWork(world, *work, &keys);
  const auto* domain = As<v1::Domain>(either);
  if (domain != nullptr && ComesOrGoes(As<v1::Domain>(before), As<v1::Domain>(after)))
    OfDomain(world, *domain, &keys);
  if (As<v1::Host>(either) != nullptr)
    OfHost(world, As<v1::Host>(before), As<v1::Host>(after), &keys);
  if (As<v1::Instance>(either) != nullptr)
    OfInstance(world, As<v1::Instance>(before), As<v1::Instance>(after), &keys);
  OfPort(As<v1::Port>(before), &keys);
  OfPort(As<v1::Port>(after), &keys);
  return keys;
}

}  // namespace reeve::controllers
