// Reads of one engine snapshot in terms of objects: now, at an older revision, from the change log.
// Pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/engine.h"
#include "store/store.h"

namespace reeve::store {

using VisitVersion = std::function<bool(const Version&)>;

// A range of keys, as in store.h.
struct KeyRange {
  std::string first;
  std::string last;
  bool Contains(std::string_view key) const { return key >= first && (last.empty() || key < last); }
};

absl::StatusOr<std::optional<Version>> GetNow(const EngineSnapshot& data, std::string_view key);
absl::Status ScanNow(const EngineSnapshot& data, std::string_view first, std::string_view last,
                     const VisitVersion& visit);

// REQUIRES: `at` is not below the floor that `data` was compacted to.
absl::StatusOr<std::optional<Version>> GetAt(const EngineSnapshot& data, std::string_view key,
                                             Revision at);
absl::Status ScanAt(const EngineSnapshot& data, std::string_view first, std::string_view last,
                    Revision at, const VisitVersion& visit);

// All versions of `key` that are there, newest first.
absl::StatusOr<std::vector<PastVersion>> ReadHistory(const EngineSnapshot& data,
                                                     std::string_view key, int limit);

// Commits after `after` that touch `range`, oldest first, from the change log: at most `limit` of
// them.
struct LogPage {
  std::vector<std::shared_ptr<const Batch>> batches;
  bool end = false;  // There are no later commits in `data`.
};
absl::StatusOr<LogPage> ReadLog(const EngineSnapshot& data, const KeyRange& range, Revision after,
                                size_t limit);

// The view that Store::Read gives. `at` 0: of the newest commit in `data`, which is `revision`.
std::unique_ptr<ReadView> MakeView(std::shared_ptr<const EngineSnapshot> data, Revision revision,
                                   bool newest);

}  // namespace reeve::store
