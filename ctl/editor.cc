#include "ctl/editor.h"

#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::ctl {

std::vector<std::string> EditorOf(const Io& io) {
  for (const std::string_view name : {"CTL_EDITOR", "KUBE_EDITOR", "EDITOR"}) {
    std::vector<std::string> argv;
    for (const std::string& word : Split(io.env(name), ' ')) {
      if (!word.empty()) argv.push_back(word);
    }
    if (!argv.empty()) return argv;
  }
  return {"vi"};
}

absl::Status RunOnTerminal(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0], nullptr, nullptr, words.data(), environ);
  if (error != 0)
    return Unavailable("unable to launch the editor \"{}\": {}", argv[0], strerror(error));
  int state = 0;
  while (waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) return Unavailable("the editor \"{}\": {}", argv[0], strerror(errno));
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return absl::OkStatus();
  return Unavailable("there was a problem with the editor \"{}\"", argv[0]);
}

absl::StatusOr<TextFile> TextFile::Create(const Io& io) {
  const std::string dir = io.env("TMPDIR");
  std::string path = fmt::format("{}/ctl-edit-XXXXXX.yaml", dir.empty() ? "/tmp" : dir);
  const int fd = mkstemps(path.data(), static_cast<int>(strlen(".yaml")));
  if (fd < 0) return Unavailable("{}: {}", path, strerror(errno));
  close(fd);
  return TextFile(path);
}

absl::Status TextFile::Write(std::string_view text) const {
  std::ofstream out(path_, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  return out ? absl::OkStatus() : Unavailable("{}: cannot be written", path_);
}

absl::StatusOr<std::string> TextFile::Read() const {
  std::ifstream in(path_, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Unavailable("{}: cannot be read", path_);
  return text.str();
}

void TextFile::Remove() const { unlink(path_.c_str()); }

}  // namespace reeve::ctl
