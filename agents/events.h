// Events about this host's Works, for the people who look at the objects behind them. Repeats are
// counted in one Event.
//
// What cannot be written now waits in a bounded queue, oldest dropped first. Thread-compatible.
#pragma once

#include <deque>
#include <string>

#include "base/clock.h"
#include "client/client.h"
#include "reeve/v1/event.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

class Events {
 public:
  Events(client::Client* client, std::string host) : client_(client), host_(std::move(host)) {}

  // About the object that made `work`, or the Work itself when nothing else did.
  void Record(const v1::Work& work, v1::EventSpec::Type type, std::string_view reason,
              const std::string& message, Now now);
  // About this host itself.
  void RecordOfHost(v1::EventSpec::Type type, std::string_view reason, const std::string& message,
                    Now now);
  // Writes what waits; stops at the first that the server cannot take now.
  void Flush();

 private:
  void Queue(const v1::ObjectRef& regarding, v1::EventSpec::Type type, std::string_view reason,
             const std::string& message, Now now);
  absl::Status Write(const v1::Event& event);

  client::Client* const client_;
  const std::string host_;
  std::deque<v1::Event> waiting_;
};

}  // namespace reeve::agents
