#include "proto/schema/object.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/status.h"
#include "proto/schema/phases.h"

namespace reeve::schema {
namespace {

v1::Object Shop() {
  v1::Site site;
  site.mutable_metadata()->set_name("shop");
  site.mutable_metadata()->set_namespace_("default");
  (*site.mutable_metadata()->mutable_labels())["team"] = "a";
  (*site.mutable_metadata()->mutable_labels())["example.com/x.y"] = "b";
  site.mutable_spec()->set_type(v1::SiteSpec::Process);
  site.mutable_spec()->set_replicas(0);
  site.mutable_spec()->add_domains("a.example");
  site.mutable_spec()->add_domains("b.example");
  for (const char* name : {"A", "B"}) {
    v1::EnvVar* env = site.mutable_spec()->mutable_process()->add_env();
    env->set_name(name);
    env->set_value(std::string("value of ") + name);
  }
  site.mutable_spec()->mutable_process()->add_command("node");
  site.mutable_spec()->mutable_process()->add_command("server.js");
  site.mutable_spec()->mutable_health()->mutable_interval()->set_seconds(90);
  v1::Condition* ready = site.mutable_status()->add_conditions();
  ready->set_type("Ready");
  ready->set_reason("NoContent");
  return Wrap(site);
}

std::vector<std::string> Texts(const std::vector<FieldPath>& paths) {
  std::vector<std::string> texts;
  for (const FieldPath& path : paths) texts.push_back(path.ToString());
  return texts;
}

TEST(Object, KnowsItsKindKeyAndParts) {
  v1::Object object = Shop();
  EXPECT_EQ(KindOf(object)->name, "Site");
  EXPECT_EQ(KeyOf(object), (ObjectKey{"Site", "default", "shop"}));
  EXPECT_EQ(Meta(object).name(), "shop");
  EXPECT_EQ(Conditions(object)->size(), 1);
  EXPECT_EQ(Conditions(NewObject(*KindRegistry::Get().FindByName("Blob"))), nullptr);
  EXPECT_EQ(Phase(object), "");
  SetPhase(&object, "Active");
  EXPECT_EQ(Phase(object), "Active");
  EXPECT_EQ(KindOf(v1::Object()), nullptr);
}

TEST(Object, ValuesAtFollowsPaths) {
  const v1::Object object = Shop();
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"metadata.name", {"shop"}},
      {"metadata.labels[team]", {"a"}},
      {"metadata.labels[\"example.com/x.y\"]", {"b"}},
      {"metadata.labels[none]", {}},
      {"spec.type", {"Process"}},
      {"spec.replicas", {"0"}},
      {"spec.domains[]", {"a.example", "b.example"}},
      {"spec.domains", {"a.example", "b.example"}},
      {"spec.domains[1]", {"b.example"}},
      {"spec.domains[7]", {}},
      {"spec.process.env[].name", {"A", "B"}},
      {"spec.process.env[B].value", {"value of B"}},
      {"spec.process.port", {}},
      {"spec.static.root", {}},
      {"spec.health.interval", {"90s"}},
      {"status.readyReplicas", {}},
      {"status.ready_replicas", {}},
      {"status.phase", {}},
      {"status.conditions[Ready].status", {"Unknown"}},
      {"status.conditions[Ready].reason", {"NoContent"}},
      {"spec.nothing", {}},
  };
  for (const auto& [path, values] : cases) EXPECT_EQ(ValuesAt(object, path), values) << path;
  EXPECT_EQ(ValueAt(object, "spec.domains[]"), "") << "more than one";
  EXPECT_EQ(ValueAt(object, "spec.type"), "Process");
}

