// The canonical tar of a directory: the same tree gives the same bytes on every machine, so that
// its digest names it.
//
// Entries are sorted by path; modes are 0755 (directories, executables) or 0644; times, owners and
// names of owners are zero. Symbolic links are followed when they end inside the tree; what leads
// outside, loops, or is neither file nor directory is left out with a warning.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve::ctl {

struct TreeEntry {
  std::string path;    // In the tar, without leading or trailing "/".
  std::string source;  // On disk, links resolved.
  bool directory = false;
  bool executable = false;
  uint64_t size = 0;
};

struct Tree {
  std::vector<TreeEntry> entries;  // Sorted by path.
  std::vector<std::string> warnings;
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// INVALID_ARGUMENT when `directory` is none, has nothing in it, or is over the limits of a blob.
absl::StatusOr<Tree> ScanTree(const std::string& directory);

// The tar of a tree, piece by piece.
class TarReader {
 public:
  virtual ~TarReader() = default;
  // Appends the next piece; false when that was the last. ABORTED when a file is not what the scan
  // saw any more.
  virtual absl::StatusOr<bool> Read(std::string* piece) = 0;
};
// `tree` must outlive it.
absl::StatusOr<std::unique_ptr<TarReader>> NewTarReader(const Tree& tree);

struct TarDigest {
  std::string digest;  // sha256-<64 hex digits>
  uint64_t bytes = 0;
};
absl::StatusOr<TarDigest> DigestOf(const Tree& tree);

}  // namespace reeve::ctl
