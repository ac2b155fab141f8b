// What the commands do; the table in commands.cc names these.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ctl/session.h"
#include "proto/schema/yaml.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::ctl {

absl::Status RunAnnotate(Session& session);
absl::Status RunApiResources(Session& session);
absl::Status RunApiVersions(Session& session);
absl::Status RunApply(Session& session);
absl::Status RunAuthWhoAmI(Session& session);
absl::Status RunBackupCreate(Session& session);
absl::Status RunBackupList(Session& session);
absl::Status RunBackupVerify(Session& session);
absl::Status RunBlame(Session& session);
absl::Status RunCompletion(Session& session);
absl::Status RunConfigCurrentContext(Session& session);
absl::Status RunConfigDeleteContext(Session& session);
absl::Status RunConfigGetContexts(Session& session);
absl::Status RunConfigRenameContext(Session& session);
absl::Status RunConfigSetContext(Session& session);
absl::Status RunConfigUseContext(Session& session);
absl::Status RunConfigView(Session& session);
absl::Status RunCordon(Session& session);
absl::Status RunCreate(Session& session);
absl::Status RunDelete(Session& session);
absl::Status RunDeploy(Session& session);
absl::Status RunDescribe(Session& session);
absl::Status RunDiff(Session& session);
absl::Status RunEdit(Session& session);
absl::Status RunEvents(Session& session);
absl::Status RunExplain(Session& session);
absl::Status RunGet(Session& session);
absl::Status RunHistory(Session& session);
absl::Status RunHostAcceptDeletions(Session& session);
absl::Status RunHostRemove(Session& session);
absl::Status RunHostToken(Session& session);
absl::Status RunKubeconfig(Session& session);
absl::Status RunLabel(Session& session);
absl::Status RunMan(Session& session);
absl::Status RunPatch(Session& session);
absl::Status RunPush(Session& session);
absl::Status RunScale(Session& session);
absl::Status RunUncordon(Session& session);
absl::Status RunUndo(Session& session);
absl::Status RunVersion(Session& session);
absl::Status RunWait(Session& session);

// By the flags --namespace, --all-namespaces, --selector and --field-selector.
v1::Selector SelectorFor(Session& session, const schema::Kind& kind);
absl::StatusOr<std::vector<v1::Object>> ListSelected(Session& session, const schema::Kind& kind);

// The names of the kind's objects in the namespace that begin with `prefix`, sorted; the first 500.
absl::StatusOr<std::vector<std::string>> NamesBeginning(Session& session, const schema::Kind& kind,
                                                        std::string_view prefix);

// What applies `manifests`, by the flags --field-manager and --force-conflicts.
v1::ApplyRequest ApplyRequestFor(Session& session, const std::vector<schema::Manifest>& manifests,
                                 bool dry_run);

// Writes one field of an object and nothing else: an apply by `manager` that mentions only `path`.
// `object` bears the name and the field.
absl::StatusOr<v1::ApplyResult> ApplyField(Session& session, const v1::Object& object,
                                           const std::string& path, const std::string& manager);

// Sets a scalar of the object's spec by name. INVALID_ARGUMENT when the kind has no such field.
absl::Status SetSpecField(v1::Object* object, std::string_view field, std::string_view value);

}  // namespace reeve::ctl
