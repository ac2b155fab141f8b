// A text in the user's editor.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ctl/io.h"

namespace reeve::ctl {

// $CTL_EDITOR, $KUBE_EDITOR or $EDITOR with its arguments, separated by blanks; else vi.
std::vector<std::string> EditorOf(const Io& io);

// Runs a program on this terminal until it ends. An error when it cannot be started, or ends with
// another code than 0. No shell.
absl::Status RunOnTerminal(const std::vector<std::string>& argv);

// A temporary file of the user's alone, which stays: Remove() it.
class TextFile {
 public:
  // In $TMPDIR, or /tmp; "ctl-edit-XXXXXX.yaml".
  static absl::StatusOr<TextFile> Create(const Io& io);

  const std::string& path() const { return path_; }
  absl::Status Write(std::string_view text) const;
  absl::StatusOr<std::string> Read() const;
  void Remove() const;

 private:
  explicit TextFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace reeve::ctl
