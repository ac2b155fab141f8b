// The engine over RocksDB. The only door to it.
//
// How it is set up and why: the log is read so that a torn tail is cut and damage before it is an
// error (RocksDB's default would drop everything after the damage in silence); a background error
// is never resumed from, because what was acknowledged since is not known to be on disk: Health
// stays an error until the process opens it again. Table files are written with a checksum of the
// whole file, and all are read and checked when the database is opened: damage is a refusal to
// start, not a surprise to whoever reads that object next.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "store/disk.h"
#include "store/engine.h"

namespace reeve::store {

class RocksEngine : public Engine {
 public:
  struct Options {
    std::string dir;
    bool create = false;  // False: DATA_LOSS when there is no database.
    bool sync =
        true;  // False: `sync` of Write is ignored; for tests where durability is not the point.
    uint64_t write_buffer_bytes = 32 << 20;
    std::shared_ptr<Disk> disk = MachineDisk();
    std::shared_ptr<void> lock;  // Released when the engine, and every snapshot of it, is gone.
  };
  // DATA_LOSS: damaged, or a file is missing. FAILED_PRECONDITION: another process has it open.
  static absl::StatusOr<std::shared_ptr<RocksEngine>> Open(Options options);

  // Waits until every table file was read, which begins when the database is opened. DATA_LOSS: one
  // is damaged.
  virtual absl::Status Verified() = 0;

  // Files and memory that hold data.
  virtual uint64_t used_bytes() const = 0;
  // The files in `dir` that grew at the end and were read when it was opened: where a loss of the
  // newest commits is to be looked for.
  virtual const std::vector<std::string>& growing_files() const = 0;
};

}  // namespace reeve::store
