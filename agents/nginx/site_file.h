// What nginx reads from Reeve: one file per site, and one file per generation with what all sites
// share. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "agents/provider.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents::nginx {

struct SiteInput {
  const v1::Artifact::NginxSite* site = nullptr;
  std::string owner;  // Uid of the Work: of the mark.
  const HostPaths* paths = nullptr;
};

// The site's file, with its mark. INVALID_ARGUMENT names the field.
absl::StatusOr<std::string> RenderSite(const SiteInput& input);

// What can be read back from a file that RenderSite made.
struct SiteSummary {
  std::set<int> ports;
  std::set<std::string> server_names;
};
SiteSummary SummarizeSite(std::string_view content);

// The generation's own file: the probe that tells `generation`, and on every port of `ports` a
// server that refuses names nobody has.
std::string RenderCommon(int64_t generation, int probe_port, const std::set<int>& ports);

inline constexpr auto kCommonFile = "00-reeve.conf";
inline constexpr auto kProbePath = "/reeve-generation";
inline constexpr auto kHostOwner = "host";  // Of marks on files that belong to no Work.

}  // namespace reeve::agents::nginx
