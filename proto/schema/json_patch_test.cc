#include "proto/schema/json_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/limits.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/json.h"
#include "proto/schema/validate.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::schema {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using Type = v1::PatchRequest::Type;

constexpr Type kMerge = v1::PatchRequest::MERGE;
constexpr Type kJson = v1::PatchRequest::JSON;
constexpr Type kStrategic = v1::PatchRequest::STRATEGIC;

v1::Object Blog() {
  const auto object = FromJson(
      R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"blog","namespace":"default",
          "resourceVersion":"7","labels":{"a":"1","b":"2"},
          "managedFields":[{"manager":"ctl","operation":"Apply","fields":["spec.type"]}]},
          "spec":{"type":"Process","replicas":2,"domains":["a.example","b.example"],
          "process":{"command":["/bin/x","-v"],
          "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}}})");
  EXPECT_OK(object);
  return *object;
}

// The spec after a patch, as JSON; or the error.
std::string After(Type type, std::string_view patch) {
  const auto result = Patched(Blog(), type, patch);
  if (!result.ok()) return std::string(result.status().message());
  const std::string text = ToJson(**result, -1);
  const size_t spec = text.find(R"("spec":)");
  return spec == std::string::npos ? "" : text.substr(spec + 7, text.size() - spec - 8);
}

std::string EnvAfter(Type type, std::string_view env) {
  const std::string text = After(type, fmt::format(R"({{"spec":{{"process":{{{}}}}}}})", env));
  const size_t at = text.find(R"("env":)");
  return at == std::string::npos ? text : text.substr(at + 6, text.size() - at - 8);
}

std::string LabelsAfter(Type type, std::string_view patch) {
  const auto result = Patched(Blog(), type, patch);
  EXPECT_OK(result);
  const std::string text = result.ok() ? ToJson(**result, -1) : "";
  const size_t at = text.find(R"("labels":)");
  return at == std::string::npos ? "" : text.substr(at + 9, text.find('}', at) - at - 8);
}

// "with a JSON merge patch, if you want to update a list, you have to specify the entire new list.
// And the new list completely replaces the existing list":
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
TEST(MergePatch, ReplacesListsAndRemovesByNull) {
  EXPECT_EQ(EnvAfter(kMerge, R"("env":[{"name":"C","value":"3"}])"),
            R"([{"name":"C","value":"3"}])");
  EXPECT_EQ(LabelsAfter(kMerge, R"({"metadata":{"labels":{"a":null,"c":"3"}}})"),
            R"({"b":"2","c":"3"})");
  EXPECT_EQ(After(kMerge, R"({"spec":{"process":null,"domains":null}})"),
            R"({"type":"Process","replicas":2})");
}

// RFC 7386, section 2: nulls of a member that is not there leave nothing behind.
TEST(MergePatch, NullsOfNewMembersVanish) {
  EXPECT_EQ(After(kMerge, R"({"spec":{"process":null,"domains":null,
                             "placement":{"hosts":null,"allowSameHost":true}}})"),
            R"({"type":"Process","replicas":2,"placement":{"allowSameHost":true}})");
}

TEST(MergePatch, ResultIsCheckedStrictly) {
  EXPECT_EQ(After(kMerge, R"({"spec":{"replica":3}})"),
            "unknown field \"spec.replica\", did you mean \"replicas\"?");
  EXPECT_THAT(After(kMerge, R"({"spec":{"replicas":"3"}})"), HasSubstr("spec.replicas: "));
  EXPECT_EQ(After(kMerge, R"([])"), "a merge patch must be an object");
  EXPECT_EQ(After(kMerge, R"({"kind":"Domain","spec":null})"), "kind: cannot be changed");
  EXPECT_THAT(After(kMerge, R"({"kind":"Sit"})"), HasSubstr("unknown kind \"Sit\""));
  EXPECT_THAT(After(kMerge, R"({"a":1,"a":2})"), HasSubstr("the patch: duplicate key \"a\""));
  EXPECT_THAT(After(kMerge, "{"), HasSubstr("the patch: not JSON"));
}

