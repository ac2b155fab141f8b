// What the commands have in common that change objects by patches.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ctl/session.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::ctl {

enum class DryRun { kNone, kClient, kServer };

// By --dry-run.
absl::StatusOr<DryRun> DryRunOf(const Session& session);
// " (dry run)", " (server dry run)" or "".
std::string_view DryRunSuffix(DryRun dry_run);

// The objects that a command's arguments name, or --selector, --field-selector and --all choose,
// as they are now. `verb` is for messages. NOT_FOUND when one that is named is not there.
absl::StatusOr<std::vector<v1::Object>> ObjectsFor(Session& session,
                                                   const std::vector<std::string>& args,
                                                   std::string_view verb);

// `document` on the object at `key`, under --field-manager; with --dry-run=client on `live` here.
absl::StatusOr<v1::Object> SendPatch(Session& session, const v1::Object& live,
                                     v1::PatchRequest::Type type, std::string_view document,
                                     bool status = false);

}  // namespace reeve::ctl
