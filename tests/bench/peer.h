// The systems that the benchmark compares: the same work, the same number of connections, TLS on
// for all.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve::bench {

inline constexpr int kConnections = 8;

// Thread safety: safe, but for Restart.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string name() const = 0;
  // Durable; fails if it is there. `client` picks the connection.
  virtual absl::Status Create(int client, const std::string& key) = 0;
  virtual absl::Status Get(int client, const std::string& key) = 0;
  // All, as one consistent answer: how many.
  virtual absl::StatusOr<int> List(int client) = 0;
  // Calls `seen` with the name of every object created from now on, until the peer ends. Returns
  // when it watches.
  virtual absl::Status Watch(int client, std::function<void(const std::string&)> seen) = 0;
  // Ends all watches.
  virtual void StopWatches() = 0;
  // Stops the server and starts it again; returns when it answers.
  virtual absl::Status Restart() = 0;
  virtual int64_t ResidentBytes() const = 0;
};

// `dir` is for its files; both use the certificates that `reeve-apiserver init` made there.
absl::StatusOr<std::unique_ptr<Peer>> NewReevePeer(const std::string& dir);
absl::StatusOr<std::unique_ptr<Peer>> NewEtcdPeer(const std::string& dir);

// Of a process, from /proc.
int64_t ResidentBytesOf(int pid);

// About 1.5 KB, as performance.md measures: filler that does not compress to nothing.
std::string Filler();

}  // namespace reeve::bench
