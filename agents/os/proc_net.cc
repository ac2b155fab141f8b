#include "agents/os/proc_net.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>

#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr std::string_view kListen = "0A";

template <typename T>
std::optional<T> Number(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0100007F" is 127.0.0.1: each group of eight digits is a word in the machine's own byte order.
std::optional<std::string> Address(std::string_view hex) {
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  uint32_t words[4] = {};
  for (size_t i = 0; i * 8 < hex.size(); ++i) {
    const std::optional<uint32_t> word = Number<uint32_t>(hex.substr(i * 8, 8), 16);
    if (!word) return std::nullopt;
    words[i] = *word;
  }
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(hex.size() == 8 ? AF_INET : AF_INET6, words, text, sizeof text);
}

std::optional<ListeningSocket> ParseLine(const std::string& line) {
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
  std::istringstream in(line);
  std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
  in >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >>
      inode;
  if (!in || state != kListen) return std::nullopt;
  const size_t colon = local.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto address = Address(local.substr(0, colon));
  const auto port = Number<int>(local.substr(colon + 1), 16);
  const auto owner = Number<uint32_t>(uid, 10);
  const auto node = Number<uint64_t>(inode, 10);
  if (!address || !port || !owner || !node) return std::nullopt;
  return ListeningSocket{{.address = *address, .port = *port, .uid = *owner}, *node};
}

}  // namespace

std::vector<ListeningSocket> ParseProcNetTcp(std::string_view text) {
  std::vector<ListeningSocket> sockets;
  for (const std::string& line : Split(text, '\n')) {
    if (std::optional<ListeningSocket> socket = ParseLine(line))
      sockets.push_back(*std::move(socket));
  }
  return sockets;
}

}  // namespace reeve::agents
