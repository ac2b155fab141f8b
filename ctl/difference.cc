#include "ctl/difference.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

namespace fs = std::filesystem;

constexpr int kSame = 0;
constexpr int kDifferent = 1;

// A directory of one's own, with all in it gone at the end.
class ScratchDir {
 public:
  static absl::StatusOr<ScratchDir> Make(const std::string& parent, std::string_view prefix) {
    std::string path = fmt::format("{}/{}-XXXXXX", parent, prefix);
    if (mkdtemp(path.data()) == nullptr) return ErrnoStatus(errno, "making " + path);
    return ScratchDir(path);
  }
  ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ~ScratchDir() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

absl::Status WriteAll(const std::string& dir, const Texts& texts) {
  for (const auto& [name, text] : texts) {
    std::ofstream file(dir + "/" + name, std::ios::binary);
    file << text;
    file.close();
    if (!file) return Unavailable("cannot write {}/{}", dir, name);
  }
  return absl::OkStatus();
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// As kubectl takes KUBECTL_EXTERNAL_DIFF: a program and plain arguments, no shell.
std::vector<std::string> DiffCommand(const std::string& from_env) {
  std::vector<std::string> command;
  for (const std::string& word : Split(from_env, ' ')) {
    const bool plain = std::ranges::all_of(
        word, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '='; });
    if (!word.empty() && (command.empty() || plain)) command.push_back(word);
  }
  if (command.empty()) command = {"diff", "-u", "-N"};
  return command;
}

// Runs `argv` with its standard output and error in files; its exit code.
absl::StatusOr<int> RunInto(const std::vector<std::string>& argv, const std::string& out,
                            const std::string& err) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), kFlags, 0600);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, fmt::format("failed to run \"{}\"", argv[0]));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string FileNameOf(const v1::Object& object) {
  const ObjectKey key = schema::KeyOf(object);
  return fmt::format("reeve.v1.{}.{}.{}", key.kind, key.ns, key.name);
}

std::string ComparableYaml(v1::Object object) {
  schema::MutableMeta(&object)->clear_managed_fields();
  schema::MutableMeta(&object)->clear_resource_version();
  return schema::ToYaml(object);
}

absl::Status PrintDifferences(Session& session, std::string_view before, const Texts& left,
                              std::string_view after, const Texts& right) {
  const std::string from_env = session.io().env("TMPDIR");
  const std::string parent = from_env.empty() ? "/tmp" : from_env;
  ASSIGN_OR_RETURN(const ScratchDir from, ScratchDir::Make(parent, before));
  ASSIGN_OR_RETURN(const ScratchDir to, ScratchDir::Make(parent, after));
  ASSIGN_OR_RETURN(const ScratchDir printed, ScratchDir::Make(parent, "ctl-diff"));
  RETURN_IF_ERROR(WriteAll(from.path(), left));
  RETURN_IF_ERROR(WriteAll(to.path(), right));
  std::vector<std::string> argv = DiffCommand(session.io().env("CTL_EXTERNAL_DIFF"));
  argv.insert(argv.end(), {from.path(), to.path()});
  const std::string out = printed.path() + "/out", err = printed.path() + "/err";
  ASSIGN_OR_RETURN(const int code, RunInto(argv, out, err));
  session.Out("{}", ReadAll(out));
  session.Err("{}", ReadAll(err));
  if (code != kSame && code != kDifferent)
    return Unavailable("\"{}\" ended with {}", argv[0], code);
  session.EndWith(code);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
