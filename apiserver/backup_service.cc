#include "apiserver/backup_service.h"

namespace reeve::apiserver {
namespace {

absl::Status CheckAdmin(const Identity& who) {
  if (who.role == Identity::Role::kAdmin) return absl::OkStatus();
  return PermissionDenied("\"{}\" may not use backups: only administrators may", who.name);
}

}  // namespace

grpc::ServerUnaryReactor* BackupService::CreateBackup(grpc::CallbackServerContext* call,
                                                      const v1::CreateBackupRequest*,
                                                      v1::StoreBackup* response) {
  const RequestMetrics metrics(context_.clock, "CREATE", "", "backups");
  return RunUnary(context_, call, metrics, response,
                  [this](const Identity& who) -> absl::StatusOr<v1::StoreBackup> {
                    RETURN_IF_ERROR(CheckAdmin(who));
                    return backups_->Create();
                  });
}

grpc::ServerUnaryReactor* BackupService::ListBackups(grpc::CallbackServerContext* call,
                                                     const v1::ListBackupsRequest*,
                                                     v1::ListBackupsResponse* response) {
  const RequestMetrics metrics(context_.clock, "LIST", "", "backups");
  return RunUnary(context_, call, metrics, response,
                  [this](const Identity& who) -> absl::StatusOr<v1::ListBackupsResponse> {
                    RETURN_IF_ERROR(CheckAdmin(who));
                    ASSIGN_OR_RETURN(const std::vector<v1::StoreBackup> backups, backups_->List());
                    v1::ListBackupsResponse listed;
                    listed.mutable_backups()->Assign(backups.begin(), backups.end());
                    return listed;
                  });
}

grpc::ServerUnaryReactor* BackupService::VerifyBackup(grpc::CallbackServerContext* call,
                                                      const v1::VerifyBackupRequest* request,
                                                      v1::StoreBackup* response) {
  const RequestMetrics metrics(context_.clock, "GET", "", "backups");
  return RunUnary(context_, call, metrics, response,
                  [=, this](const Identity& who) -> absl::StatusOr<v1::StoreBackup> {
                    RETURN_IF_ERROR(CheckAdmin(who));
                    return backups_->Verify(request->name());
                  });
}

}  // namespace reeve::apiserver
