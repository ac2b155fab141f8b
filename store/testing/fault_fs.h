// A disk in memory that loses what was not synced, and fails when told to.
//
// Like a real one it has two states: what programs see, and what is on the platter. Bytes of a file
// reach the platter when the file is synced, names (create, rename, delete) when their directory
// is. A power cut keeps, chosen by the seed: of each directory the first few names that were
// changed since its sync, in order; of each file a random beginning of the bytes since its sync,
// often ending within a record, sometimes at a sector and followed by zeros (a file that was made
// longer before its last sectors were written). After a failed sync the bytes it was for are
// lost on the platter although programs still see them, and later syncs succeed (Rebello et al.,
// "Can Applications Recover from fsync Failures?", USENIX ATC 2020). That a file system tracks what
// was synced is the idea of RocksDB's own FaultInjectionTestFS.
//
// Being in memory it is fast and the machine's caches cannot help: a thousand cuts in seconds.
// Thread safety: safe. Everything is a function of the seed and of the order of calls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/disk.h"

namespace reeve::store {

class FaultFs final : public Disk {
 public:
  explicit FaultFs(uint64_t seed);
  ~FaultFs() override;

  absl::StatusOr<File> Read(const std::string& path) override;
  absl::Status Replace(const std::string& path,
                       const std::function<std::string(Born)>& contents) override;
  absl::Status Remove(const std::string& path) override;
  uint64_t FreeBytes(const std::string& path) override;
  void* rocks_env() override;

  // The kinds of calls that change or read a file; each is one point where the power can go.
  enum class Call { kCreate, kWrite, kSync, kRename, kDelete, kSyncDir, kRead };
  static constexpr int kCalls = 7;

  // The power goes when `calls` more changing calls were made (0: now): every later call fails,
  // until PowerOn. Negative: never.
  void CutAfter(int64_t calls);
  bool powered() const;
  // What was on the platter is what there is. REQUIRES: nobody has files open any more.
  void PowerOn();

  // The `nth` call of this kind from now on (1: the next), and the `times` - 1 after it, fail with
  // an input/output error.
  void Fail(Call call, int64_t nth, int64_t times = 1);
  // Whether a fault asked for by Fail has happened since.
  bool failed() const;
  // Writes beyond this many bytes in all get "no space left on device".
  void SetCapacity(uint64_t bytes);
  uint64_t used_bytes() const;
  int64_t calls() const;  // Changing ones, so far.

  // All files as programs see them.
  using Image = std::map<std::string, File>;
  Image Save() const;
  void Restore(const Image& image);  // The very same files.
  // What the owner of the disk does, while nobody has files open. A copy is a new file, born later.
  void PutCopy(const std::string& path, const std::string& contents);
  void Delete(const std::string& path);
  void FlipBit(const std::string& path, uint64_t bit);
  void Truncate(const std::string& path, uint64_t size);

  class Core;  // For the implementation alone.

 private:
  const std::shared_ptr<Core> core_;
  struct Env;
  const std::unique_ptr<Env> env_;
};

}  // namespace reeve::store