// RFC 6902, section 4.
TEST(JsonPatch, EveryOperation) {
  EXPECT_EQ(After(kJson, R"([{"op":"remove","path":"/spec/process"},
                             {"op":"remove","path":"/spec/domains/0"},
                             {"op":"replace","path":"/spec/replicas","value":3},
                             {"op":"add","path":"/spec/domains/-","value":"c.example"},
                             {"op":"add","path":"/spec/domains/0","value":"z.example"},
                             {"op":"move","from":"/spec/domains/0","path":"/spec/domains/2"},
                             {"op":"test","path":"/spec/replicas","value":3}])"),
            R"({"type":"Process","replicas":3,"domains":["b.example","c.example","z.example"]})");
  EXPECT_EQ(LabelsAfter(kJson, R"([{"op":"copy","from":"/metadata/labels/a",
                                    "path":"/metadata/labels/x~1y"}])"),
            R"({"a":"1","b":"2","x/y":"1"})");
}

// All operations or none: RFC 6902, section 5. The error says which one failed.
TEST(JsonPatch, NamesTheOperationThatFails) {
  EXPECT_EQ(After(kJson, R"([{"op":"test","path":"/spec/replicas","value":9}])"),
            "operation 0 (test /spec/replicas): testing value /spec/replicas failed");
  EXPECT_EQ(After(kJson, R"([{"op":"add","path":"/spec/replicas","value":1},
                             {"op":"remove","path":"/spec/nothing"}])"),
            "operation 1 (remove /spec/nothing): there is nothing at \"/spec/nothing\"");
  EXPECT_EQ(
      After(kJson, R"([{"op":"add","path":"/spec/type/x","value":1}])"),
      "operation 0 (add /spec/type/x): \"/spec/type\" is a single value, nothing can be in it");
  EXPECT_EQ(After(kJson, R"([{"op":"add","path":"/spec/none/x","value":1}])"),
            "operation 0 (add /spec/none/x): there is nothing at \"/spec/none\"");
}

TEST(JsonPatch, RefusesWhatIsNone) {
  for (const std::string_view patch :
       {R"({"op":"add"})", R"([1])", R"([{}])", R"([{"op":"add"}])", R"([{"op":"add","path":"x"}])",
        R"([{"op":"add","path":"/spec"}])", R"([{"op":"grow","path":"/spec","value":1}])",
        R"([{"op":"add","path":"/spec/domains/9","value":"x"}])",
        R"([{"op":"add","path":"/spec/domains/01","value":"x"}])",
        R"([{"op":"add","path":"/spec/domains/x","value":"x"}])",
        R"([{"op":"add","path":"/spec/~2","value":1}])", R"([{"op":"remove","path":""}])",
        R"([{"op":"move","from":"/spec","path":"/spec/process"}])",
        R"([{"op":"copy","path":"/spec/process"}])", R"([{"op":1,"path":2}])",
        R"([{"op":"replace","path":"","value":null}])", R"([{"op":"test","path":"/spec"}])"}) {
    EXPECT_EQ(Patched(Blog(), kJson, patch).status().code(), StatusCode::kInvalidArgument) << patch;
  }
}

// At most 10,000 operations (maxJSONPatchOperations) that copy at most 3 MiB:
// https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/patch.go and
// https://github.com/kubernetes/apiserver/blob/master/pkg/server/config.go (JSONPatchMaxCopyBytes).
TEST(JsonPatch, WorkIsBounded) {
  std::string many = "[";
  for (int i = 0; i <= kJsonPatchOperationsMax; ++i) many += std::string(i ? "," : "") + "{}";
  EXPECT_THAT(Patched(Blog(), kJson, many + "]").status(),
              IsError(StatusCode::kInvalidArgument, "may have at most 10000 operations"));
  std::string bomb = R"([{"op":"add","path":"/x","value":["0123456789"]})";
  for (int i = 0; i < 40; ++i) bomb += R"(,{"op":"copy","from":"/x","path":"/x/-"})";
  EXPECT_THAT(Patched(Blog(), kJson, bomb + "]").status(),
              IsError(StatusCode::kInvalidArgument, "the copies of a JSON patch"));
  EXPECT_THAT(Patched(Blog(), kMerge, std::string(kPatchBytesMax + 1, ' ')).status(),
              IsError(StatusCode::kInvalidArgument, "the patch has"));
  const std::string deep(100, '[');
  EXPECT_THAT(Patched(Blog(), kMerge, deep + std::string(100, ']')).status(),
              IsError(StatusCode::kInvalidArgument, "nested too deeply"));
}

