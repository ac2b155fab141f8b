#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/executor.h"
#include "base/status.h"

extern char** environ;

namespace reeve::support {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(2);

int ExitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const std::vector<std::string>& argv,
                                                 const std::string& log_path,
                                                 const std::string& in_path) {
  std::vector<char*> args;
  for (const std::string& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
  args.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in_path.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, args[0], &actions, nullptr, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "starting " + argv[0]);
  return ChildProcess(pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Signal(int number) {
  if (pid_ != 0) kill(pid_, number);
}

int ChildProcess::Wait(absl::Duration timeout) {
  int code = -1;
  WaitUntil(timeout, [&] {
    int status = 0;
    if (pid_ == 0 || waitpid(pid_, &status, WNOHANG) != pid_) return pid_ == 0;
    pid_ = 0;
    code = ExitCodeOf(status);
    return true;
  });
  return code;
}

void ChildProcess::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
}

absl::StatusOr<std::string> RunToEnd(const std::vector<std::string>& argv,
                                     const std::string& log_path, const std::string& in_path) {
  ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(argv, log_path, in_path));
  const int code = child.Wait(absl::Seconds(60));
  std::ifstream in(log_path);
  std::string output((std::istreambuf_iterator<char>(in)), {});
  if (code != 0) return Internal("{} ended with {}: {}", argv[0], code, output);
  return output;
}

TempDir::TempDir() {
  std::string pattern = std::filesystem::temp_directory_path() / "reeve-test-XXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr, "the temporary directory is writable");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string BinDir() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

bool WaitUntil(absl::Duration timeout, const std::function<bool()>& ready) {
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  Notification never;
  while (!ready()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    never.WaitFor(kPoll);
  }
  return true;
}

}  // namespace reeve::support
