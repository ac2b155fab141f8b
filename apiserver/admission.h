// Makes what a request says of an object into what would be stored, and collects everything that is
// wrong with it.
//
// One Admission serves one attempt at one request: Prepare... each object, then Check(), then
// Stage() each. Two passes, so that every violation of every object is reported before claims are
// looked at, and every claim conflict after that.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/attempt.h"
#include "apiserver/claims.h"
#include "apiserver/identity.h"
#include "apiserver/managed_fields.h"
#include "apiserver/merge.h"
#include "base/clock.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {

// A change of one object. `before` lives as long as the attempt.
struct Planned {
  const Message* before = nullptr;  // Null: it is new.
  ObjectPtr after;                  // Null: it goes.
  bool changed = true;              // False: `after` is what is there, nothing is written.
};

class Admission {
 public:
  struct Options {
    Identity who;
    std::string manager;
    bool force = false;  // An apply takes over what other managers own.
    Now now;
    const std::function<std::string()>* new_uid = nullptr;
  };
  Admission(Attempt* attempt, Options options);

  absl::StatusOr<Planned> PrepareCreate(const Message& request);
  absl::StatusOr<Planned> PrepareUpdate(const Message& request);
  absl::StatusOr<Planned> PrepareStatus(const Message& request);
  absl::StatusOr<Planned> PrepareApply(const Message& request, const MentionTree& mentioned);

  absl::StatusOr<Planned> PrepareApplyStatus(const Message& request, const MentionTree& mentioned);

  // INVALID_ARGUMENT with all violations so far.
  absl::Status Check() const;
  // Puts the changes into the attempt. ALREADY_EXISTS with all claims that others hold;
  // PERMISSION_DENIED with all bounds of a quota that would be passed; FAILED_PRECONDITION for the
  // end of a namespace that holds something.
  absl::Status Stage(std::vector<Planned>* planned);

 private:
  absl::StatusOr<ObjectPtr> Normalise(const Message& request) const;
  absl::StatusOr<const Message*> FindForWrite(const Message& request);
  absl::Status RequireNamespace(const schema::Kind& kind, const std::string& ns,
                                const std::string& name);
  absl::Status StageQuota(const std::vector<Planned>& planned);
  absl::StatusOr<Planned> New(ObjectPtr object, std::string_view operation,
                              const MentionTree& mentioned);
  absl::StatusOr<Planned> ChangedStatus(const Message* before, ObjectPtr after,
                                        const ManagedPaths* applied);
  absl::StatusOr<Planned> Changed(const Message* before, ObjectPtr after,
                                  const ManagedPaths* applied);
  absl::Status Complete(const Message* before, Message* after);
  ManagedWrite WriteOf(std::string_view operation, std::string_view subresource) const;
  void Record(const Message* before, const ManagedPaths* said, std::string_view operation,
              std::string_view subresource, Message* after) const;
  void Report(const Message& object, schema::Violations violations);
  const schema::Kind& KindOf(const Message& object) const {
    return *schema::KindOf(object, attempt_->kinds());
  }

  Attempt* const attempt_;
  const Options options_;
  std::vector<std::pair<ObjectKey, schema::Violations>>
      violations_;  // In the order of the request.
};

// ALREADY_EXISTS: `spec.domains[1]: "a.example" is held by Site default/blog`, one a line.
absl::Status ClaimConflict(const schema::Violations& conflicts);

}  // namespace reeve::apiserver