// Lists of objects with a merge key are merged item by item:
// https://github.com/kubernetes/community/blob/master/contributors/devel/
// sig-api-machinery/strategic-merge-patch.md
TEST(StrategicPatch, MergesKeyedListsItemByItem) {
  EXPECT_EQ(EnvAfter(kStrategic, R"("env":[{"name":"B","value":"9"},{"name":"C","value":"3"}])"),
            R"([{"name":"A","value":"1"},{"name":"B","value":"9"},{"name":"C","value":"3"}])");
  EXPECT_EQ(EnvAfter(kStrategic, R"("env":[{"$patch":"delete","name":"A"}])"),
            R"([{"name":"B","value":"2"}])");
  EXPECT_EQ(EnvAfter(kStrategic, R"("env":[{"$patch":"replace"},{"name":"C","value":"3"}])"),
            R"([{"name":"C","value":"3"}])");
  EXPECT_EQ(EnvAfter(kStrategic, R"("env":[{"name":"A","$patch":"replace","value":"x"}])"),
            R"([{"name":"A","value":"x"},{"name":"B","value":"2"}])");
  EXPECT_THAT(EnvAfter(kStrategic, R"("env":[{"value":"x"}])"),
              HasSubstr("spec: process: env: an item lacks \"name\""));
  // Another list is replaced.
  EXPECT_THAT(After(kStrategic, R"({"spec":{"process":{"command":["/bin/y"]}}})"),
              HasSubstr(R"("command":["/bin/y"])"));
}

TEST(StrategicPatch, MapsAndScalars) {
  EXPECT_EQ(LabelsAfter(kStrategic, R"({"metadata":{"labels":{"a":null,"c":"3"}}})"),
            R"({"b":"2","c":"3"})");
  EXPECT_EQ(LabelsAfter(kStrategic, R"({"metadata":{"labels":{"$patch":"replace","c":"3"}}})"),
            R"({"c":"3"})");
  EXPECT_EQ(LabelsAfter(kStrategic, R"({"metadata":{"labels":{"$patch":"delete"}}})"), "");
  EXPECT_EQ(LabelsAfter(kStrategic, R"({"metadata":{"labels":{"$retainKeys":["b"]}}})"),
            R"({"b":"2"})");
  EXPECT_THAT(After(kStrategic, R"({"metadata":{"labels":{"$retainKeys":["b"],"c":"1"}}})"),
              HasSubstr("metadata: labels: $retainKeys: lacks \"c\""));
  EXPECT_THAT(After(kStrategic, R"({"spec":{"$patch":"grow"}})"),
              HasSubstr("spec: $patch: must be delete, replace or merge, got grow"));
  EXPECT_THAT(After(kStrategic, R"({"$grow":1})"), HasSubstr("$grow: no such directive"));
}

// Lists of scalars with patchStrategy merge are united; $deleteFromPrimitiveList removes,
// $setElementOrder arranges (same page).
TEST(StrategicPatch, SetsAndOrder) {
  EXPECT_EQ(After(kStrategic, R"({"spec":{"process":null,"domains":["c.example","a.example"]}})"),
            R"({"type":"Process","replicas":2,"domains":["a.example","b.example","c.example"]})");
  EXPECT_EQ(After(kStrategic, R"({"spec":{"process":null,
                                  "$deleteFromPrimitiveList/domains":["a.example"]}})"),
            R"({"type":"Process","replicas":2,"domains":["b.example"]})");
  EXPECT_EQ(After(kStrategic, R"({"spec":{"process":null,"domains":["c.example"],
                       "$setElementOrder/domains":["c.example","a.example"]}})"),
            R"({"type":"Process","replicas":2,"domains":["c.example","b.example","a.example"]})");
  EXPECT_EQ(EnvAfter(kStrategic, R"("$setElementOrder/env":[{"name":"B"},{"name":"A"}],
                                    "env":[{"name":"A","value":"5"}])"),
            R"([{"name":"B","value":"2"},{"name":"A","value":"5"}])");
}

class SensitivePatch : public ::testing::Test {
 protected:
  SensitivePatch() {
    Backup()->mutable_metadata()->set_name("nightly");
    Backup()->mutable_metadata()->set_namespace_("default");
    Backup()->mutable_spec()->set_site("shop");
    Backup()->mutable_spec()->set_passphrase("correct horse");
  }

