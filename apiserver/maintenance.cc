#include "apiserver/maintenance.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "apiserver/keys.h"
#include "apiserver/timestamps.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/status.h"
#include "reeve/v1/host.pb.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/records.pb.h"

namespace reeve::apiserver {
namespace {

// Compaction reads all versions: it is done for many commits at once.
constexpr int64_t kCommitsOverMax = kWatchLogCommitsMax / 10;

KeyRange RangeOfKind(const char* kind) {
  return ObjectRange(*schema::KindRegistry::Get().FindByName(kind), "");
}

absl::Status Scan(const store::ReadView& view, const KeyRange& range,
                  const std::function<void(const store::Version&)>& visit) {
  return view.Scan(range.first, range.last, [&](const store::Version& version) {
    visit(version);
    return true;
  });
}

// Deletes the records of `range` that are of no use, as they are in `view`. One that was changed
// since stays until the next time.
absl::Status Drop(store::Store* store, const store::ReadView& view, const KeyRange& range,
                  const std::function<bool(const store::Version&)>& useless) {
  store::Txn txn;
  RETURN_IF_ERROR(Scan(view, range, [&](const store::Version& version) {
    if (!useless(version)) return;
    txn.preconditions.push_back(store::MustBeAt(version.key, version.modified));
    txn.writes.push_back({version.key, std::nullopt});
  }));
  if (txn.writes.empty()) return absl::OkStatus();
  const absl::Status status = store->Commit(std::move(txn)).status;
  return absl::IsAborted(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::Status Maintenance::TrimLog(absl::Time now) {
  if (store_->FloorKeeping(kWatchLogCommitsMax + kCommitsOverMax) <= store_->floor())
    return absl::OkStatus();
  return store_->Compact(
      store_->FloorKeeping(kWatchLogCommitsMax),
      {.versions_max = history_.versions, .from = now - history_.age, .bytes_max = history_.bytes});
}

absl::Status Maintenance::DropTokens(absl::Time now) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadView> view, store_->Read());
  return Drop(store_, *view, JoinTokenRange(), [now](const store::Version& version) {
    v1::JoinToken token;
    return !token.ParseFromString(version.value) || FromTimestamp(token.expires()) <= now;
  });
}

// A uid is never given again: an identity without its Host is of no use for ever.
absl::Status Maintenance::DropIdentities() {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadView> view, store_->Read());
  std::set<std::string> uids;
  RETURN_IF_ERROR(Scan(*view, RangeOfKind("Host"), [&](const store::Version& version) {
    v1::Object object;
    if (object.ParseFromString(version.value)) uids.insert(object.host().metadata().uid());
  }));
  return Drop(store_, *view, HostIdentityRange(), [&](const store::Version& version) {
    return !uids.contains(std::string(HostUidOfKey(version.key)));
  });
}

absl::Status Maintenance::DropBlobs(absl::Duration now) {
  ASSIGN_OR_RETURN(const std::vector<std::string> stored, blobs_->List());
  ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadView> view, store_->Read());
  std::set<std::string> named;
  RETURN_IF_ERROR(Scan(*view, RangeOfKind("Blob"), [&](const store::Version& version) {
    named.emplace(NameOfObjectKey(version.key));
  }));
  for (const std::string& digest : named) orphans_.erase(digest);
  for (const std::string& digest : stored) {
    if (!named.contains(digest)) RETURN_IF_ERROR(DropBlob(digest, now));
  }
  return absl::OkStatus();
}

// An upload is bytes first and a Blob a moment later: what was uploaded again counts as new.
absl::Status Maintenance::DropBlob(const std::string& digest, absl::Duration now) {
  const uint64_t puts = blobs_->Puts(digest);
  const auto [orphan, is_new] = orphans_.try_emplace(digest, Orphan{now, puts});
  if (orphan->second.puts != puts) orphan->second = {now, puts};
  if (now - orphan->second.since < kBlobOrphanAge) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool removed, blobs_->Remove(digest, puts));
  if (!removed) return absl::OkStatus();
  orphans_.erase(orphan);
  Log(LogLevel::kInfo, "bytes that no Blob names were removed", {{"digest", digest}});
  return absl::OkStatus();
}

absl::Status Maintenance::Step(Now now) {
  absl::Status first = Annotate(TrimLog(now.wall), "compacting the log");
  first.Update(Annotate(DropTokens(now.wall), "dropping old join tokens"));
  first.Update(Annotate(DropIdentities(), "dropping keys of removed hosts"));
  first.Update(Annotate(DropBlobs(now.mono), "dropping bytes of deleted blobs"));
  return first;
}

}  // namespace reeve::apiserver
