// ctl backup.
#include "base/status.h"
#include "client/timestamps.h"
#include "ctl/errors.h"
#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "proto/schema/age.h"

namespace reeve::ctl {
namespace {

constexpr double kMiB = 1 << 20;

std::string SizeText(const v1::StoreBackup& backup) {
  return fmt::format("{:.1f} MiB", static_cast<double>(backup.size_bytes()) / kMiB);
}

}  // namespace

absl::Status RunBackupCreate(Session& session) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const v1::StoreBackup backup, FromServer(api->CreateBackup()));
  session.Out("backup/{} created\n", backup.name());
  session.Err("  revision {}, {} files, {}, in {} on the server\n", backup.revision(),
              backup.files(), SizeText(backup), backup.path());
  return absl::OkStatus();
}

absl::Status RunBackupList(Session& session) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const std::vector<v1::StoreBackup> backups, FromServer(api->ListBackups()));
  if (backups.empty()) {
    session.Err("No backups found.\n");
    return absl::OkStatus();
  }
  const absl::Time now = session.io().clock->Read().wall;
  Table table{.headers = {"NAME", "AGE", "REVISION", "FILES", "SIZE", "EPOCH"}};
  for (const v1::StoreBackup& backup : backups) {
    table.rows.push_back({backup.name(), schema::HumanDuration(now - client::ToTime(backup.time())),
                          std::to_string(backup.revision()), std::to_string(backup.files()),
                          SizeText(backup), backup.epoch()});
  }
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

absl::Status RunBackupVerify(Session& session) {
  if (session.args().size() != 1) return InvalidArgument("ctl backup verify takes one name");
  std::string name = session.args()[0];
  if (name.starts_with("backup/")) name = name.substr(7);
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const v1::StoreBackup backup, FromServer(api->VerifyBackup(name)));
  session.Out("backup/{} is whole: revision {}, {} files, {}\n", backup.name(), backup.revision(),
              backup.files(), SizeText(backup));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
