// The systems that the benchmark compares: what to send for the same work. Who sends it is the same
// for all (calls.h): the same number of connections, TLS on for all.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "tests/bench/calls.h"

namespace reeve::bench {

inline constexpr int kConnections = 8;
inline constexpr int kPageObjects = 500;

// Thread safety: safe, but for Restart.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string name() const = 0;
  virtual Connections* connections() = 0;  // Others after a Restart.

  // Durable; fails if it is there.
  virtual Request Create(const std::string& key) const = 0;
  virtual absl::Status Created(const grpc::ByteBuffer& answer) const = 0;
  virtual Request Get(const std::string& key) const = 0;
  // All, as one consistent answer: how many.
  virtual absl::StatusOr<int> List() = 0;
  // All of one revision, kPageObjects at a time.
  virtual absl::StatusOr<int> ListPaged() = 0;
  // A watch of everything created from now on.
  virtual absl::StatusOr<Request> Watch() = 0;
  // It watches once it has answered; else once it sent its headers.
  virtual bool watch_answers() const = 0;

  // Kills the server. Start returns when it answers.
  virtual void Kill() = 0;
  virtual absl::Status Start() = 0;
  virtual int pid() const = 0;
};

// `dir` is for its files; both use the certificates that `reeve-apiserver init` made there.
absl::StatusOr<std::unique_ptr<Peer>> NewReevePeer(const std::string& dir);
absl::StatusOr<std::unique_ptr<Peer>> NewEtcdPeer(const std::string& dir);

// About 1.5 KB, as performance.md measures: filler that does not compress to nothing.
std::string Filler();

}  // namespace reeve::bench
