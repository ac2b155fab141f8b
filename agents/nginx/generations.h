// The directory nginx reads from, in generations: <nginx>/reeve/gen-7/ with one file per site, and
// the link `current` to one of them. A generation is built as gen-8.new, and is never changed once
// it has its name.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "agents/os/files.h"

namespace reeve::agents::nginx {

inline constexpr auto kCurrent = "current";

// File names with their contents.
using Tree = std::map<std::string, std::string>;

std::string GenerationDir(int64_t generation);  // "gen-7"

// Thread-compatible. `root` (<nginx>/reeve) outlives it.
class Generations {
 public:
  explicit Generations(Root* root) : root_(*root) {}

  // nullopt: there is no link, or nothing where it points. FAILED_PRECONDITION: it is not a link of
  // ours.
  absl::StatusOr<std::optional<int64_t>> Live() const;
  absl::StatusOr<int64_t> Newest() const;         // 0 when there is none; counts those being built.
  absl::StatusOr<std::set<int64_t>> All() const;  // With those being built.

  // Its regular files; names of what else is there go to `others`.
  absl::StatusOr<Tree> Read(int64_t generation, std::set<std::string>* others = nullptr) const;
  absl::StatusOr<Tree> ReadStaged(int64_t generation) const;

  absl::Status Stage(int64_t generation,
                     const Tree& files);             // Replaces what was staged under this number.
  std::string StagedPath(int64_t generation) const;  // Absolute.
  // Gives the staged one its name, everything synced. Idempotent.
  absl::Status Promote(int64_t generation);
  absl::Status PointAt(int64_t generation);
  // Staged or named; NOT an error when absent. REQUIRES: it is not live.
  absl::Status Remove(int64_t generation);
  // Removes all older than `generation` and the two before it.
  absl::Status PruneBefore(int64_t generation);
  // Takes away what a crash in PointAt may have left.
  absl::Status DropUnusedLink();

 private:
  absl::StatusOr<std::optional<int64_t>> Existing(int64_t generation) const;
  absl::StatusOr<Tree> ReadDir(const std::string& dir, std::set<std::string>* others) const;

  Root& root_;
};

}  // namespace reeve::agents::nginx
