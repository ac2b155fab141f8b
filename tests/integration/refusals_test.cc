// What is refused, with the message people read, through ctl and a real server; nothing is written.
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "proto/schema/phases.h"
#include "tests/integration/estate.h"

namespace reeve::integration {
namespace {

constexpr char kHost[] = R"(apiVersion: reeve/v1
kind: Host
metadata:
  name: h1
spec:
  portRange:
    first: 20000
    last: 20099
)";

// A Process site with a port of its own on h1.
std::string Pinned(const std::string& name, int port) {
  return "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: " + name +
         "\nspec:\n  type: Process\n  placement:\n    hosts: [h1]\n  process:\n    command: [node, "
         "server.js]\n    port: " +
         std::to_string(port) + "\n";
}

// A Static site whose spec goes on with `rest`.
std::string Static(const std::string& name, const std::string& rest) {
  return "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: " + name +
         "\nspec:\n  type: Static\n" + rest;
}

struct Refusal {
  std::string what;
  std::string manifest;
  std::string message;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.what; }

std::vector<Refusal> Refusals() {
  return {
      {"PortBelowTheRange", Pinned("low", 19999),
       "STDIN:11:5: spec.process.port: must be between 20000 and 20099, the port range of host "
       "h1\n"},
      {"PortAboveTheRange", Pinned("high", 20100),
       "STDIN:11:5: spec.process.port: must be between 20000 and 20099, the port range of host "
       "h1\n"},
      {"PortAbove65535", Pinned("none", 65536),
       "STDIN:11:11: spec.process.port: must be at most 65535, got \"65536\"\n"},
      {"PortHeld", Pinned("second", 20005),
       "STDIN:11:5: spec.process.port: \"h1/20005\" is held by Site default/first\n"},
      {"HostnameHeld",
       Static("other", "  domains: [a.example.test, b.example.test, free.example.test]\n"),
       "STDIN:7:13: spec.domains[0]: \"a.example.test\" is held by Site default/blog\n"
       "STDIN:7:29: spec.domains[1]: \"b.example.test\" is held by Site default/blog\n"},
      {"HostnameTwiceInOneManifest",
       Static("one", "  domains: [c.example.test]\n") + "---\n" +
           Static("two", "  domains: [c.example.test]\n"),
       "STDIN:15:13: spec.domains[0]: \"c.example.test\" is held by Site default/one\n"},
      {"UnknownField", Static("typo", "  replica: 2\n"),
       "STDIN:7:3: unknown field \"spec.replica\", did you mean \"replicas\"?\n"},
      {"WrongType", Static("words", "  replicas: many\n"),
       "STDIN:7:13: spec.replicas: must be a decimal integer, got \"many\"\n"},
      {"DuplicateKey", Static("twice", "  replicas: 1\n  replicas: 2\n"),
       "STDIN:8:3: duplicate key \"replicas\", first at line 7\n"},
      {"Anchor", "a: &a [*a]\n",
       "STDIN:1:1: apiVersion: required, such as reeve/v1\n"
       "STDIN:1:1: kind: required, such as Site\n"
       "STDIN:1:4: anchors (&) and aliases (*) are not supported\n"
       "STDIN:1:8: anchors (&) and aliases (*) are not supported\n"},
      {"UnknownKind", "apiVersion: reeve/v1\nkind: Sites\nmetadata:\n  name: x\n",
       "STDIN:2:7: unknown kind \"Sites\", did you mean \"Site\"?\n"},
      {"GoodBesideBad", Static("good", "") + "---\n" + Static("bad", "  replicas: -1\n"),
       "STDIN:14:13: spec.replicas: must be at least 0, got \"-1\"\n"},
  };
}

class RefusalsTest : public testing::TestWithParam<Refusal> {
 protected:
  static void SetUpTestSuite() {
    estate_ = std::make_unique<Estate>();
    ASSERT_OK(estate_->Start());
    const std::string present = std::string(kHost) + "---\n" + Pinned("first", 20005) + "---\n" +
                                Static("blog", "  domains: [a.example.test, b.example.test]\n");
    const Said said = estate_->Ctl({"apply", "-f", "-"}, present);
    ASSERT_EQ(said.code, 0) << said.err;
  }
  static void TearDownTestSuite() { estate_.reset(); }

  static inline std::unique_ptr<Estate> estate_;
};

TEST_P(RefusalsTest, SaysWhyAndWritesNothing) {
  const int64_t before = estate_->Revision();
  const Said said = estate_->Ctl({"apply", "-f", "-"}, GetParam().manifest);
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err, GetParam().message);
  EXPECT_EQ(estate_->Revision(), before);
}

INSTANTIATE_TEST_SUITE_P(All, RefusalsTest, testing::ValuesIn(Refusals()),
                         [](const auto& refusal) { return refusal.param.what; });

TEST_F(RefusalsTest, APhaseThatMayNotFollow) {
  ASSERT_OK_AND_ASSIGN(const v1::Object live, estate_->api()->Get({"Site", "default", "blog"}));
  const int64_t before = estate_->Revision();
  v1::UpdateRequest request;
  *request.mutable_object() = live;
  schema::SetPhase(request.mutable_object(), "DomainActive");
  const absl::Status refused = estate_->api()->UpdateStatus(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.message(),
            "Site default/blog: status.phase cannot go from Created to DomainActive; from Created "
            "it can go to Provisioning");
  EXPECT_EQ(estate_->Revision(), before);
}

}  // namespace
}  // namespace reeve::integration
