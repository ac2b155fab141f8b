#include "proto/schema/phases.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace reeve::schema {
namespace {

using Table = std::map<std::string, std::set<std::string>>;

// The tables once more, written as people read them, against the edges in phases.cc.
const std::map<std::string, Table>& Expected() {
  static const auto* const tables = new std::map<std::string, Table>{
      {"Site",
       {{"Created", {"Provisioning"}},
        {"Provisioning", {"Active", "Failed"}},
        {"Active", {"DomainPending", "Destroying"}},
        {"DomainPending", {"DomainValidating", "Active"}},
        {"DomainValidating", {"DomainRouting", "DomainPending", "Active"}},
        {"DomainRouting", {"DomainActive", "Active"}},
        {"DomainActive", {"DomainRemoving", "Destroying"}},
        {"DomainRemoving", {"Active", "Failed"}},
        {"Destroying", {"Destroyed", "Failed"}},
        {"Failed", {"Provisioning", "Destroying"}},
        {"Destroyed", {}}}},
      {"Instance",
       {{"Pending", {"Starting", "Failed", "Terminating"}},
        {"Starting", {"Running", "Failed", "Pending", "Terminating"}},
        {"Running", {"Unhealthy", "Starting", "Failed", "Terminating"}},
        {"Unhealthy", {"Running", "Starting", "Failed", "Terminating"}},
        {"Failed", {"Starting", "Pending", "Running", "Terminating"}},
        {"Terminating", {}}}},
      {"Domain",
       {{"Pending", {"Validating", "Removing"}},
        {"Validating", {"Routing", "Pending", "Removing"}},
        {"Routing", {"Active", "Pending", "Removing"}},
        {"Active", {"Routing", "Pending", "Removing"}},
        {"Removing", {}}}}};
  return *tables;
}

TEST(Phases, EveryPairIsAllowedExactlyWhenTheTableSaysSo) {
  std::map<std::string, int> pairs;
  for (const auto& [name, table] : Expected()) {
    const Lifecycle* lifecycle = FindLifecycle(name);
    ASSERT_NE(lifecycle, nullptr) << name;
    for (const auto& [from, allowed] : table) {
      for (const auto& [to, unused] : table) {
        ++pairs[name];
        EXPECT_EQ(TransitionAllowed(*lifecycle, from, to), from == to || allowed.contains(to))
            << name << ": " << from << " -> " << to;
      }
      const std::vector<std::string> after = PhasesAfter(*lifecycle, from);
      EXPECT_EQ(std::set<std::string>(after.begin(), after.end()), allowed) << name << ": " << from;
    }
  }
  EXPECT_EQ(pairs, (std::map<std::string, int>{{"Domain", 25}, {"Instance", 36}, {"Site", 121}}));
}

TEST(Phases, ANewObjectMayOnlyTakeTheInitialPhase) {
  for (const Lifecycle& lifecycle : Lifecycles()) {
    for (const auto& [phase, unused] : Expected().at(std::string(lifecycle.name))) {
      EXPECT_EQ(TransitionAllowed(lifecycle, "", phase), phase == lifecycle.initial) << phase;
      EXPECT_FALSE(TransitionAllowed(lifecycle, phase, "")) << phase;
    }
  }
}

// The phases of the .proto and the tables are the same words.
TEST(Phases, EveryLifecycleOfAKindExistsAndHasItsPhases) {
  int found = 0;
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    const std::string& name = kind.options.lifecycle();
    if (name.empty()) continue;
    ++found;
    ASSERT_TRUE(Expected().contains(name)) << kind.name;
    for (const auto& [phase, unused] : Expected().at(name)) {
      v1::Object object = NewObject(kind);
      SetPhase(&object, phase);
      EXPECT_EQ(Phase(object), phase);
    }
  }
  EXPECT_EQ(found, 3);
}

}  // namespace
}  // namespace reeve::schema
