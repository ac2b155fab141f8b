#include "apiserver/host_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/host.pb.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {
namespace {

std::vector<KeyRange> Ranges() {
  return {ObjectRange(*schema::KindRegistry::Get().FindByName("Host"), ""), HostIdentityRange()};
}

absl::Status Gone(const Identity& who) {
  return Unauthenticated("host {} with uid {} is not of this estate (any more)", who.name, who.uid);
}

}  // namespace

void HostDirectory::TakeHost(const std::string& key, const std::string* value) {
  const std::string name(NameOfObjectKey(key));
  uids_.erase(name);
  v1::Object object;
  if (value == nullptr || !object.ParseFromString(*value)) return;
  if (!object.host().spec().abandoned()) uids_[name] = object.host().metadata().uid();
}

void HostDirectory::Take(const std::string& key, const std::string* value) {
  if (KindIdOfKey(key) != 0) return TakeHost(key, value);
  const std::string uid(HostUidOfKey(key));
  keys_.erase(uid);
  v1::HostIdentity identity;
  if (value == nullptr || !identity.ParseFromString(*value)) return;
  keys_[uid].assign(identity.spki_sha256().begin(), identity.spki_sha256().end());
}

absl::Status HostDirectory::Load() {
  watchers_.clear();
  uids_.clear();
  keys_.clear();
  ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadView> view, store_->Read());
  std::vector<store::Version> versions;
  std::vector<std::unique_ptr<store::Watcher>> watchers;
  for (const KeyRange& range : Ranges()) {
    RETURN_IF_ERROR(view->Scan(range.first, range.last, [&](const store::Version& version) {
      versions.push_back(version);
      return true;
    }));
    ASSIGN_OR_RETURN(watchers.emplace_back(),
                     store_->Watch(range.first, range.last, view->revision(), [] {}));
  }
  for (const store::Version& version : versions) Take(version.key, &version.value);
  watchers_ = std::move(watchers);
  revision_ = view->revision();
  return absl::OkStatus();
}

absl::Status HostDirectory::ReadOn(store::Watcher* watcher) {
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<store::Batch> batch, watcher->Next());
    if (!batch.has_value()) return absl::OkStatus();
    for (const store::Change& change : batch->changes)
      Take(change.version.key, change.deleted ? nullptr : &change.version.value);
  }
}

absl::Status HostDirectory::CatchUp() {
  const Revision now = store_->revision();
  if (watchers_.empty()) return Load();
  if (now == revision_) return absl::OkStatus();
  for (const auto& watcher : watchers_) {
    // What it fell behind on was compacted away.
    if (!ReadOn(watcher.get()).ok()) return Load();
  }
  revision_ = now;
  return absl::OkStatus();
}

absl::Status HostDirectory::CheckLocked(const Identity& who) const {
  const auto uid = uids_.find(who.name);
  return uid != uids_.end() && uid->second == who.uid ? absl::OkStatus() : Gone(who);
}

absl::Status HostDirectory::Check(const Identity& who) {
  if (who.role != Identity::Role::kHost) return absl::OkStatus();
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(CatchUp());
  return CheckLocked(who);
}

absl::Status HostDirectory::CheckKey(const Identity& who, const std::string& spki_sha256) {
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(CatchUp());
  RETURN_IF_ERROR(CheckLocked(who));
  const auto keys = keys_.find(who.uid);
  if (keys == keys_.end()) return Gone(who);
  if (std::ranges::find(keys->second, spki_sha256) != keys->second.end()) return absl::OkStatus();
  return Unauthenticated("the key of this certificate is not the one that host {} joined with",
                         who.name);
}

}  // namespace reeve::apiserver
