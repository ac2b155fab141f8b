// Which objects have which values in the fields that the schema marks indexed, so that the Works of
// one host are listed without reading those of all others.
//
// In memory, one index a kind, made when it is first asked for, and kept by reading on in the
// store's changes up to the very revision of the view that is given out with it: what it says and
// what the view holds are never of two revisions. Only for the present; who goes on with a list of
// an earlier revision reads the whole kind.
//
// Example: Find(Work, spec.host=h1) gives a view of revision 40 and the keys of h1's Works at 40.
//
// Thread safety: safe; takes no lock but the store's.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/keys.h"
#include "base/mutex.h"
#include "proto/schema/selector.h"
#include "store/store.h"

namespace reeve::apiserver {

// The objects that a selector may match, at one revision.
struct Candidates {
  std::unique_ptr<store::ReadView> view;
  KeyRange range;
  std::optional<std::vector<std::string>> keys;  // In order; nullopt: all of `range`.

  // In key order, those at or after `from`, until `visit` returns false.
  absl::Status Visit(const std::string& from,
                     const std::function<bool(const store::Version&)>& visit) const;
};

class ObjectIndex {
 public:
  // Both must outlive it.
  ObjectIndex(store::Store* store, const schema::KindRegistry* kinds);
  ~ObjectIndex();

  // At revision `at`; 0: now. The errors of Store::Read.
  absl::StatusOr<Candidates> Find(const schema::Matcher& matcher, Revision at = 0);

 private:
  class OfKind;
  absl::Status Look(const schema::Kind& kind, const std::string& field, const std::string& value,
                    Candidates* found);

  store::Store* const store_;
  const schema::KindRegistry* const kinds_;
  Mutex mu_;
  std::map<int, std::unique_ptr<OfKind>> kinds_known_ ABSL_GUARDED_BY(mu_);  // By the kind's id.
};

}  // namespace reeve::apiserver
