// An estate in memory: a fake API, the real manager with all reconcilers, and for each host a model
// agent that does what its Works say, or fails as it is told. One thread, one clock, everything in
// steps.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/testing/fake_clock.h"
#include "controllers/runtime/manager.h"
#include "controllers/testing/fake_api.h"

namespace reeve::controllers {

class Estate {
 public:
  Estate();

  // A host that has joined, with an agent that runs.
  void AddHost(const std::string& name);
  // The agent stops: no heartbeat, nothing is done.
  void Silence(const std::string& host) { silent_.insert(host); }
  void Revive(const std::string& host) { silent_.erase(host); }
  // Works that run or unpack this blob fail with this message.
  void FailBlob(const std::string& blob, const std::string& message) { bad_blobs_[blob] = message; }
  // Somebody else's process: a Work with a unit on this port is refused, and then the host lists
  // it.
  void Occupy(const std::string& host, int port, const std::string& process) {
    foreign_[host][port] = process;
  }
  void MendBlob(const std::string& blob) { bad_blobs_.erase(blob); }

  // Steps everything until nothing is left to do within the next few seconds, and no watch is
  // frozen. Fails the test when that does not come, or when a second look at any key has effects.
  void Settle();
  // Lets time pass, step by step, with heartbeats.
  void Pass(absl::Duration time);
  // Throws the manager away and makes a new one, as a crash would.
  void Restart();
  // The same at the end of the step under way: for use by the hooks of the API.
  void CrashSoon() { crash_soon_ = true; }

  FakeApi& api() { return api_; }
  FakeClock& clock() { return clock_; }
  Manager& manager() { return *manager_; }
  template <typename T>
  const T* Get(const std::string& ns, const std::string& name) const;
  size_t Count(const std::string& kind) const;
  // Effects of all reconcilers on the world as it is: none, when settled.
  std::string SecondLook() const;

  // Called after every write to the API: invariants.
  std::function<void()> invariant = [] {};
  // One round of manager or agents; false when nothing was done.
  bool Step();

 private:
  bool StepAgent(const std::string& host);
  bool StepWork(const v1::Work& work);
  bool Heartbeat(const std::string& host);
  std::string FailureOf(const v1::Work& work) const;
  std::string PortTaken(const v1::Work& work);

  FakeClock clock_;
  FakeApi api_;
  std::unique_ptr<Manager> manager_;
  std::vector<std::string> hosts_;
  std::set<std::string> silent_;
  std::map<std::string, std::string> bad_blobs_;
  std::map<std::string, std::map<int, std::string>> foreign_;
  std::map<std::string, absl::Duration> beats_;
  bool crash_soon_ = false;
};

template <typename T>
const T* Estate::Get(const std::string& ns, const std::string& name) const {
  const auto it = api_.objects().find({T::descriptor()->name(), ns, name});
  return it == api_.objects().end() ? nullptr : static_cast<const T*>(&schema::Inner(it->second));
}

// Manifests of tests.
v1::Site ProcessSite(const std::string& name, const std::string& blob, int replicas = 1);
v1::Site StaticSite(const std::string& name, const std::string& blob, int replicas = 1);

}  // namespace reeve::controllers