  reeve::testing::Backup* Backup() { return live_.mutable_backup(); }
  absl::StatusOr<std::unique_ptr<Message>> Run(Type type, std::string_view patch) const {
    return Patched(live_, type, patch, kinds_);
  }
  static const reeve::testing::BackupSpec& SpecOf(const std::unique_ptr<Message>& object) {
    return static_cast<const reeve::testing::Object&>(*object).backup().spec();
  }

  const KindRegistry kinds_{reeve::testing::Object::descriptor()};
  reeve::testing::Object live_;
};

TEST_F(SensitivePatch, StaysWhatItWas) {
  for (const auto& [type, patch] : std::vector<std::pair<Type, std::string>>{
           {kMerge, R"({"spec":{"schedule":"Hourly"}})"},
           {kStrategic, R"({"spec":{"schedule":"Hourly"}})"},
           {kJson, R"([{"op":"add","path":"/spec/schedule","value":"Hourly"}])"}}) {
    const auto result = Run(type, patch);
    ASSERT_OK(result);
    EXPECT_EQ(SpecOf(*result).passphrase(), "correct horse");
    EXPECT_EQ(SpecOf(*result).schedule(), reeve::testing::BackupSpec::Hourly);
  }
}

TEST_F(SensitivePatch, CanBeReplacedNotRead) {
  const auto result = Run(kMerge, R"({"spec":{"passphrase":"battery staple"}})");
  ASSERT_OK(result);
  EXPECT_EQ(SpecOf(*result).passphrase(), "battery staple");
  EXPECT_THAT(Run(kJson, R"([{"op":"copy","from":"/spec/passphrase","path":"/metadata/uid"}])"),
              IsError(StatusCode::kInvalidArgument, "uid: what is hidden cannot be put where it"));
  EXPECT_THAT(Run(kJson, R"([{"op":"add","path":"/metadata/labels","value":{}},
                             {"op":"copy","from":"/spec/passphrase",
                              "path":"/metadata/labels/x"}])"),
              IsError(StatusCode::kInvalidArgument, "what is hidden"));
  EXPECT_THAT(Run(kJson, R"([{"op":"test","path":"/spec/passphrase","value":"correct horse"}])"),
              IsError(StatusCode::kInvalidArgument, "testing value"));
}

// Whoever writes back what was shown to him is told so, and the secret is not lost.
TEST_F(SensitivePatch, TheMaskIsNoValue) {
  const auto result = Run(kMerge, R"({"spec":{"passphrase":"***"}})");
  ASSERT_OK(result);
  ApplyDefaults(result->get());
  const Violations violations = Validate(**result);
  ASSERT_FALSE(violations.empty());
  const v1::FieldViolation& last = violations.back();
  EXPECT_EQ(last.field(), "spec.passphrase");
  EXPECT_EQ(last.message(), "\"***\" stands for a value that is not shown");
}

// Whatever the bytes: a patch is refused or its result is an object that goes through JSON.
TEST(AnyPatch, IsRefusedOrGivesAnObject) {
  const std::vector<std::string> seeds = {
      R"([{"op":"add","path":"/spec/domains/-","value":"c.example"},)"
      R"({"op":"remove","path":"/spec/process"}])",
      R"([{"op":"copy","from":"/spec/domains","path":"/metadata/finalizers"},)"
      R"({"op":"test","path":"","value":{}}])",
      R"({"spec":{"process":{"env":[{"name":"A","$patch":"delete"},{"$patch":"replace"}]}}})",
      R"({"metadata":{"labels":{"$retainKeys":["a"],"a":null}},"$setElementOrder/x":[1]})",
      R"({"spec":{"$deleteFromPrimitiveList/domains":["a.example"],)"
      R"("$setElementOrder/domains":[]}})"};
  std::mt19937 random(7);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  int objects = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string text = seeds[below(seeds.size())];
    const std::string other = seeds[below(seeds.size())];
    for (size_t n = below(4); n > 0; --n) {
      const size_t at = below(text.size());
      const size_t from = below(other.size());
      text.replace(at, below(8), other.substr(from, below(12)));
      if (text.empty()) text = "{}";
    }
    const auto result = Patched(Blog(), static_cast<Type>(below(3)), text);
    if (!result.ok()) continue;
    ++objects;
    EXPECT_OK(FromJson(ToJson(**result))) << text;
  }
  EXPECT_GT(objects, 300);
}

}  // namespace
}  // namespace reeve::schema
