// Walks every kind there is, by reflection: what a kind must have, and that its objects survive
// each form.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "proto/schema/json.h"
#include "proto/schema/kind_registry.h"
#include "proto/schema/object.h"
#include "proto/schema/phases.h"
#include "proto/schema/yaml.h"

namespace reeve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using schema::Kind;
using schema::KindRegistry;

// Every field below `message` with the kind it names, visited once per message type.
void CollectReferences(const Descriptor* message, std::set<const Descriptor*>* seen,
                       std::set<std::string>* kinds) {
  if (!seen->insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const v1::FieldRules& rules = field->options().GetExtension(v1::rules);
    if (!rules.references().empty()) kinds->insert(rules.references());
    if (field->message_type() != nullptr) CollectReferences(field->message_type(), seen, kinds);
  }
}

bool IsInteger(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
}

// The numbers below `message` that people may write, and the maps of numbers.
std::vector<const FieldDescriptor*> IntegersOf(const Descriptor* message,
                                               std::set<const Descriptor*>* seen) {
  std::vector<const FieldDescriptor*> result;
  if (message->file()->package() == "google.protobuf" || !seen->insert(message).second)
    return result;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->options().GetExtension(v1::rules).server_owned()) continue;
    if (field->is_map()) {
      if (IsInteger(field->message_type()->map_value())) result.push_back(field);
    } else if (field->message_type() != nullptr) {
      for (const FieldDescriptor* below : IntegersOf(field->message_type(), seen))
        result.push_back(below);
    } else if (IsInteger(field)) {
      result.push_back(field);
    }
  }
  return result;
}

TEST(Kinds, NamesAreUniqueAndResolve) {
  std::set<std::string> names;
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    EXPECT_TRUE(names.insert(kind.plural).second) << kind.plural;
    for (const std::string& name : kind.options.short_names())
      EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(KindRegistry::Get().FindByAlias(kind.plural), &kind);
    EXPECT_EQ(KindRegistry::Get().FindByName(kind.name), &kind);
    EXPECT_EQ(KindRegistry::Get().FindById(kind.id), &kind);
    EXPECT_FALSE(kind.options.short_help().empty()) << kind.name << " has no short_help";
  }
}

TEST(Kinds, ReferencesNameKinds) {
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    std::set<const Descriptor*> seen;
    std::set<std::string> references;
    CollectReferences(kind.descriptor, &seen, &references);
    for (const std::string& name : references) {
      EXPECT_NE(KindRegistry::Get().FindByName(name), nullptr)
          << kind.name << " references " << name;
    }
  }
}

// Manifests take no number below zero, so that the wire may not either: what is stored can be
// written down and applied again.
TEST(Kinds, NumbersHaveALowerBound) {
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    std::set<const Descriptor*> seen;
    const FieldDescriptor* spec = kind.descriptor->FindFieldByName("spec");
    ASSERT_NE(spec, nullptr) << kind.name;
    for (const FieldDescriptor* field : IntegersOf(spec->message_type(), &seen))
      EXPECT_TRUE(field->options().GetExtension(v1::rules).has_min()) << field->full_name();
  }
}

TEST(Kinds, LifecyclesHaveATable) {
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    if (kind.options.lifecycle().empty()) continue;
    EXPECT_NE(schema::FindLifecycle(kind.options.lifecycle()), nullptr) << kind.name;
  }
}

// A kind's id is in every key of the store: these may grow, never change.
TEST(Kinds, IdsAreNeverReused) {
  const std::map<std::string, int> given = {
      {"Namespace", 1}, {"Host", 2}, {"Site", 3}, {"Instance", 4}, {"Domain", 5},
      {"Port", 6},      {"Work", 7}, {"Blob", 8}, {"Lease", 9},    {"Event", 10}};
  for (const auto& [name, id] : given) {
    const Kind* kind = KindRegistry::Get().FindByName(name);
    ASSERT_NE(kind, nullptr) << name;
    EXPECT_EQ(kind->id, id) << name;
  }
}

TEST(Kinds, ObjectsSurviveYamlAndJson) {
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    v1::Object object = schema::NewObject(kind);
    schema::MutableMeta(&object)->set_name("x");
    (*schema::MutableMeta(&object)->mutable_labels())["team"] = "no";
    ASSERT_OK_AND_ASSIGN(const auto manifests,
                         schema::ParseManifests(schema::ToYaml(object), "x.yaml"));
    ASSERT_EQ(manifests.size(), 1u);
    EXPECT_EQ(schema::Encode(manifests[0].object), schema::Encode(object)) << kind.name;
    ASSERT_OK_AND_ASSIGN(const v1::Object back, schema::FromJson(schema::ToJson(object)));
    EXPECT_EQ(schema::Encode(back), schema::Encode(object)) << kind.name;
  }
}

}  // namespace
}  // namespace reeve
