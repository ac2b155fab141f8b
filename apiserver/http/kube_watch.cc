#include "apiserver/http/kube_watch.h"

#include <utility>

#include "apiserver/http/kube_status.h"
#include "apiserver/request_metrics.h"
#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

using Type = v1::WatchEvent::Type;

class KubeWatch final : public HttpStream {
 public:
  KubeWatch(KubeWatchOptions options, std::unique_ptr<Subscription> subscription)
      : options_(std::move(options)),
        metrics_(options_.route.kind->name),
        subscription_(std::move(subscription)) {}

  absl::StatusOr<std::optional<std::string>> Next() override {
    if (!over_.ok()) return over_;
    std::string piece;
    bool more = true;
    while (more) {
      absl::StatusOr<std::optional<EventBytes>> next = subscription_->Next();
      if (!next.ok()) return End(next.status());
      if (!next->has_value()) break;
      v1::WatchEvent event;
      if (!event.ParseFromString(***next)) return End(Internal("an event that cannot be read"));
      metrics_.Sent((**next)->size());
      // The rest of a transaction follows at once: the hub hands it over as one.
      const bool added = AddLine(&event, &piece);
      more = event.more() || !added;
    }
    if (piece.empty()) return std::nullopt;
    return piece;
  }

 private:
  // False: the client does not want to know of it.
  bool AddLine(v1::WatchEvent* event, std::string* piece) {
    switch (event->type()) {
      case v1::WatchEvent::SNAPSHOT:
        if (options_.mark_initial) *piece += Bookmark(event->revision(), true);
        return options_.mark_initial;
      case v1::WatchEvent::BOOKMARK:
        if (options_.bookmarks) *piece += Bookmark(event->revision(), false);
        return options_.bookmarks;
      case v1::WatchEvent::DELETED:
        schema::MutableMeta(event->mutable_object())
            ->set_resource_version(fmt::format("{}", event->revision()));
        break;
      default:
        break;
    }
    *piece += Line(v1::WatchEvent::Type_Name(event->type()),
                   ObjectBody(options_.route, options_.form, event->object()));
    options_.form.headers = false;
    return true;
  }

  static std::string Line(std::string_view type, std::string_view object) {
    while (object.ends_with('\n')) object.remove_suffix(1);
    return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
  }

  std::string Bookmark(int64_t revision, bool initial_end) const {
    const Route& route = options_.route;
    const std::string metadata =
        fmt::format(R"({{"resourceVersion":"{}","creationTimestamp":null{}}})", revision,
                    initial_end ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "");
    if (options_.form.accepted.form == Accepted::Form::kTable) {
      // A Table's bookmark is a Table too, with one row that holds the metadata.
      return Line("BOOKMARK",
                  fmt::format(R"({{"kind":"Table","apiVersion":"meta.k8s.io/{}","metadata":)"
                              R"({{"resourceVersion":"{}"}},"columnDefinitions":null,"rows":[]}})",
                              options_.form.accepted.beta ? "v1beta1" : "v1", revision));
    }
    const bool partial = options_.form.accepted.form == Accepted::Form::kPartial;
    const std::string_view version =
        partial ? "meta.k8s.io/v1" : (route.core ? kVersionName : schema::kApiVersion);
    return Line("BOOKMARK", fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{}}})",
                                        partial ? "PartialObjectMetadata" : route.kind->name,
                                        version, metadata));
  }

  absl::StatusOr<std::optional<std::string>> End(const absl::Status& why) {
    over_ = why;
    if (absl::IsResourceExhausted(why)) CountTerminatedWatch(options_.route.kind->name);
    if (absl::IsResourceExhausted(why) || absl::IsUnavailable(why)) return why;
    return Line("ERROR", KubeStatusText(why, options_.route));
  }

  KubeWatchOptions options_;
  const WatchMetrics metrics_;
  const std::unique_ptr<Subscription> subscription_;
  absl::Status over_;
};

}  // namespace

std::unique_ptr<HttpStream> NewKubeWatch(KubeWatchOptions options,
                                         std::unique_ptr<Subscription> subscription) {
  return std::make_unique<KubeWatch>(std::move(options), std::move(subscription));
}

}  // namespace reeve::apiserver
