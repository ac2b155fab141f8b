// A registry and a hub on a store in memory, with small makers of objects.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/api.h"
#include "base/testing/fake_clock.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/object.h"
#include "store/store.h"

namespace reeve::apiserver {

v1::Object MakeNamespace(const std::string& name);
v1::Object MakeHost(const std::string& name, int first_port = 0, int last_port = 0);
v1::Object MakeStaticSite(const std::string& name, const std::vector<std::string>& domains = {});
v1::Object MakeProcessSite(const std::string& name);
// A Process site with a fixed port on one host.
v1::Object MakePinnedSite(const std::string& name, const std::string& host, int port);
v1::Object MakeDomain(const std::string& hostname, const std::string& site);
v1::Object MakeWork(const std::string& name, const std::string& host);
v1::Object MakeLease(const std::string& name);
// Makes `owner` the controller of `object`.
v1::Object OwnedBy(v1::Object object, const v1::Object& owner);

// The kind's message inside.
v1::ObjectMeta* Meta(v1::Object* object);

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest();

  // As an administrator; fails the test when the server refuses.
  v1::Object Create(const v1::Object& object, const Identity& who = Identity::Controller("test"));
  v1::Object Get(const std::string& kind, const std::string& ns, const std::string& name);
  absl::StatusOr<v1::Object> TryCreate(const v1::Object& object,
                                       const Identity& who = Identity::Admin());
  absl::StatusOr<v1::Object> TryUpdate(const v1::Object& object,
                                       const Identity& who = Identity::Admin());
  absl::StatusOr<v1::Object> TryStatus(const v1::Object& object,
                                       const Identity& who = Identity::Controller("test"));
  absl::StatusOr<v1::ApplyResponse> TryApply(
      const std::vector<v1::Object>& objects,
      const std::vector<std::vector<std::string>>& mentioned = {},
      const std::string& manager = "ctl", bool force = false);
  absl::StatusOr<v1::DeleteResponse> TryDelete(const std::string& kind, const std::string& ns,
                                               const std::string& name);
  absl::StatusOr<std::vector<v1::Object>> TryList(const v1::ListRequest& request,
                                                  v1::ListSummary* summary = nullptr,
                                                  const Identity& who = Identity::Admin());
  Revision revision() const { return store_->revision(); }

  FakeClock clock_;
  std::unique_ptr<store::Store> store_ = store::NewMemStore("epoch-1");
  std::atomic<int> uids_ = 0;
  Registry registry_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<Api> api_;
};

}  // namespace reeve::apiserver
