// What a new kind gets by being declared: testing/sample_kind.proto, and no line of code about it.
#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"
#include "proto/schema/json.h"
#include "proto/schema/object.h"
#include "proto/schema/selector.h"
#include "proto/schema/validate.h"
#include "proto/schema/yaml.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::schema {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kManifest = R"(apiVersion: reeve/v1
kind: Backup
metadata:
  name: nightly
  namespace: default
spec:
  site: shop
  paths:
  - uploads
  - data/db
  targets:
  - name: near
    host: h1
    weight: -3
  - name: far
    urlPath: /backups
)";

const KindRegistry& Kinds() {
  static const auto* const registry = new KindRegistry(testing::Object::descriptor());
  return *registry;
}

testing::Object FromBytes(const v1::Object& carrier) {
  testing::Object object;
  EXPECT_TRUE(object.ParseFromString(carrier.SerializeAsString()));
  return object;
}

testing::Object Nightly() {
  const auto manifests = ParseManifests(kManifest, "f", Kinds());
  EXPECT_OK(manifests);
  return manifests.ok() ? FromBytes((*manifests)[0].object) : testing::Object();
}

Texts ToTexts(const Violations& violations) {
  Texts texts;
  for (const v1::FieldViolation& v : violations) texts.push_back(v.field() + ": " + v.message());
  return texts;
}

TEST(SampleKind, IsInTheRegistry) {
  ASSERT_EQ(Kinds().kinds().size(), 3u);
  const Kind* kind = Kinds().FindByAlias("bk");
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->name, "Backup");
  EXPECT_EQ(kind->id, 1000);
  EXPECT_EQ(kind, KindOf(Nightly(), Kinds()));
  EXPECT_EQ(KindRegistry::Get().FindByAlias("bk"), nullptr);
}

TEST(SampleKind, ReadsAndWritesManifests) {
  const testing::Object object = Nightly();
  EXPECT_EQ(KeyOf(object), (ObjectKey{"Backup", "default", "nightly"}));
  EXPECT_EQ(ToYaml(object), kManifest);
  const auto back = FromJson(ToJson(object), Kinds());
  ASSERT_OK(back);
  EXPECT_EQ(Encode(FromBytes(*back)), Encode(object));
  EXPECT_THAT(
      ParseManifests("apiVersion: reeve/v1\nkind: Backup\nspec: {shedule: Daily}\n", "f", Kinds()),
      IsError(absl::StatusCode::kInvalidArgument,
              "f:3:8: unknown field \"spec.shedule\", did you mean \"schedule\"?"));
  EXPECT_THAT(ParseManifests(kManifest, "f"),
              IsError(absl::StatusCode::kInvalidArgument, "f:2:7: unknown kind \"Backup\""));
}

TEST(SampleKind, HasDefaultsAndRules) {
  testing::Object object = Nightly();
  ApplyDefaults(&object);
  EXPECT_EQ(ValueAt(object, "spec.schedule"), "Daily");
  EXPECT_EQ(ValueAt(object, "spec.retention"), "604800s");
  EXPECT_EQ(ToTexts(Validate(object)), Texts());

  testing::Object bad = object;
  testing::BackupSpec* spec = bad.mutable_backup()->mutable_spec();
  spec->set_site("Shop");
  spec->set_passphrase("secret");
  spec->add_paths("../etc");
  spec->mutable_targets(1)->set_name("near");
  spec->mutable_retention()->set_seconds(60);
  EXPECT_EQ(ToTexts(Validate(bad)), (Texts{"spec.site: is no name of a Site: must be lower-case "
                                           "letters, digits and single '-', at most 40, "
                                           "starting with a letter, ending with a letter or digit",
                                           "spec.retention: must be at least 3600s",
                                           "spec.paths[2]: must be a relative path of letters, "
                                           "digits and '._-/', without \"..\" or empty parts",
                                           "spec.targets[1].name: is a duplicate of [0]: \"near\"",
                                           "spec.passphrase: must have at least 8 bytes"}));
  EXPECT_EQ(ToTexts(ValidateUpdate(object, bad)),
            Texts{"spec.site: may not be changed, is \"shop\""});
}

TEST(SampleKind, HasColumnsIndexesAndDiffs) {
  testing::Object object = Nightly();
  object.mutable_backup()->mutable_status()->set_kept(7);
  Texts cells;
  for (const v1::Column& column : Kinds().FindByName("Backup")->options.columns()) {
    for (const std::string& value : ValuesAt(object, column.path()))
      cells.push_back(column.name() + " " + value);
  }
  EXPECT_EQ(cells, (Texts{"SITE shop", "KEPT 7", "PATHS uploads", "PATHS data/db"}));

  v1::Selector selector;
  selector.set_kind("backups");
  selector.set_fields("spec.site=shop");
  ASSERT_OK_AND_ASSIGN(const Matcher matcher, Matcher::Parse(selector, Kinds()));
  EXPECT_TRUE(matcher.Matches(object));
  EXPECT_EQ(matcher.RequiredField("spec.site"), "shop");

  testing::Object other = object;
  other.mutable_backup()->mutable_spec()->mutable_targets(0)->set_weight(5);
  const std::vector<FieldPath> changed = ChangedPaths(object, other);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].ToString(), "spec.targets[near].weight");
}

TEST(SampleKind, NeverShowsWhatIsSensitive) {
  testing::Object object = Nightly();
  object.mutable_backup()->mutable_spec()->set_passphrase("correct horse");
  for (const std::string& text :
       {ToYaml(object), ToJson(object), ValueAt(object, "spec.passphrase")}) {
    EXPECT_EQ(text.find("horse"), std::string::npos);
    EXPECT_NE(text.find("***"), std::string::npos);
  }
}

}  // namespace
}  // namespace reeve::schema
