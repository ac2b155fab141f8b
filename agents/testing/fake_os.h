// A host in memory behind the four seams: an ordinary Debian with systemd, nginx and a file system,
// whose behaviour is a model of what was measured on real ones. Survives "restarts" of the agent:
// make new objects over the same FakeOs.
//
// Faults: the nth seam call from now can be made to fail without effect, or to be the moment at
// which the agent dies (that call and all later ones fail until Revive).
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agents/os/bus.h"
#include "agents/os/exec.h"
#include "agents/os/files.h"
#include "agents/os/net.h"
#include "agents/testing/fake_root.h"
#include "agents/testing/mem_tree.h"
#include "agents/testing/model_systemd.h"

namespace reeve::agents {

// Thread-compatible, the seams too.
class FakeOs : public Gate {
 public:
  struct Counters {
    int64_t calls = 0;      // Of seams.
    int64_t mutations = 0;  // Calls that change the host.
    int64_t daemon_reloads = 0;
    int64_t nginx_reloads = 0;
    int64_t starts = 0;  // StartUnit and RestartUnit.
    int64_t nginx_tests = 0;
  };

  FakeOs();
  ~FakeOs() override;

  Files* files() { return files_.get(); }
  Exec* exec() { return exec_.get(); }
  Bus* bus() { return bus_.get(); }
  Net* net() { return net_.get(); }

  const Counters& counters() const { return counters_; }
  int64_t calls() const { return counters_.calls; }
  int64_t mutations() const { return counters_.mutations; }

  // n = 1 is the next call.
  void FailCall(int64_t n, absl::Status status);
  void CrashAt(int64_t n) { crash_at_ = counters_.calls + n; }
  // Likewise, counting only calls that change the host.
  void FailMutation(int64_t n, absl::Status status);
  void CrashAtMutation(int64_t n) { crash_at_mutation_ = counters_.mutations + n; }
  bool crashed() const { return crash_at_ != 0 && counters_.calls >= crash_at_; }
  void Revive();
  // Told of every call before it is made: "rename /etc/nginx/reeve/current".
  void OnCall(std::function<void(std::string_view)> observer) { observer_ = std::move(observer); }

  // The hand of an administrator, or of an accident: no faults, not counted.
  void WriteFile(const std::string& path, const std::string& content, uint32_t mode = 0644);
  std::optional<std::string> ReadFile(const std::string& path) const;  // Follows links.
  void RemoveFile(const std::string& path) { tree_.Remove(path); }
  MemTree& tree() { return tree_; }
  ModelSystemd& systemd() { return systemd_; }
  void FailStart(const std::string& unit, const std::string& result) {
    systemd_.FailStart(unit, result);
  }
  void HoldPort(int port, const std::string& process);  // A foreign process listens there.
  void ReleasePort(int port) { systemd_.RemoveForeignListener(port); }
  void KillNginx() { systemd_.KillMain("nginx.service"); }
  void InstallNginx();  // It is, on a new host.
  void UninstallNginx();

  // Every file (type, mode, owner, size, hash), unit, listener: equal text is an equal host.
  // Without what no undo can bring back: process ids and invocations.
  std::string Dump();

  absl::Status Enter(std::string_view call, bool mutates) override;

  // What the seams of this host share.
  Counters& mutable_counters() { return counters_; }
  absl::StatusOr<HttpAnswer> Http(const HttpProbe& probe);

 private:
  HttpAnswer AskNginx(const HttpProbe& probe);

  MemTree tree_;
  ModelSystemd systemd_;
  Counters counters_;
  int64_t crash_at_ = 0;
  int64_t fail_at_ = 0;
  int64_t crash_at_mutation_ = 0;
  int64_t fail_at_mutation_ = 0;
  absl::Status failure_;
  std::function<void(std::string_view)> observer_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<Exec> exec_;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Net> net_;
};

}  // namespace reeve::agents
