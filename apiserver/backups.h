// Copies of the store and of all content, made while the server serves: <data>/backups/<name>.
//
//   db/rocks/      a checkpoint of the database: table files are hard links, they never change
//   blobs/         hard links of the content
//   SHA256SUMS     the SHA-256 of each file, as sha256sum prints it, after lines of `# key value`:
//                  name, time, epoch, revision; last of all, so that it makes the backup whole
//
// `sha256sum -c SHA256SUMS` checks one without Reeve. A backup that was interrupted ends in .part
// and goes at the next one. Copy backups to another machine: links on the same disk guard against
// mistakes, not against the disk. The keys in <data>/pki are not in them.
//
// Thread safety: safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "reeve/v1/store_backup.pb.h"
#include "store/store.h"

namespace reeve::apiserver {

class Backups {
 public:
  // `store` is the one in `data_dir`; both it and `clock` must outlive this.
  struct Options {
    store::Store* store = nullptr;
    Clock* clock = nullptr;
    std::string data_dir;
  };
  explicit Backups(Options options) : options_(std::move(options)) {}

  // One at a time.
  absl::StatusOr<v1::StoreBackup> Create();
  // The newest first.
  absl::StatusOr<std::vector<v1::StoreBackup>> List() const;
  // NOT_FOUND; DATA_LOSS: see VerifyBackup.
  absl::StatusOr<v1::StoreBackup> Verify(const std::string& name) const;

 private:
  std::string Dir() const { return options_.data_dir + "/backups"; }
  absl::Status Fill(const std::string& dir, v1::StoreBackup* backup);

  const Options options_;
  Mutex making_;  // Held by Create.
};

// Reads every file of the backup in `dir`. DATA_LOSS names those that are missing, damaged, or more
// than it had.
absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string& dir);

// Puts the backup in `from`, once it was verified, into `data_dir`: the store as a new epoch at the
// next start, and the content that is not there. FAILED_PRECONDITION, changing nothing, when there
// is a store.
absl::StatusOr<v1::StoreBackup> RestoreBackup(const std::string& from, const std::string& data_dir);

}  // namespace reeve::apiserver
