// The store seam: ordered keys with versions, one global revision, transactions with preconditions,
// watches.
//
// Every commit gets the next revision. A transaction's writes become visible together, at its
// revision. What Commit acknowledged survives any crash (unless the transaction said durable =
// false). Implementations: OpenRocksStore, NewMemStore; all pass store/testing/store_conformance.
//
// Example: two writers create key "a" at revision 41: one Commit with MustBeAbsent("a") returns 42,
// the other ABORTED with the present version of "a" among the failed preconditions.
//
// Range rule: [first, last), an empty `last` means to the end. Thread safety: all classes here are
// thread-safe, unless said otherwise.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "store/disk.h"

namespace reeve::store {

// One version of a key.
struct Version {
  std::string key;
  std::string value;
  Revision created = 0;   // Of the first version since the key was last absent.
  Revision modified = 0;  // Of this version.
};

struct Precondition {
  enum class Kind { kAbsent, kPresent, kModifiedAt };
  std::string key;
  Kind kind = Kind::kAbsent;
  Revision modified = 0;  // For kModifiedAt.
};
inline Precondition MustBeAbsent(std::string key) {
  return {std::move(key), Precondition::Kind::kAbsent, 0};
}
inline Precondition MustBePresent(std::string key) {
  return {std::move(key), Precondition::Kind::kPresent, 0};
}
inline Precondition MustBeAt(std::string key, Revision modified) {
  return {std::move(key), Precondition::Kind::kModifiedAt, modified};
}

struct Write {
  std::string key;
  std::optional<std::string> value;  // Absent: delete. Deleting an absent key is no error.
  bool minor = false;  // Of less interest later: history keeps these in a number of their own.
};

struct Txn {
  std::vector<Precondition> preconditions;
  std::vector<Write>
      writes;  // Keys are distinct. None: only a check; nothing is written, no revision is used.
  bool durable = true;  // False: acknowledged before it is on disk (Lease).
  // For History only: when, by the writer's clock, and by whom. At most kAuthorBytesMax are kept.
  absl::Time time = absl::InfinitePast();
  std::string author;
  // Puts pass even when there is no room: heartbeats, and what leads to a deletion.
  bool makes_room = false;
};
inline constexpr size_t kAuthorBytesMax = 255;

// A version in the history of a key, or the key's end.
struct PastVersion {
  Version version;  // Of a deletion: key and revision; value empty, created 0.
  bool deleted = false;
  bool minor = false;
  absl::Time time = absl::InfinitePast();  // InfinitePast and empty: the writer did not say.
  std::string author;
};

// How a commit ended.
struct CommitResult {
  absl::Status status;    // OK; ABORTED: see `failed`; RESOURCE_EXHAUSTED: no space; UNAVAILABLE:
                          // stopped acknowledging.
  Revision revision = 0;  // Of the commit; of the check, when nothing was written.
  // Every precondition that did not hold, with the version that is there (nullopt: absent).
  struct Failed {
    Precondition precondition;
    std::optional<Version> present;
  };
  std::vector<Failed> failed;
};

// A consistent view of one revision. Thread-compatible; cheap to make; holds memory while it lives.
class ReadView {
 public:
  virtual ~ReadView() = default;
  virtual Revision revision() const = 0;
  virtual absl::StatusOr<std::optional<Version>> Get(std::string_view key) const = 0;
  // Calls `visit` in key order until it returns false.
  virtual absl::Status Scan(std::string_view first, std::string_view last,
                            const std::function<bool(const Version&)>& visit) const = 0;
};

// All changes of one commit that a watcher asked for.
struct Change {
  Version version;  // For a delete: key and revision; value empty.
  bool deleted = false;
  std::optional<Version> previous;  // The version it replaced.
};
struct Batch {
  Revision revision = 0;
  std::vector<Change>
      changes;  // In key order. Empty: a bookmark, nothing up to `revision` is missing.
};

// Batches in revision order, no gap, no duplicate.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // The next batch, nullopt when there is none now. OUT_OF_RANGE: the revision was compacted;
  // RESOURCE_EXHAUSTED: fell behind: resume from last_revision(). After an error the watcher is
  // dead.
  virtual absl::StatusOr<std::optional<Batch>> Next() = 0;
  virtual Revision last_revision() const = 0;
};

// What Compact leaves, for History, of the versions that the floor does not need.
struct HistoryLimits {
  int versions_max = 20;  // Of each key; and as many minor ones.
  int64_t commits_max = 1'000'000;
  absl::Time from = absl::InfinitePast();  // Older states need not be known. By the writers' times.
  uint64_t bytes_max = UINT64_MAX;         // Of all keys together; the oldest go first.
};

class Store {
 public:
  virtual ~Store() = default;

  // Blocks until the commit is decided, and durable if it should be.
  virtual CommitResult Commit(Txn txn) = 0;

  // The view at `at`, 0 for now. OUT_OF_RANGE: compacted, or not yet reached.
  virtual absl::StatusOr<std::unique_ptr<ReadView>> Read(Revision at = 0) = 0;

  // Changes of keys in [first, last) with a revision greater than `after`. `wake` is called, from
  // any thread and with no lock held, when Next may have something; it must be quick and may not
  // call the store. OUT_OF_RANGE: compacted, or ahead of the store.
  virtual absl::StatusOr<std::unique_ptr<Watcher>> Watch(std::string_view first,
                                                         std::string_view last, Revision after,
                                                         std::function<void()> wake) = 0;

  // Forgets changes up to `floor`: watches and reads below it are OUT_OF_RANGE. Per-object history
  // is kept separately.
  virtual absl::Status Compact(Revision floor, const HistoryLimits& history = {}) = 0;

  // The present version of `key` and the earlier ones, deletions among them, newest first, at most
  // `limit`. Outlives Compact: see retention.h for what is kept.
  virtual absl::StatusOr<std::vector<PastVersion>> History(std::string_view key, int limit) = 0;

  // Makes `dir`, which is absent, a copy of the database, to be opened as a new epoch. Everything
  // up to the revision that is returned is in it. FAILED_PRECONDITION: the store is in memory.
  virtual absl::StatusOr<Revision> Checkpoint(const std::string& dir) = 0;

  virtual Revision revision() const = 0;
  virtual Revision floor() const = 0;
  // The floor that keeps the newest `commits` commits, for Compact. Revisions that an unclean stop
  // passed over are none.
  virtual Revision FloorKeeping(int64_t commits) const = 0;
  // A random id of this store's life: a restored backup gets a new one.
  virtual const std::string& epoch() const = 0;

  // OK, or why writes are refused now (no space, a background error).
  virtual absl::Status Writable() const = 0;
};

// In memory; for tests, the simulator and plans. `epoch` makes it deterministic.
std::unique_ptr<Store> NewMemStore(std::string epoch);

struct RocksOptions {
  std::string dir;                    // Made if absent; holds the database and the mark beside it.
  uint64_t quota_bytes = 2ull << 30;  // Puts are refused above it; deletes still pass.
  uint64_t ballast_bytes =
      64ull << 20;   // Puts are refused while the disk has less than twice this left.
  bool sync = true;  // False: nothing survives a power cut; for tests of other things.
  // Of commits that are in memory and the log only; then they are written to a table file.
  uint64_t write_buffer_bytes = 32 << 20;
  std::shared_ptr<Disk> disk = MachineDisk();
};
// Opens or makes the store, after reading every file of it. DATA_LOSS: the files are damaged,
// copies, or hold less than the mark says was acknowledged; names the file and what to do.
// FAILED_PRECONDITION: another process has it open.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const RocksOptions& options);

}  // namespace reeve::store
