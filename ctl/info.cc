// ctl api-resources and version: what there is.
#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/screen.h"
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
  if (!names) session.Out("{}", Render(table, ScreenStyle(session)));
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

}  // namespace reeve::ctl
