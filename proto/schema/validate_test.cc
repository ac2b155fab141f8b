#include "proto/schema/validate.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/phases.h"

namespace reeve::schema {
namespace {

using Texts = std::vector<std::string>;

Texts ToTexts(const Violations& violations) {
  Texts texts;
  for (const v1::FieldViolation& v : violations) texts.push_back(v.field() + ": " + v.message());
  return texts;
}

v1::Object Shop() {
  v1::Site site;
  site.mutable_metadata()->set_name("shop");
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_spec()->set_type(v1::SiteSpec::Process);
  site.mutable_spec()->mutable_process()->add_command("node");
  v1::Object object = Wrap(site);
  ApplyDefaults(&object);
  return object;
}

struct Case {
  std::string what;
  void (*change)(v1::Site*);
  Texts violations;
};

const Case kCases[] = {
    {"nothing", [](v1::Site*) {}, {}},
    {"no name",
     [](v1::Site* s) { s->mutable_metadata()->clear_name(); },
     {"metadata.name: required"}},
    {"no metadata",
     [](v1::Site* s) { s->clear_metadata(); },
     {"metadata.name: required", "metadata.namespace: required"}},
    {"no spec", [](v1::Site* s) { s->clear_spec(); }, {"spec.type: required"}},
    {"no type", [](v1::Site* s) { s->mutable_spec()->clear_type(); }, {"spec.type: required"}},
    {"a type from the future",
     [](v1::Site* s) { s->mutable_spec()->set_type(static_cast<v1::SiteSpec::Type>(77)); },
     {"spec.type: must be one of Static, Process, is number 77"}},
    {"a negative",
     [](v1::Site* s) { s->mutable_spec()->set_replicas(-1); },
     {"spec.replicas: must be at least 0"}},
    {"too many",
     [](v1::Site* s) { s->mutable_spec()->set_replicas(101); },
     {"spec.replicas: must be at most 100"}},
    {"a port",
     [](v1::Site* s) { s->mutable_spec()->mutable_process()->set_port(65536); },
     {"spec.process.port: must be at most 65535"}},
    {"no command",
     [](v1::Site* s) { s->mutable_spec()->mutable_process()->clear_command(); },
     {"spec.process.command: must have at least 1 items"}},
    {"a command over lines",
     [](v1::Site* s) { s->mutable_spec()->mutable_process()->set_command(0, "a\nb"); },
     {"spec.process.command[0]: must be one line without tabs"}},
    {"a long argument",
     [](v1::Site* s) { s->mutable_spec()->mutable_process()->add_command(std::string(4097, 'a')); },
     {"spec.process.command[1]: must have at most 4096 bytes, has 4097"}},
    {"a domain twice",
     [](v1::Site* s) {
       for (int i = 0; i < 2; ++i) s->mutable_spec()->add_domains("a.example");
     },
     {"spec.domains[1]: is a duplicate of [0]: \"a.example\""}},
    {"a variable twice, and one without name",
     [](v1::Site* s) {
       for (const char* name : {"A", "", "A"})
         s->mutable_spec()->mutable_process()->add_env()->set_name(name);
     },
     {"spec.process.env[1].name: required",
      "spec.process.env[2].name: is a duplicate of [0]: \"A\""}},
    {"too short a pause",
     [](v1::Site* s) {
       s->mutable_spec()->mutable_health()->mutable_interval()->set_nanos(500'000'000);
     },
     {"spec.health.interval: must be at least 1s"}},
    {"too long a pause by a fraction",
     [](v1::Site* s) {
       s->mutable_spec()->mutable_health()->mutable_interval()->set_seconds(3600);
       s->mutable_spec()->mutable_health()->mutable_interval()->set_nanos(1);
     },
     {"spec.health.interval: must be at most 3600s"}},
    {"a host that cannot be",
     [](v1::Site* s) { s->mutable_spec()->mutable_placement()->add_hosts("a/b"); },
     {"spec.placement.hosts[0]: is no name of a Host: must be lower-case letters, digits and "
      "single '-', at most 40, "
      "starting with a letter, ending with a letter or digit"}},
    {"a bad label",
     [](v1::Site* s) { (*s->mutable_metadata()->mutable_labels())["a"] = "b c"; },
     {"metadata.labels[a]: must be at most 63 letters, digits and '-_.', starting and ending with "
      "a letter or digit"}},
    {"labels without end",
     [](v1::Site* s) {
       for (int i = 0; i < 65; ++i)
         (*s->mutable_metadata()->mutable_labels())["l" + std::to_string(i)] = "x";
     },
     {"metadata.labels: must have at most 64 entries, has 65"}},
    {"a bad finalizer",
     [](v1::Site* s) { s->mutable_metadata()->add_finalizers("a b"); },
     {"metadata.finalizers[0]: must be [prefix/]name: a name of at most 63 letters, digits and "
      "'-_.', a prefix that is "
      "a DNS name"}},
    {"hidden text",
     [](v1::Site* s) { (*s->mutable_metadata()->mutable_annotations())["a"] = "x\xe2\x80\xaey"; },
     {"metadata.annotations[a]: may not contain a bidirectional control U+202E"}},
    {"a newer sender",
     [](v1::Site* s) {
       s->GetReflection()->MutableUnknownFields(s->mutable_spec())->AddVarint(9999, 1);
     },
     {"spec: has fields that this version does not know: the sender is newer"}},
    {"several things",
     [](v1::Site* s) {
       s->mutable_metadata()->set_name("Shop");
       s->mutable_spec()->clear_type();
       s->mutable_spec()->set_replicas(-1);
     },
     {"spec.type: required", "spec.replicas: must be at least 0",
      "metadata.name: must be lower-case letters, digits and single '-', at most 40, starting with "
      "a letter, ending "
      "with a letter or digit"}},
};

TEST(Validate, SaysEverythingThatIsWrong) {
  for (const Case& c : kCases) {
    v1::Object object = Shop();
    c.change(object.mutable_site());
    EXPECT_EQ(ToTexts(Validate(object)), c.violations) << c.what;
  }
}

TEST(Validate, Scopes) {
  v1::Object object = Shop();
  MutableMeta(&object)->clear_namespace_();
  EXPECT_EQ(ToTexts(Validate(object)), Texts{"metadata.namespace: required"});
  MutableMeta(&object)->set_namespace_("a/b");
  EXPECT_EQ(Validate(object).size(), 1u);

  v1::Object host = NewObject(*KindRegistry::Get().FindByName("Host"));
  MutableMeta(&host)->set_name("h1");
  EXPECT_EQ(ToTexts(Validate(host)), Texts());
  MutableMeta(&host)->set_namespace_("default");
  EXPECT_EQ(ToTexts(Validate(host)),
            Texts{"metadata.namespace: must be empty: the kind has no namespace"});
  EXPECT_EQ(ToTexts(Validate(v1::Object())), Texts{"kind: required"});
}

// Beside the kind too, where no field path leads.
TEST(Validate, FieldsThatNobodyKnows) {
  const auto add = [](Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(1000, 1);
  };
  const std::string why = "has fields that this version does not know: the sender is newer";
  for (const bool inside : {false, true}) {
    v1::Object object = NewObject(*KindRegistry::Get().FindByName("Namespace"));
    MutableMeta(&object)->set_name("a");
    ASSERT_EQ(Validate(object).size(), 0u);
    add(inside ? MutableInner(&object) : &object);
    const Violations violations = Validate(object);
    ASSERT_EQ(violations.size(), 1u) << inside;
    EXPECT_EQ(violations[0].message(), why);
  }
}

// Times that have no text could be stored, and never be read or written by people again.
TEST(Validate, TimesAndDurationsHaveAText) {
  v1::Site site;
  site.mutable_metadata()->set_name("a");
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_spec()->set_type(v1::SiteSpec::Static);
  auto* interval = site.mutable_spec()->mutable_health()->mutable_interval();
  interval->set_seconds(5);
  auto* time = site.mutable_metadata()->mutable_creation_timestamp();
  ASSERT_EQ(Validate(Wrap(site)).size(), 0u);
  time->set_nanos(-1);
  interval->set_nanos(1'000'000'000);
  const Violations fractions = Validate(Wrap(site));
  ASSERT_EQ(fractions.size(), 2u);
  EXPECT_EQ(fractions[0].message(), "must be a time in the years 1 to 9999");
  EXPECT_EQ(fractions[1].message(), "must be a duration from 0s to a century");
  time->set_nanos(0);
  interval->set_nanos(0);
  time->set_seconds(253'402'300'800);
  interval->set_seconds(-1);
  EXPECT_EQ(Validate(Wrap(site)).size(), 2u);
}

TEST(Validate, AnObjectHasASize) {
  v1::Object object = Shop();
  for (int i = 0; i < 200; ++i) {
    v1::EnvVar* env = object.mutable_site()->mutable_spec()->mutable_process()->add_env();
    env->set_name("A" + std::to_string(i));
    env->set_value(std::string(8000, 'x'));
  }
  const Violations violations = Validate(object);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_NE(violations[0].message().find(fmt::format("at most {} bytes", kObjectBytesMax)),
            std::string::npos);
}

TEST(ValidateUpdate, FixedFieldsStay) {
  v1::Object before = Shop();
  before.mutable_site()->mutable_spec()->mutable_process()->set_user_id(30001);
  const Case cases[] = {
      {"nothing", [](v1::Site*) {}, {}},
      {"a free field", [](v1::Site* s) { s->mutable_spec()->set_replicas(3); }, {}},
      {"type",
       [](v1::Site* s) { s->mutable_spec()->set_type(v1::SiteSpec::Static); },
       {"spec.type: may not be changed, is \"Process\""}},
      {"type taken away",
       [](v1::Site* s) { s->mutable_spec()->clear_type(); },
       {"spec.type: may not be changed, is \"Process\""}},
      {"a nested one",
       [](v1::Site* s) { s->mutable_spec()->mutable_process()->set_user_id(30002); },
       {"spec.process.userId: may not be changed, is \"30001\""}},
  };
  for (const Case& c : cases) {
    v1::Object after = before;
    c.change(after.mutable_site());
    EXPECT_EQ(ToTexts(ValidateUpdate(before, after)), c.violations) << c.what;
  }
  v1::Object without = Shop();
  EXPECT_EQ(ToTexts(ValidateUpdate(without, before)), Texts()) << "setting it once is allowed";
}

TEST(ValidateUpdate, PhasesFollowTheTable) {
  const std::tuple<std::string, std::string, Texts> cases[] = {
      {"Created", "Provisioning", {}},
      {"Active", "Active", {}},
      {"Active",
       "Created",
       {"status.phase: may not go from \"Active\" to \"Created\", only to DomainPending, "
        "Destroying"}},
      {"Destroyed",
       "Active",
       {"status.phase: may not go from \"Destroyed\" to \"Active\": it is final"}},
  };
  for (const auto& [from, to, violations] : cases) {
    v1::Object before = Shop();
    v1::Object after = Shop();
    SetPhase(&before, from);
    SetPhase(&after, to);
    EXPECT_EQ(ToTexts(ValidateUpdate(before, after)), violations) << from << " -> " << to;
  }
}

TEST(Canonicalize, GivesHostnamesOneForm) {
  v1::Object object = Shop();
  object.mutable_site()->mutable_spec()->add_domains("WWW.Example.COM.");
  object.mutable_site()->mutable_spec()->mutable_process()->add_command("Node.");
  Canonicalize(&object);
  EXPECT_EQ(object.site().spec().domains(0), "www.example.com");
  EXPECT_EQ(object.site().spec().process().command(1), "Node.") << "other strings stay";

  v1::Domain domain;
  domain.mutable_metadata()->set_name("A.Example.");
  domain.mutable_spec()->set_hostname("A.Example.");
  v1::Object wrapped = Wrap(domain);
  Canonicalize(&wrapped);
  EXPECT_EQ(Meta(wrapped).name(), "a.example");
  EXPECT_EQ(wrapped.domain().spec().hostname(), "a.example");
}

TEST(Validate, CountsAreNotNegative) {
  v1::Event event;
  event.mutable_spec()->set_count(-1);
  v1::Namespace ns;
  (*ns.mutable_spec()->mutable_quota()->mutable_objects())["Site"] = -1;
  const auto says = [](const v1::Object& object, std::string_view field) {
    for (const v1::FieldViolation& violation : Validate(object)) {
      if (violation.field() == field) return violation.message();
    }
    return std::string();
  };
  EXPECT_EQ(says(Wrap(event), "spec.count"), "must be at least 0");
  EXPECT_EQ(says(Wrap(ns), "spec.quota.objects[Site]"), "must be at least 0");
}

TEST(Violations, BecomeAStatusInKubectlsWordsAndComeBack) {
  v1::Object object = Shop();
  object.mutable_site()->mutable_spec()->set_replicas(-1);
  absl::Status status = ToStatus(Validate(object), KeyOf(object));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "Site \"shop\" is invalid: spec.replicas: must be at least 0");
  ASSERT_EQ(ViolationsOf(status).size(), 1u);
  EXPECT_EQ(ViolationsOf(status)[0].object(), "Site default/shop");

  object.mutable_site()->mutable_spec()->clear_type();
  status = ToStatus(Validate(object), KeyOf(object));
  EXPECT_EQ(
      status.message(),
      "Site \"shop\" is invalid:\n* spec.type: required\n* spec.replicas: must be at least 0");
  EXPECT_EQ(ViolationsOf(Annotate(status, "applying")).size(), 2u) << "context keeps them";
  EXPECT_OK(ToStatus({}, KeyOf(object)));
  EXPECT_TRUE(ViolationsOf(absl::OkStatus()).empty());
}

}  // namespace
}  // namespace reeve::schema
