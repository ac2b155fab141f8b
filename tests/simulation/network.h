// The simulated network between the API server and everybody else: a client::Client whose requests
// and replies are lost, and whose watch streams are delayed and broken, by chance from the kernel's
// seed.
//
// gRPC keeps order within a stream, so events are delayed and cut off, never reordered. A lost
// reply means that the request was executed. Thread-compatible: one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "apiserver/api.h"
#include "client/client.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/planted.h"

namespace reeve::simulation {

struct NetworkFaults {
  int lost_request_percent = 0;
  int lost_reply_percent = 0;
  int broken_stream_percent = 0;  // Of deliveries.
  absl::Duration delay_max = absl::Milliseconds(2);
};

class SimStream;

class Network {
 public:
  // A write that its client saw acknowledged.
  struct Acknowledged {
    const v1::Object& object;
    bool gone = false;  // It removed the object.
    // What the client required; empty: nothing.
    std::string resource_version;
    std::string uid;
  };
  using OnAcknowledged = std::function<void(const Acknowledged&)>;

  Network(Kernel* kernel, OnAcknowledged on_acknowledged);
  ~Network();

  // Null: the server is down. Breaks every stream.
  void SetServer(apiserver::Api* api);
  void SetFaults(const NetworkFaults& faults) { faults_ = faults; }
  void SetPlanted(Planted planted) { planted_ = planted; }
  // Cuts `name` off, or lets it through again.
  void SetPartitioned(const std::string& name, bool partitioned);

  // A client that speaks as `who` from the machine `name`. Must not outlive the network.
  std::unique_ptr<client::Client> Connect(const std::string& name, const apiserver::Identity& who);
  // OK when bytes that are not an API call (a blob) get to `name`.
  absl::Status Transfer(const std::string& name);

 private:
  friend class SimClient;
  friend class SimStream;

  // OK when a request of `name` reaches the server, and when its reply comes back.
  absl::Status Reach(const std::string& name);
  absl::Status Reply();
  bool LosesEvent();  // Only when planted.
  // The request as it arrives: what the client sent, but for what is planted.
  v1::UpdateRequest Arriving(const v1::UpdateRequest& request);
  void BreakStreams(const std::string& name);  // Empty: all.

  Kernel* const kernel_;
  const OnAcknowledged on_acknowledged_;
  Chance chance_;
  NetworkFaults faults_;
  Planted planted_ = Planted::kNone;
  apiserver::Api* api_ = nullptr;
  std::map<std::string, bool> partitioned_;
  std::map<uint64_t, SimStream*> streams_;  // By number, in order of opening.
  uint64_t next_stream_ = 0;
};

}  // namespace reeve::simulation
