// Random objects of every kind, through every codec and back.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <random>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/json.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/yaml.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

// Fills messages with values of the right types, whatever the rules say of them.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  v1::Object Object() {
    const auto& kinds = KindRegistry::Get().kinds();
    v1::Object object = NewObject(kinds[Below(kinds.size())]);
    Fill(MutableInner(&object));
    return object;
  }

 private:
  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  std::string Text() {
    static const auto* const kWords = new std::vector<std::string>{"a",
                                                                   "no",
                                                                   "1.10",
                                                                   "0755",
                                                                   "null",
                                                                   "~",
                                                                   "<<",
                                                                   "true",
                                                                   "x: y",
                                                                   "# no comment",
                                                                   "- a",
                                                                   " padded ",
                                                                   "tab\there",
                                                                   "two\nlines",
                                                                   "block\nwith end\n",
                                                                   "\nleading",
                                                                   "trailing\n\n",
                                                                   "a\n  indented\n",
                                                                   "'quoted'",
                                                                   "\"double\"",
                                                                   "back\\slash",
                                                                   "{flow}",
                                                                   "[flow]",
                                                                   "&anchor",
                                                                   "*alias",
                                                                   "!tag",
                                                                   "%directive",
                                                                   "@at",
                                                                   "---",
                                                                   "...",
                                                                   "--- a",
                                                                   "2026-01-01",
                                                                   "1e3",
                                                                   "Größe",
                                                                   "日本語",
                                                                   "👩‍💻",
                                                                   "a,b",
                                                                   "?",
                                                                   ":",
                                                                   "key:",
                                                                   "$(PORT)",
                                                                   "100%",
                                                                   "=",
                                                                   "|",
                                                                   ">",
                                                                   "a\n#b\nc",
                                                                   "x\n---\ny",
                                                                   "a\n\nb",
                                                                   "line \nspace before end",
                                                                   "node",
                                                                   "a.example",
                                                                   "0",
                                                                   "-1",
                                                                   "+",
                                                                   ".",
                                                                   "..",
                                                                   "a\n",
                                                                   " \n ",
                                                                   "\t",
                                                                   "  ",
                                                                   "It's \"so\" \\n"};
    return (*kWords)[Below(kWords->size())] +
           (Below(3) == 0 ? (*kWords)[Below(kWords->size())] : "");
  }

  int64_t Number(const FieldDescriptor* field) {
    const v1::FieldRules& rules = RulesOf(field);
    const int64_t min = std::max<int64_t>(rules.min(), 0);
    const int64_t max = rules.has_max() ? rules.max() : 2147483647;
    return std::uniform_int_distribution<int64_t>(min, max)(random_);
  }

  void Fill(Message* message) {
    const Descriptor* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (Below(3) == 0) continue;
      if (field->is_map()) {
        FillMap(message, field);
      } else {
        for (size_t n = field->is_repeated() ? Below(4) : 1; n > 0; --n) FillOne(message, field);
      }
    }
  }

  void FillMap(Message* message, const FieldDescriptor* field) {
    for (size_t n = Below(4); n > 0; --n) {
      Message* item = message->GetReflection()->AddMessage(message, field);
      item->GetReflection()->SetString(item, field->message_type()->map_key(),
                                       fmt::format("{}{}", n, Text()));
      FillOne(item, field->message_type()->map_value());
    }
  }

  void FillOne(Message* message, const FieldDescriptor* field) {
    const Reflection* r = message->GetReflection();
    const bool add = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return r->SetInt32(message, field, static_cast<int32_t>(Number(field)));
      case FieldDescriptor::CPPTYPE_INT64:
        return r->SetInt64(message, field, Number(field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return r->SetBool(message, field, true);
      case FieldDescriptor::CPPTYPE_STRING:
        return add ? r->AddString(message, field, Text()) : r->SetString(message, field, Text());
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value =
            field->enum_type()->value(static_cast<int>(Below(field->enum_type()->value_count())));
        return r->SetEnum(message, field, value);
      }
      default:
        FillMessage(add ? r->AddMessage(message, field) : r->MutableMessage(message, field), field);
    }
  }

  void FillMessage(Message* below, const FieldDescriptor* field) {
    constexpr int32_t kNanos[] = {0, 0, 500'000'000, 1'000'000, 1'000, 1};
    if (IsDuration(field)) {
      auto* duration = static_cast<google::protobuf::Duration*>(below);
      duration->set_seconds(static_cast<int64_t>(Below(100'000)));
      duration->set_nanos(kNanos[Below(6)]);
    } else if (IsTimestamp(field)) {
      auto* time = static_cast<google::protobuf::Timestamp*>(below);
      time->set_seconds(static_cast<int64_t>(Below(4'000'000'000)));
      time->set_nanos(kNanos[Below(6)]);
    } else {
      Fill(below);
    }
  }

  std::mt19937 random_;
};

// What is left of `message` when the server's own fields are.
void DropServerOwned(Message* message) {
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (RulesOf(field).server_owned()) {
      reflection->ClearField(message, field);
    } else if (IsSubmessage(field) && !field->is_repeated()) {
      DropServerOwned(reflection->MutableMessage(message, field));
    } else if (IsSubmessage(field)) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        DropServerOwned(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

v1::Object Intent(v1::Object object) {
  Message* inner = MutableInner(&object);
  if (const FieldDescriptor* status = FindField(inner->GetDescriptor(), "status")) {
    inner->GetReflection()->ClearField(inner, status);
  }
  DropServerOwned(inner);
  return object;
}

constexpr uint32_t kObjects = 400;

TEST(RoundTrip, JsonGivesTheSameObject) {
  for (uint32_t seed = 0; seed < kObjects; ++seed) {
    const v1::Object object = Generator(seed).Object();
    const auto back = FromJson(ToJson(object));
    ASSERT_OK(back) << "seed " << seed << "\n" << ToJson(object);
    ASSERT_EQ(Encode(*back), Encode(object)) << "seed " << seed << "\n"
                                             << ToJson(object) << "\n"
                                             << ToJson(*back);
  }
}

TEST(RoundTrip, YamlGivesTheSameIntent) {
  for (uint32_t seed = 0; seed < kObjects; ++seed) {
    const v1::Object object = Intent(Generator(seed).Object());
    const auto back = ParseManifests(ToYaml(object), "f");
    ASSERT_OK(back) << "seed " << seed << "\n" << ToYaml(object);
    ASSERT_EQ(back->size(), 1u) << "seed " << seed << "\n" << ToYaml(object);
    ASSERT_EQ(ToYaml((*back)[0].object), ToYaml(object)) << "seed " << seed;
    ASSERT_EQ(Encode((*back)[0].object), Encode(object)) << "seed " << seed;
    ASSERT_EQ((*back)[0].warnings, std::vector<std::string>()) << "seed " << seed;
  }
}

// A fuzzer's little sister, for every run of the tests: manifest_fuzz.cc looks deeper.
TEST(RoundTrip, DamagedManifestsAreRefusedOrStayTheSame) {
  constexpr std::string_view kPieces = ":-#&*!|>'\"%@`{}[],? \n\t\\0a\x80\xff";
  std::mt19937 random(1);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  int read = 0;
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::string text = ToYaml(Intent(Generator(seed % 50).Object()));
    for (size_t n = 1 + below(3); n > 0; --n)
      text[below(text.size())] = kPieces[below(kPieces.size())];
    const auto manifests = ParseManifests(text, "f");
    if (!manifests.ok()) continue;
    for (const Manifest& manifest : *manifests) {
      ++read;
      const auto again = ParseManifests(ToYaml(manifest.object), "f");
      ASSERT_OK(again) << text << "\n" << ToYaml(manifest.object);
      ASSERT_EQ(Encode((*again)[0].object), Encode(manifest.object)) << text;
    }
  }
  EXPECT_GT(read, 100) << "damage that leaves nothing to read tests nothing";
}

TEST(RoundTrip, BytesDoNotDependOnHistory) {
  for (uint32_t seed = 0; seed < kObjects; ++seed) {
    const v1::Object object = Generator(seed).Object();
    v1::Object back;
    ASSERT_TRUE(back.ParseFromString(Encode(object)));
    ASSERT_EQ(Encode(back), Encode(object)) << "seed " << seed;
    ASSERT_EQ(ChangedPaths(object, back), std::vector<FieldPath>()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace reeve::schema
