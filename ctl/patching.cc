#include "ctl/patching.h"

#include <utility>

#include "base/status.h"
#include "ctl/errors.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "proto/schema/json_patch.h"
#include "proto/schema/validate.h"

namespace reeve::ctl {
namespace {

absl::StatusOr<std::vector<v1::Object>> Chosen(Session& session, const schema::Kind& kind) {
  const Invocation& flags = session.flags();
  const bool chosen =
      flags.Bool("all") || !flags.Text("selector").empty() || !flags.Text("field-selector").empty();
  if (!chosen) return InvalidArgument("resource(s) were provided, but no name was specified");
  return ListSelected(session, kind);
}

}  // namespace

absl::StatusOr<DryRun> DryRunOf(const Session& session) {
  const std::string text = session.flags().Text("dry-run");
  if (text == "none") return DryRun::kNone;
  if (text == "client") return DryRun::kClient;
  if (text == "server") return DryRun::kServer;
  return InvalidArgument("Invalid dry-run value ({}). Must be \"none\", \"server\", or \"client\".",
                         text);
}

std::string_view DryRunSuffix(DryRun dry_run) {
  if (dry_run == DryRun::kClient) return " (dry run)";
  return dry_run == DryRun::kServer ? " (server dry run)" : "";
}

absl::StatusOr<std::vector<v1::Object>> ObjectsFor(Session& session,
                                                   const std::vector<std::string>& args,
                                                   std::string_view verb) {
  ASSIGN_OR_RETURN(const std::vector<Selection> selections, ParseSelections(args, verb));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  std::vector<v1::Object> objects;
  for (const Selection& selection : selections) {
    for (const std::string& name : selection.names) {
      ASSIGN_OR_RETURN(v1::Object object,
                       FromServer(api->Get(session.KeyFor(*selection.kind, name))));
      objects.push_back(std::move(object));
    }
    if (!selection.names.empty()) continue;
    ASSIGN_OR_RETURN(std::vector<v1::Object> chosen, Chosen(session, *selection.kind));
    for (v1::Object& object : chosen) objects.push_back(std::move(object));
  }
  return objects;
}

absl::StatusOr<v1::Object> SendPatch(Session& session, const v1::Object& live,
                                     v1::PatchRequest::Type type, std::string_view document,
                                     bool status) {
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  if (dry_run == DryRun::kClient) {
    ASSIGN_OR_RETURN(const auto patched, schema::Patched(live, type, document));
    RETURN_IF_ERROR(schema::ToStatus(schema::Validate(*patched), schema::KeyOf(live)));
    return static_cast<const v1::Object&>(*patched);
  }
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  const ObjectKey key = schema::KeyOf(live);
  v1::PatchRequest request;
  request.mutable_key()->set_kind(key.kind);
  request.mutable_key()->set_namespace_(key.ns);
  request.mutable_key()->set_name(key.name);
  request.set_type(type);
  request.set_document(std::string(document));
  request.set_field_manager(session.flags().Text("field-manager"));
  request.set_dry_run(dry_run == DryRun::kServer);
  request.set_status(status);
  return FromServer(api->Patch(request));
}

}  // namespace reeve::ctl
