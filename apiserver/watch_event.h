// One change of the store as watchers see it: decoded at most once, and encoded at most once for
// each form it takes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "apiserver/object_io.h"
#include "apiserver/watch_hub.h"
#include "proto/schema/selector.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// A v1.WatchEvent that carries `object`, which may be of any Object type: on the wire they are the
// same.
EventBytes EncodeEvent(v1::WatchEvent head, const Message* object);

// Thread-compatible. `change` must outlive it.
class ObjectChange {
 public:
  ObjectChange(const schema::KindRegistry* kinds, Revision revision, const store::Change* change)
      : kinds_(kinds), revision_(revision), change_(change) {}

  // nullptr: there is none (deleted; newly made), or the bytes are damaged.
  const Message* After();
  const Message* Before();
  bool had_before() const { return change_->previous.has_value(); }

  // What the change is to somebody who watches with `matcher`; nullopt: nothing. `all_of_kind`: it
  // matches every object.
  std::optional<v1::WatchEvent::Type> SeenBy(const schema::Matcher& matcher, bool all_of_kind);
  // The event, with the object as it was before for DELETED.
  EventBytes Event(v1::WatchEvent::Type type, bool more);

 private:
  const Message* Decode(const store::Version& version, std::optional<ObjectPtr>* slot);

  const schema::KindRegistry* const kinds_;
  const Revision revision_;
  const store::Change* const change_;
  std::optional<ObjectPtr> after_;
  std::optional<ObjectPtr> before_;
  std::map<std::pair<v1::WatchEvent::Type, bool>, EventBytes> encoded_;
};

}  // namespace reeve::apiserver
