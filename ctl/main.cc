// ctl: what people type.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/grpc_client.h"
#include "ctl/editor.h"
#include "ctl/run.h"

namespace {

std::string Env(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? "" : value;
}

int TerminalWidth() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  // gRPC's own lines on standard error are for its developers; our errors say what to do.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  reeve::ctl::Io io{.in = std::cin, .out = std::cout, .err = std::cerr};
  io.tty = isatty(STDOUT_FILENO) == 1;
  io.err_tty = isatty(STDERR_FILENO) == 1;
  io.width = TerminalWidth();
  io.env = Env;
  io.run = reeve::ctl::RunOnTerminal;
  io.connect = [](const reeve::client::GrpcOptions& options) {
    reeve::client::KeepGrpcRunning();
    return reeve::client::NewGrpcClient(options);
  };
  int code = reeve::ctl::Run({argv + 1, argv + argc}, io);
  if (!std::cout.flush() && code == 0) {  // A full disk, most likely.
    std::cerr << "error: standard output cannot be written\n";
    code = 1;
  }
  // What was printed is flushed; the rest the kernel takes down faster.
  std::cerr.flush();
  std::_Exit(code);
}