TEST(Object, ChangedPathsNameLeavesByKey) {
  const v1::Object before = Shop();
  EXPECT_EQ(ChangedPaths(before, before), std::vector<FieldPath>());
  struct Case {
    std::string what;
    void (*change)(v1::Site*);
    std::vector<std::string> paths;
  };
  const Case cases[] = {
      {"a scalar", [](v1::Site* s) { s->mutable_spec()->set_replicas(2); }, {"spec.replicas"}},
      {"a label",
       [](v1::Site* s) { (*s->mutable_metadata()->mutable_labels())["team"] = "c"; },
       {"metadata.labels[team]"}},
      {"a set, re-ordered",
       [](v1::Site* s) { s->mutable_spec()->mutable_domains()->SwapElements(0, 1); },
       {}},
      {"a set, one for another",
       [](v1::Site* s) { s->mutable_spec()->set_domains(0, "c.example"); },
       {"spec.domains[\"a.example\"]", "spec.domains[\"c.example\"]"}},
      {"a list by merge key, its first item gone",
       [](v1::Site* s) {
         s->mutable_spec()->mutable_process()->mutable_env()->DeleteSubrange(0, 1);
       },
       {"spec.process.env[A].name", "spec.process.env[A].value"}},
      {"a plain list",
       [](v1::Site* s) { s->mutable_spec()->mutable_process()->add_command("x"); },
       {"spec.process.command"}},
      {"an empty message",
       [](v1::Site* s) { s->mutable_spec()->mutable_static_(); },
       {"spec.static"}},
      {"a duration",
       [](v1::Site* s) { s->mutable_spec()->mutable_health()->mutable_interval()->set_nanos(1); },
       {"spec.health.interval"}},
  };
  for (const Case& c : cases) {
    v1::Object after = before;
    c.change(after.mutable_site());
    EXPECT_EQ(Texts(ChangedPaths(before, after)), c.paths) << c.what;
    EXPECT_EQ(Texts(ChangedPaths(after, before)), c.paths) << c.what << ", back";
    EXPECT_EQ(SpecDiffers(before, after), c.what != "a label") << c.what;
    EXPECT_FALSE(StatusDiffers(before, after)) << c.what;
  }
}

TEST(Object, SetPathTextsAreTheTextsOfSetPaths) {
  v1::Object object = Shop();
  object.mutable_site()->mutable_spec()->mutable_static_();  // Empty, and says something.
  std::vector<std::string> all = Texts(SetPaths(object));
  std::sort(all.begin(), all.end());
  const auto yes = [](std::string_view, std::string_view) { return true; };
  EXPECT_EQ(SetPathTexts(object, yes), all);

  const auto labels = [](std::string_view top, std::string_view below) {
    return top == "metadata" && below == "labels";
  };
  EXPECT_EQ(
      SetPathTexts(object, labels),
      (std::vector<std::string>{"metadata.labels[\"example.com/x.y\"]", "metadata.labels[team]"}));

  v1::Site site;
  site.mutable_metadata();
  EXPECT_EQ(SetPathTexts(Wrap(site), yes), std::vector<std::string>{"metadata"});
  EXPECT_TRUE(SetPathTexts(Wrap(site), labels).empty());
}

TEST(Object, SetPathsNameTheLeavesOfTheAskedParts) {
  v1::Site site;
  (*site.mutable_metadata()->mutable_labels())["team"] = "a";
  site.mutable_spec()->add_domains("a.example");
  site.mutable_spec()->mutable_static_();
  site.mutable_status()->set_observed_generation(1);
  const auto paths = [&](const std::string& wanted) {
    return Texts(SetPaths(Wrap(site), [&](std::string_view part) { return part == wanted; }));
  };
  EXPECT_EQ(paths("metadata"), std::vector<std::string>{"metadata.labels[team]"});
  EXPECT_EQ(paths("spec"),
            (std::vector<std::string>{"spec.domains[\"a.example\"]", "spec.static"}));
  EXPECT_EQ(paths("status"), std::vector<std::string>{"status.observedGeneration"});
  EXPECT_EQ(paths("nothing"), std::vector<std::string>());
}

