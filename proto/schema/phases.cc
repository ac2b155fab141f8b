#include "proto/schema/phases.h"

#include <algorithm>

#include "base/status.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {

const std::vector<Lifecycle>& Lifecycles() {
  static const std::vector<Lifecycle>* const tables = new std::vector<Lifecycle>{
      {.name = "Site",
       .initial = "Created",
       .edges = {{"Created", "Provisioning"},
                 {"Provisioning", "Active"},
                 {"Provisioning", "Failed"},
                 {"Active", "DomainPending"},
                 {"Active", "Destroying"},
                 {"DomainPending", "DomainValidating"},
                 {"DomainPending", "Active"},  // Cancelled.
                 {"DomainValidating", "DomainRouting"},
                 {"DomainValidating", "DomainPending"},  // Looked at again later.
                 {"DomainValidating", "Active"},
                 {"DomainRouting", "DomainActive"},
                 {"DomainRouting", "Active"},  // Rolled back.
                 {"DomainActive", "DomainRemoving"},
                 {"DomainActive", "Destroying"},
                 {"DomainRemoving", "Active"},
                 {"DomainRemoving", "Failed"},
                 {"Destroying", "Destroyed"},
                 {"Destroying", "Failed"},
                 {"Failed", "Provisioning"},
                 {"Failed", "Destroying"}}},
      {.name = "Instance",
       .initial = "Pending",
       .edges = {{"Pending", "Starting"},
                 {"Pending", "Failed"},
                 {"Pending", "Terminating"},
                 {"Starting", "Running"},
                 {"Starting", "Failed"},
                 {"Starting", "Pending"},
                 {"Starting", "Terminating"},
                 {"Running", "Unhealthy"},
                 {"Running", "Starting"},
                 {"Running", "Failed"},
                 {"Running", "Terminating"},
                 {"Unhealthy", "Running"},
                 {"Unhealthy", "Starting"},
                 {"Unhealthy", "Failed"},
                 {"Unhealthy", "Terminating"},
                 {"Failed", "Starting"},
                 {"Failed", "Pending"},
                 {"Failed", "Running"},
                 {"Failed", "Terminating"}}},
      {.name = "Domain",
       .initial = "Pending",
       .edges = {{"Pending", "Validating"},
                 {"Pending", "Removing"},
                 {"Validating", "Routing"},
                 {"Validating", "Pending"},
                 {"Validating", "Removing"},
                 {"Routing", "Active"},
                 {"Routing", "Pending"},
                 {"Routing", "Removing"},
                 {"Active", "Routing"},
                 {"Active", "Pending"},
                 {"Active", "Removing"}}},
  };
  return *tables;
}

const Lifecycle* FindLifecycle(std::string_view name) {
  for (const Lifecycle& lifecycle : Lifecycles()) {
    if (lifecycle.name == name) return &lifecycle;
  }
  return nullptr;
}

bool TransitionAllowed(const Lifecycle& lifecycle, std::string_view from, std::string_view to) {
  if (from == to) return true;
  if (from.empty()) return to == lifecycle.initial;
  const std::pair edge(from, to);
  return std::find(lifecycle.edges.begin(), lifecycle.edges.end(), edge) != lifecycle.edges.end();
}

std::vector<std::string> PhasesAfter(const Lifecycle& lifecycle, std::string_view from) {
  if (from.empty()) return {std::string(lifecycle.initial)};
  std::vector<std::string> phases;
  for (const auto& [before, after] : lifecycle.edges) {
    if (before == from) phases.emplace_back(after);
  }
  return phases;
}

void SetPhase(Message* object, std::string_view phase) {
  Message* inner = MutableInner(object);
  const FieldDescriptor* status_field = inner->GetDescriptor()->FindFieldByName("status");
  CHECK(status_field != nullptr, "SetPhase of a kind without status");
  Message* status = inner->GetReflection()->MutableMessage(inner, status_field);
  const FieldDescriptor* field = status->GetDescriptor()->FindFieldByName("phase");
  CHECK(field != nullptr && field->enum_type() != nullptr, "SetPhase of a kind without a phase");
  const auto* value = field->enum_type()->FindValueByName(std::string(phase));
  CHECK(value != nullptr, "not a phase of this kind: " + std::string(phase));
  status->GetReflection()->SetEnum(status, field, value);
}

}  // namespace reeve::schema
