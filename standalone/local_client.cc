#include "standalone/local_client.h"

#include <utility>

#include "base/status.h"

namespace reeve::standalone {
namespace {

class LocalStream final : public client::WatchStream {
 public:
  explicit LocalStream(std::unique_ptr<apiserver::Subscription> subscription)
      : subscription_(std::move(subscription)) {}

  absl::StatusOr<std::optional<v1::WatchEvent>> Next() override {
    ASSIGN_OR_RETURN(const std::optional<apiserver::EventBytes> bytes, subscription_->Next());
    if (!bytes) return std::nullopt;
    v1::WatchEvent event;
    if (!event.ParseFromString(**bytes)) return Internal("an event that cannot be read");
    return event;
  }

 private:
  const std::unique_ptr<apiserver::Subscription> subscription_;
};

}  // namespace

absl::StatusOr<v1::Object> LocalClient::Get(const ObjectKey& key) {
  v1::GetRequest request;
  request.mutable_key()->set_kind(key.kind);
  request.mutable_key()->set_namespace_(key.ns);
  request.mutable_key()->set_name(key.name);
  return api_->Get(who_, request);
}

absl::StatusOr<client::List> LocalClient::ListObjects(const v1::ListRequest& request) {
  client::List list;
  ASSIGN_OR_RETURN(list.summary, api_->List(who_, request, [&](v1::Object item) {
    list.items.push_back(std::move(item));
  }));
  return list;
}

absl::StatusOr<std::unique_ptr<client::WatchStream>> LocalClient::Watch(
    const v1::WatchRequest& request, std::function<void()> wake) {
  ASSIGN_OR_RETURN(auto subscription, api_->Watch(who_, request, std::move(wake)));
  return std::make_unique<LocalStream>(std::move(subscription));
}

}  // namespace reeve::standalone
