#include "agents/os/exec.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "agents/os/path.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr size_t kOutputBytesMax = 64 << 10;

struct Pipe {
  Fd read;
  Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus(errno, "making a pipe");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// What posix_spawn wants, given back at the end.
class SpawnSetup {
 public:
  SpawnSetup(int out, int err) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, err, 2);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  absl::StatusOr<pid_t> Spawn(const Command& command) {
    std::vector<char*> argv = {const_cast<char*>(command.program.c_str())};
    for (const std::string& arg : command.args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    // Nothing of the agent's own environment reaches a child.
    std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale = "LC_ALL=C.UTF-8";
    std::array<char*, 3> environment = {path.data(), locale.data(), nullptr};
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environment.data());
    if (error != 0) return ErrnoStatus(error, "running " + command.program);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// One stream of a child; the first 64 KiB are kept, the rest is read and dropped so that the child
// is not blocked.
struct Stream {
  Fd fd;
  std::string text;

  void ReadSome() {
    char buffer[16 << 10];
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return fd.Reset(-1);
    const size_t room = kOutputBytesMax - text.size();
    text.append(buffer, std::min(room, static_cast<size_t>(n)));
  }
};

int MillisUntil(absl::Duration deadline) {
  const absl::Duration left = deadline - RealClock()->Read().mono;
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(left) + 1, 0, INT_MAX));
}

// True when both streams ended before the deadline.
bool Drain(std::array<Stream, 2>& streams, absl::Duration deadline) {
  for (;;) {
    std::array<pollfd, 2> polls;
    for (size_t i = 0; i < 2; ++i) polls[i] = {streams[i].fd.get(), POLLIN, 0};
    if (!streams[0].fd.valid() && !streams[1].fd.valid()) return true;
    const int ready = ::poll(polls.data(), polls.size(), MillisUntil(deadline));
    if (ready == 0 || RealClock()->Read().mono >= deadline) return false;
    for (size_t i = 0; i < 2; ++i) {
      if (polls[i].revents != 0) streams[i].ReadSome();
    }
  }
}

int Reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// A child that closed its output and lingers is waited for until the deadline, by a pidfd.
bool WaitExit(pid_t pid, absl::Duration deadline) {
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd poll = {handle.get(), POLLIN, 0};
  return handle.valid() && ::poll(&poll, 1, MillisUntil(deadline)) > 0;
}

class RealExec : public Exec {
 public:
  absl::StatusOr<ExitInfo> Run(const Command& command) override {
    RETURN_IF_ERROR(CheckAbsolutePath(command.program));
    ASSIGN_OR_RETURN(Pipe out, MakePipe());
    ASSIGN_OR_RETURN(Pipe err, MakePipe());
    const absl::Duration deadline = RealClock()->Read().mono + command.timeout;
    ASSIGN_OR_RETURN(const pid_t pid, SpawnSetup(out.write.get(), err.write.get()).Spawn(command));
    out.write.Reset(-1);
    err.write.Reset(-1);
    std::array<Stream, 2> streams = {Stream{std::move(out.read), ""},
                                     Stream{std::move(err.read), ""}};
    const bool done = Drain(streams, deadline) && WaitExit(pid, deadline);
    ::kill(-pid, SIGKILL);  // The whole group: a finished program may have left children behind.
    const int code = Reap(pid);
    if (done) return ExitInfo{code, streams[0].text + streams[1].text};
    return DeadlineExceeded("stalled: {} did not end within {}", command.program,
                            std::string(absl::FormatDuration(command.timeout)));
  }
};

}  // namespace

std::unique_ptr<Exec> NewRealExec() { return std::make_unique<RealExec>(); }

}  // namespace reeve::agents
