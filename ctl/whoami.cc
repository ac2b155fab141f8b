// ctl auth whoami and ctl api-versions.
#include "base/status.h"
#include "base/strings.h"
#include "ctl/errors.h"
#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "proto/schema/kind_registry.h"

namespace reeve::ctl {

absl::Status RunAuthWhoAmI(Session& session) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const v1::WhoAmIResponse who, FromServer(api->WhoAmI()));
  Table table{.headers = {"ATTRIBUTE", "VALUE"}};
  table.rows.push_back({"Username", who.name()});
  table.rows.push_back(
      {"Groups", fmt::format("[{}]", Join({who.groups().begin(), who.groups().end()}, " "))});
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

absl::Status RunApiVersions(Session& session) {
  session.Out("{}\n", schema::kApiVersion);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
