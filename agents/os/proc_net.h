// The kernel's table of TCP sockets, as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agents/os/net.h"

namespace reeve::agents {

struct ListeningSocket {
  TcpListener listener;  // pid and process are not filled in.
  uint64_t inode = 0;
};

// The listening sockets in the text of /proc/net/tcp or /proc/net/tcp6. Lines that cannot be read
// are left out.
std::vector<ListeningSocket> ParseProcNetTcp(std::string_view text);

}  // namespace reeve::agents
