#include "tests/simulation/auditor.h"

#include <fmt/format.h>

#include "apiserver/keys.h"
#include "apiserver/object_io.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/object.h"
#include "proto/schema/phases.h"

namespace reeve::simulation {
namespace {

const schema::KindRegistry& Kinds() { return schema::KindRegistry::Get(); }

std::string DigestOf(const store::Batch& batch) {
  std::string digest;
  for (const store::Change& change : batch.changes) {
    digest += fmt::format("{}:{}:{};", change.version.key, change.deleted,
                          std::hash<std::string>()(change.version.value));
  }
  return digest;
}

// A commit of ephemeral objects only may be lost in a crash.
bool IsDurable(const store::Batch& batch) {
  for (const store::Change& change : batch.changes) {
    const schema::Kind* kind = Kinds().FindById(apiserver::KindIdOfKey(change.version.key));
    if (kind == nullptr || !kind->options.ephemeral()) return true;
  }
  return false;
}

const v1::OwnerReference* Controller(const v1::Object& object) {
  for (const v1::OwnerReference& owner : schema::Meta(object).owner_references()) {
    if (owner.controller()) return &owner;
  }
  return nullptr;
}

std::string HolderUid(const v1::Object& object) {
  if (object.has_port()) return object.port().spec().owner_uid();
  const v1::OwnerReference* owner = Controller(object);
  return owner == nullptr ? schema::Meta(object).uid() : owner->uid();
}

Revision VersionOf(const v1::Object& object) {
  return std::stoll(schema::Meta(object).resource_version());
}

// Said here again, by hand, and not through the claims of the schema: the check must not share its
// subject's code.
std::set<std::string> ClaimsOf(const v1::Object& object) {
  std::set<std::string> claims;
  for (const std::string& domain : object.site().spec().domains())
    claims.insert("hostname " + domain);
  if (object.has_site() && object.site().spec().process().user_id() != 0) {
    claims.insert(fmt::format("uid {}", object.site().spec().process().user_id()));
  }
  if (object.has_domain()) claims.insert("hostname " + object.domain().spec().hostname());
  if (object.has_port() && !object.port().spec().owner_uid().empty()) {
    claims.insert(
        fmt::format("port {}/{}", object.port().spec().host(), object.port().spec().number()));
  }
  return claims;
}

// Ports that units of this Work listen on: no two Works of a host may share one.
std::set<std::string> UnitPorts(const v1::Object& object) {
  std::set<std::string> ports;
  if (!object.has_work()) return ports;
  for (const v1::Artifact& artifact : object.work().spec().artifacts()) {
    if (artifact.has_unit()) {
      ports.insert(
          fmt::format("unit port {}/{}", object.work().spec().host(), artifact.unit().port()));
    }
  }
  return ports;
}

}  // namespace

void Auditor::Attach(store::Store* store) {
  Replay(store);
  auto watcher = store->Watch("", "", last_, [] {});
  if (!watcher.ok())
    return Violation(fmt::format("watch from {}: {}", last_, watcher.status().ToString()));
  watcher_ = *std::move(watcher);
}

// Reads the whole log of a store that came back and compares it with what was seen before.
void Auditor::Replay(store::Store* store) {
  if (log_.empty()) return;
  auto watcher = store->Watch("", "", store->floor(), [] {});
  if (!watcher.ok()) return Violation("the log is gone: " + watcher.status().ToString());
  std::map<Revision, std::string> found;
  for (auto batch = (*watcher)->Next(); batch.ok() && *batch; batch = (*watcher)->Next()) {
    if (!(*batch)->changes.empty()) found[(*batch)->revision] = DigestOf(**batch);
  }
  for (const auto& [revision, commit] : log_) {
    if (revision <= store->floor()) continue;
    const auto it = found.find(revision);
    if (it == found.end() && !commit.durable) continue;
    if (it == found.end())
      Violation(fmt::format("revision {} was lost in a crash", revision));
    else if (it->second != commit.digest)
      Violation(fmt::format("revision {} was given twice", revision));
  }
  if (store->revision() < last_) last_ = store->revision();
}

void Auditor::Poll() {
  if (watcher_ == nullptr) return;
  while (true) {
    auto batch = watcher_->Next();
    if (!batch.ok()) return Violation("the auditor's watch ended: " + batch.status().ToString());
    if (!*batch) return;
    Take(**batch);
  }
}

void Auditor::Take(const store::Batch& batch) {
  if (batch.changes.empty()) return;
  if (batch.revision <= last_)
    Violation(fmt::format("revision {} after {}", batch.revision, last_));
  last_ = batch.revision;
  const bool durable = IsDurable(batch);
  log_[batch.revision] = {DigestOf(batch), durable};
  if (durable) last_durable_ = batch.revision;
  std::string what = fmt::format("commit {}", batch.revision);
  for (const store::Change& change : batch.changes) {
    TakeChange(change);
    const auto it = by_store_key_.find(change.version.key);
    if (it != by_store_key_.end())
      what += fmt::format(" {} ({} bytes)", ToString(it->second), change.version.value.size());
    if (change.deleted) what += fmt::format(" -{}", change.version.key.size());
  }
  kernel_->Trace(what);
  CheckUnique();
  CheckOwned();
}

void Auditor::TakeChange(const store::Change& change) {
  if (apiserver::KindIdOfKey(change.version.key) == 0) return;
  std::optional<v1::Object> before;
  if (const auto it = by_store_key_.find(change.version.key); it != by_store_key_.end()) {
    before = objects_.at(it->second);
    TakeAway(it->second);
    by_store_key_.erase(it);
  }
  if (change.deleted) {
    if (before) gone_.push_back(*std::move(before));
    return;
  }
  auto decoded = apiserver::DecodeFromStore(Kinds(), change.version);
  if (!decoded.ok()) return Violation(decoded.status().ToString());
  const auto& object = static_cast<const v1::Object&>(**decoded);
  CheckObject(before ? &*before : nullptr, object);
  const ObjectKey key = schema::KeyOf(object);
  if (before) replaced_[{key, last_}] = VersionOf(*before);
  std::set<std::string>& claims = claims_of_[key];
  claims = ClaimsOf(object);
  for (const std::string& claim : claims) {
    holders_[claim][HolderUid(object)].insert(key);
    touched_.insert(claim);
  }
  for (const std::string& port : UnitPorts(object)) {
    claims.insert(port);
    holders_[port][HolderUid(object)].insert(key);
    touched_.insert(port);
  }
  by_store_key_[change.version.key] = key;
  objects_[key] = object;
  if (on_change_) on_change_(before ? &*before : nullptr, object);
}

void Auditor::TakeAway(const ObjectKey& key) {
  const std::string holder_uid = HolderUid(objects_.at(key));
  for (const std::string& claim : claims_of_[key]) {
    auto& holder = holders_[claim][holder_uid];
    holder.erase(key);
    if (holder.empty()) holders_[claim].erase(holder_uid);
  }
  claims_of_.erase(key);
  objects_.erase(key);
}

// A Site waits for its Instances and Domains, an Instance and a Domain for their Works.
void Auditor::CheckOwned() {
  for (const v1::Object& owner : gone_) {
    if (!owner.has_site() && !owner.has_instance() && !owner.has_domain()) continue;
    for (const auto& [key, object] : objects_) {
      const v1::OwnerReference* controller = Controller(object);
      if (controller == nullptr || controller->uid() != schema::Meta(owner).uid()) continue;
      Violation(fmt::format("{} went before {}", ToString(schema::KeyOf(owner)), ToString(key)));
    }
  }
  gone_.clear();
}

void Auditor::CheckObject(const v1::Object* before, const v1::Object& after) {
  const std::string name = ToString(schema::KeyOf(after));
  const v1::ObjectMeta& meta = schema::Meta(after);
  const schema::Kind* kind = schema::KindOf(after);
  if (before != nullptr) {
    const v1::ObjectMeta& old = schema::Meta(*before);
    if (old.uid() != meta.uid()) Violation(name + " changed its uid");
    if (old.generation() > meta.generation()) Violation(name + " went back in generation");
  }
  if (kind->options.lifecycle().empty()) return;
  const schema::Lifecycle* lifecycle = schema::FindLifecycle(kind->options.lifecycle());
  const std::string from =
      before == nullptr ? std::string(lifecycle->initial) : schema::Phase(*before);
  const std::string to = schema::Phase(after);
  if (!schema::TransitionAllowed(*lifecycle, from, to))
    Violation(fmt::format("{} went from {} to {}", name, from, to));
}

void Auditor::CheckUnique() {
  for (const std::string& claim : touched_) {
    if (holders_[claim].size() <= 1) continue;
    std::string who;
    for (const auto& [uid, objects] : holders_[claim]) {
      for (const ObjectKey& key : objects) who += " " + ToString(key);
    }
    Violation(fmt::format("{} is held by several:{}", claim, who));
  }
  touched_.clear();
}

// An update that changed nothing leaves the version as it is.
void Auditor::CheckPreconditions(const Network::Acknowledged& write) {
  const std::string name = ToString(schema::KeyOf(write.object));
  if (!write.uid.empty() && write.uid != schema::Meta(write.object).uid())
    Violation(fmt::format("{}: a write for the uid {} was made to another", name, write.uid));
  if (write.resource_version.empty() ||
      write.resource_version == schema::Meta(write.object).resource_version())
    return;
  if (schema::KindOf(write.object)->options.ephemeral()) return;  // A crash may take one back.
  const auto it = replaced_.find({schema::KeyOf(write.object), VersionOf(write.object)});
  const Revision replaced = it == replaced_.end() ? 0 : it->second;
  if (fmt::format("{}", replaced) == write.resource_version) return;
  Violation(fmt::format("{}: an update that was made from revision {} replaced revision {}", name,
                        write.resource_version, replaced));
}

void Auditor::Acknowledged(const Network::Acknowledged& write) {
  Poll();
  CheckPreconditions(write);
  const v1::Object& object = write.object;
  const Revision revision = VersionOf(object);
  const auto it = objects_.find(schema::KeyOf(object));
  if (write.gone) {
    if (it != objects_.end() && schema::Meta(it->second).uid() == schema::Meta(object).uid()) {
      Violation(ToString(schema::KeyOf(object)) + " was acknowledged as gone and is there");
    }
    return;
  }
  // Later writes may have come since; the acknowledged one must be in the log.
  if (!log_.contains(revision)) {
    Violation(fmt::format("{}: acknowledged revision {} is not in the log",
                          ToString(schema::KeyOf(object)), revision));
  }
}

void Auditor::Violation(std::string what) {
  kernel_->Trace("VIOLATION " + what);
  violations_.push_back(std::move(what));
}

}  // namespace reeve::simulation
