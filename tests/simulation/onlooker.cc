#include "tests/simulation/onlooker.h"

#include <algorithm>

#include <fmt/format.h>

#include "proto/schema/object.h"

namespace reeve::simulation {
namespace {

using Versions = std::map<ObjectKey, std::string>;

Versions VersionsOf(const std::map<ObjectKey, v1::Object>& objects, const std::string& kind) {
  Versions versions;
  for (const auto& [key, object] : objects) {
    if (key.kind == kind) versions[key] = schema::Meta(object).resource_version();
  }
  return versions;
}

// "Work default/blog at 7": the first that only `a` has.
std::string FirstOnlyIn(const Versions& a, const Versions& b) {
  for (const auto& [key, version] : a) {
    const auto found = b.find(key);
    if (found == b.end() || found->second != version)
      return fmt::format("{} at {}", ToString(key), version);
  }
  return "nothing more";
}

}  // namespace

Onlooker::Onlooker(Kernel* kernel, client::Client* client, Auditor* auditor)
    : kernel_(kernel), auditor_(auditor), chance_(kernel->seed(), "onlooker") {
  for (const std::string kind : {"Site", "Instance", "Work"}) {
    client::Informer::Options options;
    options.watcher = client;
    options.selector.set_kind(kind);
    options.on_change = [](const v1::Object*, const v1::Object*) {};
    options.wake = [this] {
      if (stepper_ != nullptr) stepper_->Wake();
    };
    informers_.push_back(std::make_unique<client::Informer>(std::move(options)));
  }
  const auto next_wake = [this] {
    absl::Duration wake = absl::InfiniteDuration();
    for (const auto& informer : informers_)
      wake = std::min(wake, informer->NextWake(kernel_->now()));
    return wake;
  };
  stepper_ = std::make_unique<Stepper>(
      kernel_, &chance_,
      Stepper::Options{.step = [this] { return Step(); }, .next_wake = next_wake});
}

bool Onlooker::Step() {
  bool any = false;
  for (const auto& informer : informers_) {
    if (!informer->Poll(kernel_->now())) continue;
    any = true;
    auditor_->Poll();
    if (informer->synced() && informer->revision() == auditor_->last()) Compare(*informer);
  }
  return any;
}

void Onlooker::Compare(const client::Informer& informer) {
  const Versions seen = VersionsOf(informer.objects(), informer.kind());
  const Versions there = VersionsOf(auditor_->objects(), informer.kind());
  if (seen == there) return;
  auditor_->Violation(fmt::format("at revision {} a watcher has {} where the store has {}",
                                  informer.revision(), FirstOnlyIn(seen, there),
                                  FirstOnlyIn(there, seen)));
}

}  // namespace reeve::simulation
