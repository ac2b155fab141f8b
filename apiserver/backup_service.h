// reeve.v1.Backups over gRPC, for administrators.
#pragma once

#include "apiserver/backups.h"
#include "apiserver/service_context.h"
#include "reeve/v1/store_backup.grpc.pb.h"

namespace reeve::apiserver {

// Thread safety: safe. `backups` and the context's parts must outlive it.
class BackupService final : public v1::Backups::CallbackService {
 public:
  BackupService(const ServiceContext& context, Backups* backups)
      : context_(context), backups_(backups) {}

  grpc::ServerUnaryReactor* CreateBackup(grpc::CallbackServerContext* call,
                                         const v1::CreateBackupRequest* request,
                                         v1::StoreBackup* response) override;
  grpc::ServerUnaryReactor* ListBackups(grpc::CallbackServerContext* call,
                                        const v1::ListBackupsRequest* request,
                                        v1::ListBackupsResponse* response) override;
  grpc::ServerUnaryReactor* VerifyBackup(grpc::CallbackServerContext* call,
                                         const v1::VerifyBackupRequest* request,
                                         v1::StoreBackup* response) override;

 private:
  const ServiceContext context_;
  Backups* const backups_;
};

}  // namespace reeve::apiserver
