// Which hosts are of this estate, and the keys they joined with: what every call of a host is
// checked against.
//
// A copy of that part of the store, kept up to date by reading on in its changes: a check sees
// every commit that was acknowledged before it, so that a host that was removed is refused at once,
// and in a quiet store a check reads nothing. Thread safety: safe; takes no lock but the store's.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/identity.h"
#include "apiserver/keys.h"
#include "base/mutex.h"
#include "base/names.h"
#include "store/store.h"

namespace reeve::apiserver {

class HostDirectory {
 public:
  // `store` must outlive it.
  explicit HostDirectory(store::Store* store) : store_(store) {}

  // UNAUTHENTICATED: `who` is a host and there is no Host of this name and uid (any more), or it
  // was given up (ctl host remove --force). Everybody else passes.
  absl::Status Check(const Identity& who) ABSL_LOCKS_EXCLUDED(mu_);
  // Check, and UNAUTHENTICATED when the host joined with another key.
  absl::Status CheckKey(const Identity& who, const std::string& spki_sha256)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status CatchUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ReadOn(store::Watcher* watcher) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Take(const std::string& key, const std::string* value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeHost(const std::string& key, const std::string* value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckLocked(const Identity& who) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  store::Store* const store_;
  Mutex mu_;
  Revision revision_ ABSL_GUARDED_BY(mu_) = 0;  // Everything up to here is known.
  // Of Hosts and of identities; none: nothing is known.
  std::vector<std::unique_ptr<store::Watcher>> watchers_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> uids_ ABSL_GUARDED_BY(mu_);  // Of the hosts, by name.
  std::map<std::string, std::vector<std::string>> keys_ ABSL_GUARDED_BY(mu_);  // By uid.
};

}  // namespace reeve::apiserver
