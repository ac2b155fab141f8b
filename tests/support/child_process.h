// A program run by a test: started with arguments, waited for, killed.
#pragma once

#include <sys/types.h>

#include <functional>

#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

namespace reeve::support {

// Thread-compatible. Killed with SIGKILL and reaped when destroyed.
class ChildProcess {
 public:
  // `argv[0]` is a path or found on PATH. Reads `in_path`; output goes to `log_path`, appended.
  static absl::StatusOr<ChildProcess> Start(const std::vector<std::string>& argv,
                                            const std::string& log_path,
                                            const std::string& in_path = "/dev/null");

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  void Signal(int number);
  // The exit code, or 128 + signal; -1 when it has not ended within `timeout`.
  int Wait(absl::Duration timeout);
  // SIGKILL, and reaped.
  void Kill();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;  // 0: none, or reaped.
};

// Runs to the end; its output as one text. For tools: etcdctl, promtool.
absl::StatusOr<std::string> RunToEnd(const std::vector<std::string>& argv,
                                     const std::string& log_path,
                                     const std::string& in_path = "/dev/null");

// A directory of its own below the system's temporary one; removed when destroyed.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Where this build's programs are: the folder of the running test.
std::string BinDir();

// Polls `ready` until it is true; false after `timeout`.
bool WaitUntil(absl::Duration timeout, const std::function<bool()>& ready);

}  // namespace reeve::support
