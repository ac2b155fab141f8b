#include "proto/schema/kind_registry.h"

#include <gtest/gtest.h>

#include "base/field_path.h"
#include "base/strings.h"
#include "proto/schema/object.h"

namespace reeve::schema {
namespace {

TEST(KindRegistry, KnowsTheKindsByTheirFieldNumbers) {
  std::vector<std::pair<int, std::string>> kinds;
  for (const Kind& kind : KindRegistry::Get().kinds()) kinds.emplace_back(kind.id, kind.name);
  // Numbers are on disk: a line of this table may be added, never changed.
  EXPECT_EQ(kinds, (std::vector<std::pair<int, std::string>>{{1, "Namespace"},
                                                             {2, "Host"},
                                                             {3, "Site"},
                                                             {4, "Instance"},
                                                             {5, "Domain"},
                                                             {6, "Port"},
                                                             {7, "Work"},
                                                             {8, "Blob"},
                                                             {9, "Lease"},
                                                             {10, "Event"}}));
}

TEST(KindRegistry, FindsByWhatPeopleType) {
  const KindRegistry& registry = KindRegistry::Get();
  for (const char* alias : {"Site", "site", "sites", "SITES", "st"}) {
    const Kind* kind = registry.FindByAlias(alias);
    ASSERT_NE(kind, nullptr) << alias;
    EXPECT_EQ(kind->name, "Site") << alias;
  }
  EXPECT_EQ(registry.FindByAlias("foos"), nullptr);
  EXPECT_EQ(registry.FindByName("site"), nullptr) << "names are exact";
  EXPECT_EQ(registry.FindById(3)->name, "Site");
  EXPECT_EQ(registry.FindById(99), nullptr);
  EXPECT_TRUE(registry.FindByName("Site")->namespaced());
  EXPECT_FALSE(registry.FindByName("Host")->namespaced());
}

class EveryKind : public testing::TestWithParam<std::string> {
 protected:
  const Kind& kind() const { return *KindRegistry::Get().FindByName(GetParam()); }
};

// Follows a path of field names through descriptors.
bool Resolves(const google::protobuf::Descriptor* message, std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '[' && c != ']') plain += c;
  }
  const FieldPath path = FieldPath::Parse(plain).value();
  for (const FieldPath::Step& step : path.steps()) {
    if (message == nullptr) return false;
    const google::protobuf::FieldDescriptor* found = nullptr;
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->json_name() == std::get<FieldPath::Field>(step).name)
        found = message->field(i);
    }
    if (found == nullptr) return false;
    message = found->message_type();
  }
  return true;
}

TEST_P(EveryKind, OptionsNameFieldsThatExist) {
  for (const v1::Column& column : kind().options.columns()) {
    if (column.format() == v1::Column::CONDITION) continue;
    for (const std::string& path : Split(column.path(), ',')) {
      EXPECT_TRUE(Resolves(kind().descriptor, path)) << path;
    }
  }
  for (const v1::Claim& claim : kind().options.claims()) {
    for (const std::string& field : claim.fields())
      EXPECT_TRUE(Resolves(kind().descriptor, field)) << field;
  }
  const std::string& access = kind().options.host_access().field();
  EXPECT_TRUE(access.empty() || Resolves(kind().descriptor, access)) << access;
  EXPECT_FALSE(kind().options.short_help().empty());
}

TEST_P(EveryKind, HasDefaultsThatAreValuesAndStayWhenAppliedTwice) {
  v1::Object object = NewObject(kind());
  ApplyDefaults(&object);
  const std::string once = Encode(object);
  ApplyDefaults(&object);
  EXPECT_EQ(Encode(object), once);
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Kind& kind : KindRegistry::Get().kinds()) names.push_back(kind.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind, testing::ValuesIn(Names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace reeve::schema
