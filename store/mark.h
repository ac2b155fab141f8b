// The mark: what must be known outside the engine to notice that the engine lost something.
//
// An engine whose newest log file was deleted opens without complaint and holds less than was
// acknowledged. The mark holds the epoch, the highest durable revision acknowledged, and a ceiling:
// no revision above it was ever shown without being durable. After an unclean stop the next
// revision starts above the ceiling, so that a revision that somebody saw and a crash took is never
// given to another commit.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>

#include "base/names.h"

namespace reeve::store {

struct MarkState {
  std::string epoch;
  Revision durable = 0;
  Revision ceiling = 0;
  bool clean = false;  // Written by an orderly close: nothing above `durable` was ever shown.
  // When the file that holds it was made, see Disk::Born: a copy, maybe an old one, does not match.
  std::optional<int64_t> born = std::nullopt;
};

// How far the ceiling is raised at a time.
inline constexpr Revision kRevisionsReserved = 10'000;

// Thread safety: safe. Implementations: FileMark, MemMark.
class Mark {
 public:
  virtual ~Mark() = default;
  // The mark on disk when it was opened; nullopt: there was none.
  virtual const std::optional<MarkState>& found() const = 0;
  // Starts a life of the store: on disk when it returns.
  virtual absl::Status Start(const std::string& epoch, Revision durable) = 0;
  // Everything up to `durable` is acknowledged. Never blocks: goes to disk in the background.
  virtual void Raise(Revision durable) = 0;
  // The ceiling that is on disk.
  virtual Revision ceiling() const = 0;
  // An orderly end: nothing above `durable` was shown. Called when no commit can follow.
  virtual void Close(Revision durable) = 0;
};

}  // namespace reeve::store
