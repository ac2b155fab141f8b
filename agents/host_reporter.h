// Tells the server what kind of machine this is and what is foreign on it: Host.status. Written
// only when it changed. The conditions and counts that controllers keep in the same status are left
// alone. Thread-compatible.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "agents/provider.h"
#include "base/clock.h"
#include "reeve/agent/v1/ledger.pb.h"
#include "reeve/v1/host.pb.h"

namespace reeve::agents {

// What does not come from providers.
struct HostFacts {
  std::string version;  // Of the agent.
  std::string address;
  std::string os_image;
  std::string boot_id;
  int vanished =
      0;  // Works that are gone from the API without having been deleted, and that are kept.
  bool held = false;      // They are until somebody says that they may go.
  absl::Status observed;  // Of the last look at the host.
  absl::Status restored;  // What `join` made and was lost could not be made again.
};

// os-release and the boot id.
void ReadHostFacts(Files* files, HostFacts* facts);

// The annotation by which people say that the deletions of a new epoch are meant: its value is the
// epoch.
inline constexpr char kAcceptDeletions[] = "reeve/accept-deletions";

class HostReporter {
 public:
  HostReporter(client::Client* client, std::string host)
      : client_(client), host_(std::move(host)) {}

  // Reads the Host, and updates its status when it says something else.
  absl::Status Report(const HostFacts& facts, const pb::Inventory& inventory,
                      const pb::Ledger& ledger, const HostPaths& paths, Now now);

  // What the Host's annotation said when it was last read.
  const std::string& accepted_epoch() const { return accepted_epoch_; }

 private:
  client::Client* const client_;
  const std::string host_;
  std::string accepted_epoch_;
};

}  // namespace reeve::agents
