// A watch as Kubernetes streams it: one JSON object a line, {"type": "ADDED", "object": {...}}.
// Pure but for the subscription.
//
// Events of one transaction are one piece, so that a client that resumes after the last one it read
// has all of them. DELETED carries the last object, with the revision of its end. An error is an
// ERROR event with a Status, and ends the stream; a watcher that fell behind and a server that
// stops just end it: the client resumes.
#pragma once

#include <memory>

#include "apiserver/http/http_message.h"
#include "apiserver/http/kube_body.h"
#include "apiserver/watch_hub.h"

namespace reeve::apiserver {

struct KubeWatchOptions {
  Route route;
  BodyForm form;
  bool bookmarks = false;
  // The client asked for initial events: their end is a bookmark that says so.
  bool mark_initial = false;
};

std::unique_ptr<HttpStream> NewKubeWatch(KubeWatchOptions options,
                                         std::unique_ptr<Subscription> subscription);

}  // namespace reeve::apiserver
