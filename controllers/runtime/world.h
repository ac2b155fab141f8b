// What a reconciler sees: every object the informers know, by key, owner and index, and the facts
// it asked for.
//
// All containers are ordered: nothing that decides may depend on hash order. Thread-compatible;
// reconcilers get it const.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "proto/schema/object.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::controllers {

class World {
 public:
  // Adds or replaces. Returns the object that was there before.
  std::optional<v1::Object> Put(v1::Object object);
  std::optional<v1::Object> Remove(const ObjectKey& key);

  const v1::Object* Find(const ObjectKey& key) const;
  // The kind's message, or nullptr: world.Get<v1::Site>("default", "blog").
  template <typename T>
  const T* Get(std::string_view ns, std::string_view name) const;

  // In key order.
  std::vector<const v1::Object*> All(std::string_view kind) const;
  // Those of one namespace, in key order.
  std::vector<const v1::Object*> InNamespace(std::string_view kind, std::string_view ns) const;
  std::vector<const v1::Object*> OwnedBy(std::string_view uid) const;
  // By an indexed field: world.Indexed("Work", "spec.host", "h1").
  std::vector<const v1::Object*> Indexed(std::string_view kind, std::string_view field,
                                         std::string_view value) const;

  // Answers to requests for facts: "dns/blog.example" -> text. Absent: not asked or not answered.
  void SetFact(const std::string& name, std::string value);
  const std::string* Fact(const std::string& name) const;

  // How far the informers are: every change of `kind` up to this revision is in here. What is
  // absent at a revision later than that of the object that speaks of it is gone; before that it
  // may only not have come yet.
  void SetRevision(const std::string& kind, Revision revision);
  Revision RevisionOf(std::string_view kind) const;
  // True when `object` cannot be newer than what is known of `kind`: absence means gone.
  bool Caught(std::string_view kind, const v1::Object& object) const;

  // When (Now.mono) this process saw a Lease renewed; nullopt when it has not yet. Outlives the
  // object.
  void SetRenewed(const std::string& lease, absl::Duration mono);
  std::optional<absl::Duration> Renewed(const std::string& lease) const;
  // Since when (Now.mono) heartbeats have been seen without a break; nullopt while they cannot be
  // seen at all.
  void SetHeartbeatsSince(std::optional<absl::Duration> mono) { heartbeats_since_ = mono; }
  std::optional<absl::Duration> heartbeats_since() const { return heartbeats_since_; }

  size_t size() const { return objects_.size(); }

 private:
  using Keys = std::set<ObjectKey>;
  void Index(const v1::Object& object, bool add);
  std::vector<const v1::Object*> Lookup(const Keys* keys) const;

  std::map<ObjectKey, v1::Object> objects_;
  std::map<std::string, Keys, std::less<>> by_owner_;
  std::map<std::string, Keys, std::less<>> by_field_;  // "Work\0spec.host\0h1".
  std::map<std::string, std::string> facts_;
  std::map<std::string, Revision, std::less<>> revisions_;
  std::map<std::string, absl::Duration> renewed_;
  std::optional<absl::Duration> heartbeats_since_;
};

// metadata.resourceVersion as a number; 0 when it has none.
Revision RevisionOf(const v1::Object& object);

template <typename T>
const T* World::Get(std::string_view ns, std::string_view name) const {
  const v1::Object* object = Find({T::descriptor()->name(), std::string(ns), std::string(name)});
  return object == nullptr ? nullptr : static_cast<const T*>(&schema::Inner(*object));
}

}  // namespace reeve::controllers
