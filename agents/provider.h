// What the agent can do to a host: each provider looks at its part, and runs and undoes the steps
// that are its own.
//
// A step is run in three moves, so that a crash between any two of them can be undone: Prepare
// looks and returns the receipt, which is synced to the journal; Do acts; Undo takes back what Do
// did, or began to do. Providers decide nothing: which steps there are is host_plan's.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/os/bus.h"
#include "agents/os/exec.h"
#include "agents/os/files.h"
#include "agents/os/net.h"
#include "client/client.h"
#include "reeve/agent/v1/inventory.pb.h"
#include "reeve/agent/v1/step.pb.h"

namespace reeve::agents {

// As the port of a route's upstream: nobody may be sent on, the route answers 503.
inline constexpr int kNoPort = -1;

namespace pb = ::reeve::agent::v1;

// Where things are on a host. All absolute; all options of the program.
struct HostPaths {
  std::string state = "/var/lib/reeve-agent";  // Ledger, journal, staging, drift.
  std::string content = "/srv/reeve";
  std::string units = "/etc/systemd/system";
  std::string nginx = "/etc/nginx";  // Ours in it: reeve/, conf.d/zz-reeve.conf.
  std::string nginx_program = "/usr/sbin/nginx";
  // On 127.0.0.1: answers the number of the live generation. Below 1024, so that no site's process
  // can take it while nginx is down.
  int nginx_probe_port = 299;
};

// The host as providers reach it. Nothing is owned; `content` is nullptr where no blob can be
// fetched.
struct Host {
  Files* files = nullptr;
  Exec* exec = nullptr;
  Bus* bus = nullptr;
  Net* net = nullptr;
  client::Content* content = nullptr;
  HostPaths paths;
};

// Thread-compatible.
class HostProvider {
 public:
  virtual ~HostProvider() = default;
  virtual std::string_view name() const = 0;  // "systemd": a metric label.

  // Adds what is on the host to `inventory`: everything with our mark, and what is in our roots
  // without it. Changes nothing. A part that cannot be seen is an error, never an empty part.
  virtual absl::Status Observe(pb::Inventory* inventory) = 0;

  // Makes again what `join` made and somebody has taken away since; says what that was. It is the
  // agent's own and of no Work. Idempotent, and done again after a crash; an error: what is missing
  // is still missing.
  virtual absl::StatusOr<std::vector<std::string>> Restore() { return std::vector<std::string>(); }

  // Is this step one of ours?
  virtual bool Runs(const pb::Step& step) const = 0;

  // Looks at what `step` will find. Changes nothing. FAILED_PRECONDITION when something foreign is
  // in its way.
  virtual absl::StatusOr<pb::Receipt> Prepare(const pb::Step& step) = 0;

  // Idempotent. On an error the host may be half changed: Undo follows. The message is for people,
  // its first line says it all (nginx's first error line, systemd's result).
  virtual absl::Status Do(const pb::Step& step, const pb::Receipt& receipt,
                          pb::StepReport* report) = 0;

  // Takes the host back to what `receipt` says, whether Do ran, ran half, or not at all.
  // Idempotent; leaves alone what this step did not make. Removing steps (RemoveUser,
  // PruneReleases, RemoveContent, StopUnit, RemoveUnit) are never undone: they are run again until
  // done.
  virtual absl::Status Undo(const pb::Step& step, const pb::Receipt& receipt) = 0;
};

using Providers = std::vector<std::unique_ptr<HostProvider>>;

}  // namespace reeve::agents
