// Conditions: read and edited in one vocabulary, by everybody who writes a status.
#pragma once

#include <absl/time/time.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <string_view>

#include "base/names.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::client {

using ConditionList = google::protobuf::RepeatedPtrField<v1::Condition>;

inline constexpr char kReady[] = "Ready";
inline constexpr char kPlaced[] = "Placed";            // Instance.
inline constexpr char kRouted[] = "Routed";            // Instance: by nginx of its host.
inline constexpr char kDnsReady[] = "DNSReady";        // Domain.
inline constexpr char kProgressing[] = "Progressing";  // Site: as Kubernetes' Deployment has it.
inline constexpr char kReleased[] = "Released";        // Host, Instance: what deletion waits for.
inline constexpr char kApplied[] = "Applied";          // Work.
inline constexpr char kHealthy[] = "Healthy";          // Work.

// What to say about one aspect.
struct Finding {
  std::string_view type;
  v1::Condition::Status status = v1::Condition::Unknown;
  std::string reason;   // One CamelCase word.
  std::string message;  // One line, stable: no ages, no counters.
};

// nullptr when absent, which means Unknown.
const v1::Condition* FindCondition(const ConditionList& conditions, std::string_view type);
bool IsTrue(const ConditionList& conditions, std::string_view type);
// True, and said about `generation`.
bool IsTrueAt(const ConditionList& conditions, std::string_view type, Generation generation);

// Adds or replaces; last_transition_time moves only when the status does. Returns whether the
// status moved.
bool SetCondition(ConditionList* conditions, const Finding& finding, Generation generation,
                  absl::Time now);
void DropCondition(ConditionList* conditions, std::string_view type);

// `text` up to its first line end.
std::string FirstLine(std::string_view text);

}  // namespace reeve::client
