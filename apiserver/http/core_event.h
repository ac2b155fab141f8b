// Our Events as Kubernetes' core/v1 Events: what `kubectl describe` lists. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {

// REQUIRES: `object` is an Event.
std::string CoreEventJson(const v1::Object& object);

// A field selector over core Events: involvedObject.{kind,namespace,name,uid}, metadata.name,
// metadata.namespace, reason, type, with = == and !=. BadRequest for another field.
class CoreEventSelector {
 public:
  static absl::StatusOr<CoreEventSelector> Parse(std::string_view text);
  // An event that does not say a uid is of every object of its name.
  bool Matches(const v1::Object& object) const;

 private:
  struct Term {
    std::string field;
    bool equal = true;
    std::string value;
  };
  std::vector<Term> terms_;
};

}  // namespace reeve::apiserver
