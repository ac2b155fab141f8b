// What users and operators do to the estate: apply, change, scale and delete sites that fight for
// the same hostnames; cordon hosts. Everything by chance from the seed, through the API like any
// client.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "client/client.h"
#include "tests/simulation/kernel.h"

namespace reeve::simulation {

struct WorkloadOptions {
  int sites = 6;
  int domains = 8;  // Fewer than sites would like: some applies are refused.
  std::vector<std::string> hosts;
  std::vector<std::string> static_blobs;
  std::vector<std::string> process_blobs;
};

// Thread-compatible.
class Workload {
 public:
  Workload(Kernel* kernel, client::Client* client, WorkloadOptions options);

  // One act of somebody.
  void Act();
  // The last act of the run: every host takes instances again. Repeats until it is acknowledged.
  bool Calm();

 private:
  void ApplySite();
  void DeleteSite();
  bool Cordon(const std::string& host, bool cordoned);
  v1::Site RandomSite(const std::string& name);
  absl::Status Apply(const v1::Object& object, const std::vector<std::string>& mentioned);
  std::string SiteName() { return fmt::format("s{}", chance_.Below(options_.sites)); }

  Kernel* const kernel_;
  client::Client* const client_;
  const WorkloadOptions options_;
  Chance chance_;
  std::map<std::string, bool> cordoned_;
  size_t uncordoned_ = 0;  // Hosts that the last act is done with.
};

}  // namespace reeve::simulation
