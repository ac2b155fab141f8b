// The API of reeve.v1.Resources without a wire: what the gRPC service, the in-process client and
// the simulator call.
//
// Thread safety: safe. Errors are those of registry.h and watch_hub.h.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "apiserver/identity.h"
#include "apiserver/registry.h"
#include "apiserver/watch_hub.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// Whether it asks for an object as it was: that may have to be searched for.
bool OfThePast(const v1::GetRequest& request);

class Api {
 public:
  // Both must outlive it; their kinds are those of v1::Object.
  Api(Registry* registry, WatchHub* hub) : registry_(registry), hub_(hub) {}

  absl::StatusOr<v1::Object> Get(const Identity& who, const v1::GetRequest& request);
  // The Object that Get would return, encoded; its fields may be in another order.
  absl::StatusOr<std::string> GetEncoded(const Identity& who, const v1::GetRequest& request);
  absl::StatusOr<v1::HistoryResponse> History(const Identity& who,
                                              const v1::HistoryRequest& request);
  absl::StatusOr<v1::ListSummary> List(const Identity& who, const v1::ListRequest& request,
                                       const std::function<void(v1::Object)>& visit);
  absl::StatusOr<std::unique_ptr<ListCursor>> OpenList(const Identity& who,
                                                       const v1::ListRequest& request);
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(const Identity& who,
                                                      const v1::WatchRequest& request,
                                                      std::function<void()> wake);
  absl::StatusOr<v1::ApplyResponse> Apply(const Identity& who, const v1::ApplyRequest& request);
  // Of the status alone; of objects that are there.
  absl::StatusOr<v1::ApplyResponse> ApplyStatus(const Identity& who,
                                                const v1::ApplyRequest& request);
  absl::StatusOr<v1::Object> Create(const Identity& who, const v1::CreateRequest& request);
  absl::StatusOr<v1::Object> Update(const Identity& who, const v1::UpdateRequest& request);
  absl::StatusOr<v1::Object> UpdateStatus(const Identity& who, const v1::UpdateRequest& request);
  absl::StatusOr<v1::Object> Patch(const Identity& who, const v1::PatchRequest& request);
  absl::StatusOr<v1::DeleteResponse> Delete(const Identity& who, const v1::DeleteRequest& request);
  absl::Status CheckMassDeletion(const Identity& who, const std::string& kind,
                                 const std::string& ns, size_t count) {
    return registry_->CheckMassDeletion(who, kind, ns, count);
  }
  v1::WhoAmIResponse WhoAmI(const Identity& who) const;
  v1::VersionResponse Version() const;

 private:
  absl::StatusOr<v1::ApplyResponse> Apply(const Identity& who, const v1::ApplyRequest& request,
                                          bool status);

  Registry* const registry_;
  WatchHub* const hub_;
};

}  // namespace reeve::apiserver