TEST(Object, PathsTranslateBetweenKeysAndIndices) {
  const v1::Object object = Shop();
  const std::pair<std::string, std::string> cases[] = {
      {"spec.process.env[1].value", "spec.process.env[B].value"},
      {"spec.domains[0]", "spec.domains[\"a.example\"]"},
      {"spec.process.command[1]", "spec.process.command[1]"},
      {"spec.process.env[9].value", "spec.process.env[9].value"},
      {"metadata.labels[team]", "metadata.labels[team]"},
      {"spec.nothing[1]", "spec.nothing[1]"},
  };
  for (const auto& [by_index, by_key] : cases) {
    EXPECT_EQ(ByKey(object, *FieldPath::Parse(by_index)).ToString(), by_key);
    EXPECT_EQ(ByIndex(object, *FieldPath::Parse(by_key)).ToString(), by_index);
  }
}

TEST(Object, AnEmptySpecIsNoSpec) {
  v1::Object a = NewObject(*KindRegistry::Get().FindByName("Namespace"));
  v1::Object b = a;
  b.mutable_namespace_()->mutable_spec();
  EXPECT_FALSE(SpecDiffers(a, b));
}

TEST(Object, DefaultsFillOnlyWhatIsUnset) {
  v1::Object object = Shop();
  ApplyDefaults(&object);
  EXPECT_EQ(object.site().spec().replicas(), 0) << "a zero that was written stays";
  EXPECT_EQ(ValueAt(object, "spec.health.timeout"), "3s");
  EXPECT_EQ(ValueAt(object, "spec.health.interval"), "90s");
  EXPECT_EQ(ValueAt(object, "spec.health.failureThreshold"), "3");
  EXPECT_FALSE(object.site().spec().has_placement()) << "absent messages stay absent";

  v1::Object host = NewObject(*KindRegistry::Get().FindByName("Host"));
  ApplyDefaults(&host);
  EXPECT_EQ(ValueAt(host, "spec.httpPort"), "80");
  EXPECT_EQ(ValueAt(host, "spec.portRange.first"), "20000");

  v1::Object site = NewObject(*KindRegistry::Get().FindByName("Site"));
  ApplyDefaults(&site);
  EXPECT_EQ(site.site().spec().replicas(), 1);
}

TEST(Object, VisitsEverySetField) {
  std::vector<std::string> paths;
  VisitFields(Shop(), [&](const FieldPath& path, const auto&, const auto*) {
    if (path.ToString().starts_with("spec.process")) paths.push_back(path.ToString());
  });
  EXPECT_EQ(paths,
            (std::vector<std::string>{"spec.process", "spec.process.command", "spec.process.env",
                                      "spec.process.env[0].name", "spec.process.env[0].value",
                                      "spec.process.env[1].name", "spec.process.env[1].value"}));
}

// The bytes are hashed and compared across processes and machines: they may not depend on hash
// seeds.
TEST(Object, EncodesTheSameBytesInEveryProcess) {
  v1::Object object = Shop();
  v1::ObjectMeta* meta = MutableMeta(&object);
  meta->clear_labels();
  for (const char* key : {"z", "a", "m", "b"}) (*meta->mutable_labels())[key] = "1";
  std::string hex;
  for (const char c : Encode(object)) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  EXPECT_EQ(hex,
            "1a9e010a2f0a0473686f70120764656661756c7442060a016112013142060a016212013142060a016d1201"
            "3142060a017a"
            "1201311255080218002209612e6578616d706c652209622e6578616d706c6532330a046e6f64650a097365"
            "727665722e6a"
            "73120f0a0141120a76616c7565206f662041120f0a0142120a76616c7565206f66204242041202085a1a14"
            "32120a055265"
            "6164792a094e6f436f6e74656e74");
  v1::Object back;
  ASSERT_TRUE(back.ParseFromString(Encode(object)));
  EXPECT_EQ(Encode(back), Encode(object));
}

}  // namespace
}  // namespace reeve::schema
