// The API without a wire: a client::Client straight onto the server's core in the same process.
#pragma once

#include "apiserver/api.h"
#include "client/client.h"

namespace reeve::standalone {

// Thread safety: safe. `api` outlives it and its streams.
class LocalClient final : public client::Client {
 public:
  LocalClient(apiserver::Api* api, apiserver::Identity who) : api_(api), who_(std::move(who)) {}

  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override;
  absl::StatusOr<client::List> ListObjects(const v1::ListRequest& request) override;
  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) override {
    return api_->Apply(who_, request);
  }
  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) override {
    return api_->Create(who_, request);
  }
  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& request) override {
    return api_->Update(who_, request);
  }
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& request) override {
    return api_->UpdateStatus(who_, request);
  }
  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) override {
    return api_->Patch(who_, request);
  }
  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) override {
    return api_->Delete(who_, request);
  }
  absl::StatusOr<std::unique_ptr<client::WatchStream>> Watch(const v1::WatchRequest& request,
                                                             std::function<void()> wake) override;

 private:
  apiserver::Api* const api_;
  const apiserver::Identity who_;
};

}  // namespace reeve::standalone
