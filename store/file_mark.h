// The mark (mark.h) as a small text file that a thread of its own keeps fresh: written at most
// every kMarkPeriod, synced, replaced atomically. So a revision acknowledged longer ago than that
// is known to it.
//
// The file, for people: `reeve-mark 2`, then `epoch`, `durable`, `ceiling`, `clean`, `born`, each
// with a value, and `sum` with the FNV-1a of the lines before it. Where the disk does not tell when
// a file was made it is `reeve-mark 1`, without `born`.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/mutex.h"
#include "store/disk.h"
#include "store/mark.h"

namespace reeve::store {

inline constexpr absl::Duration kMarkPeriod = absl::Milliseconds(50);

std::string EncodeMark(const MarkState& state);
absl::StatusOr<MarkState> DecodeMark(std::string_view text);

class FileMark final : public Mark {
 public:
  // DATA_LOSS: the file cannot be understood, or is a copy. `accept_copy`: the owner says that the
  // copy is of the newest.
  static absl::StatusOr<std::unique_ptr<FileMark>> Open(std::string path,
                                                        std::shared_ptr<Disk> disk = MachineDisk(),
                                                        bool accept_copy = false);
  // Without Close: as a crash leaves it.
  ~FileMark() override;

  const std::optional<MarkState>& found() const override { return found_; }
  absl::Status Start(const std::string& epoch, Revision durable) override;
  void Raise(Revision durable) override;
  Revision ceiling() const override;
  void Close(Revision durable) override;

 private:
  FileMark(std::string path, std::shared_ptr<Disk> disk, std::optional<MarkState> found)
      : path_(std::move(path)), disk_(std::move(disk)), found_(std::move(found)) {}
  absl::Status WriteDown(MarkState state);
  void Run();
  // Waits for something to write; false when stopping.
  bool NextToWrite(MarkState* state);
  void Written(const MarkState& state, const absl::Status& status);
  void Stop();

  const std::string path_;
  const std::shared_ptr<Disk> disk_;
  const std::optional<MarkState> found_;

  mutable Mutex mu_;  // Guards all below. Not held while writing.
  CondVar changed_;
  CondVar stopped_;
  MarkState state_ ABSL_GUARDED_BY(mu_);  // To be written.
  Revision ceiling_on_disk_ ABSL_GUARDED_BY(mu_) = 0;
  bool dirty_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<Thread> thread_;  // Touched by Start, Close and the destructor alone.
};

}  // namespace reeve::store
