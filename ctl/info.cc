// ctl api-resources, version and config: what there is, and where.
#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "proto/schema/kind_registry.h"

namespace reeve::ctl {

absl::Status RunApiResources(Session& session) {
  const bool wide = session.flags().Text("output") == "wide";
  const bool names = session.flags().Text("output") == "name";
  Table table{.headers = {"NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"}};
  if (wide) table.headers.push_back("DESCRIPTION");
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    if (names) session.Out("{}\n", kind.plural);
    const auto& shorts = kind.options.short_names();
    table.rows.push_back({kind.plural, Join({shorts.begin(), shorts.end()}, ","),
                          std::string(schema::kApiVersion), kind.namespaced() ? "true" : "false",
                          kind.name});
    if (wide) table.rows.back().push_back(kind.options.short_help());
  }
  if (!names) session.Out("{}", Render(table, {.headers = !session.flags().Bool("no-headers")}));
  return absl::OkStatus();
}

absl::Status RunVersion(Session& session) {
  session.Out("Client Version: v{}\n", REEVE_VERSION);
  if (session.flags().Bool("client")) return absl::OkStatus();
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const v1::VersionResponse version, FromServer(api->Version()));
  session.Out("Server Version: v{}\nStore: epoch {}, revision {}\n", version.version(),
              version.epoch(), version.revision());
  return absl::OkStatus();
}

absl::Status RunConfigGetContexts(Session& session) {
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  ASSIGN_OR_RETURN(const client::ConfigFile file, client::LoadConfig(path));
  Table table{.headers = {"CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"}};
  for (const v1::NamedContext& context : file.config.contexts()) {
    const bool current = context.name() == file.config.current_context();
    table.rows.push_back({current ? "*" : "", context.name(), context.context().cluster(),
                          context.context().user(), context.context().namespace_()});
  }
  session.Out("{}", Render(table, {.headers = !session.flags().Bool("no-headers")}));
  return absl::OkStatus();
}

absl::Status RunConfigCurrentContext(Session& session) {
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  ASSIGN_OR_RETURN(const client::ConfigFile file, client::LoadConfig(path));
  if (file.config.current_context().empty()) return InvalidArgument("current-context is not set");
  session.Out("{}\n", file.config.current_context());
  return absl::OkStatus();
}

absl::Status RunConfigUseContext(Session& session) {
  if (session.args().size() != 1)
    return InvalidArgument("ctl config use-context takes one context name");
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  RETURN_IF_ERROR(client::UseContext(path, session.args()[0]));
  session.Out("Switched to context \"{}\".\n", session.args()[0]);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
