#include "apiserver/object_index.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "apiserver/testing/registry_fixture.h"

namespace reeve::apiserver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ObjectIndexTest : public RegistryTest {
 protected:
  Candidates Find(const std::string& kind, const std::string& fields, const std::string& ns = "",
                  Revision at = 0) {
    v1::Selector selector;
    selector.set_kind(kind);
    selector.set_fields(fields);
    selector.set_namespace_(ns);
    absl::StatusOr<Candidates> found = index_.Find(*schema::Matcher::Parse(selector), at);
    EXPECT_OK(found);
    return *std::move(found);
  }
  static std::vector<std::string> Names(const Candidates& candidates,
                                        const std::string& from = "") {
    std::vector<std::string> names;
    EXPECT_OK(candidates.Visit(from, [&](const store::Version& version) {
      names.emplace_back(NameOfObjectKey(version.key));
      return true;
    }));
    return names;
  }

  ObjectIndex index_{store_.get(), &schema::KindRegistry::Get()};
};

TEST_F(ObjectIndexTest, OnlyWhatHasTheValueIsRead) {
  for (const char* name : {"c", "a"}) Create(MakeWork(name, "h1"));
  Create(MakeWork("b", "h2"));
  EXPECT_THAT(Names(Find("Work", "spec.host=h1")), ElementsAre("a", "c"));
  EXPECT_THAT(Names(Find("Work", "spec.host=h3")), IsEmpty());
  Create(MakeWork("d", "h1"));
  ASSERT_OK(TryDelete("Work", "default", "a"));
  const Candidates now = Find("Work", "spec.host=h1");
  EXPECT_THAT(Names(now), ElementsAre("c", "d"));
  EXPECT_EQ(now.view->revision(), revision());
  // Going on behind one of them.
  EXPECT_THAT(Names(now, now.keys->front() + '\0'), ElementsAre("d"));
}

TEST_F(ObjectIndexTest, AWholeNameIsOneKey) {
  for (const char* name : {"a", "aa", "b"}) Create(MakeWork(name, "h1"));
  EXPECT_THAT(Names(Find("Work", "metadata.name=a", "default")), ElementsAre("a"));
  EXPECT_THAT(Names(Find("Work", "metadata.name=a")), ElementsAre("a", "aa", "b"));
  Create(MakeHost("h1"));
  Create(MakeHost("h2"));
  EXPECT_THAT(Names(Find("Host", "metadata.name=h1")), ElementsAre("h1"));
}

TEST_F(ObjectIndexTest, TheBeginningOfANameIsARange) {
  for (const char* name : {"a", "ab", "abc", "b"}) Create(MakeWork(name, "h1"));
  EXPECT_THAT(Names(Find("Work", "metadata.name=ab*", "default")), ElementsAre("ab", "abc"));
  EXPECT_THAT(Names(Find("Work", "metadata.name=*", "default")),
              ElementsAre("a", "ab", "abc", "b"));
  EXPECT_THAT(Names(Find("Work", "metadata.name=x*", "default")), IsEmpty());
}

TEST_F(ObjectIndexTest, TheNamespaceCountsToo) {
  Create(MakeNamespace("other"));
  v1::Object work = MakeWork("a", "h1");
  Create(work);
  work.mutable_work()->mutable_metadata()->set_namespace_("other");
  work.mutable_work()->mutable_metadata()->set_name("b");
  Create(work);
  EXPECT_THAT(Names(Find("Work", "spec.host=h1", "other")), ElementsAre("b"));
}

TEST_F(ObjectIndexTest, AnEarlierRevisionIsReadWhole) {
  Create(MakeWork("a", "h1"));
  const Revision before = revision();
  ASSERT_OK(TryDelete("Work", "default", "a"));
  EXPECT_THAT(Names(Find("Work", "spec.host=h1", "", before)), ElementsAre("a"));
  EXPECT_THAT(Names(Find("Work", "spec.host=h1")), IsEmpty());
}

TEST_F(ObjectIndexTest, WhatItMissedByCompactionIsReadAnew) {
  Create(MakeWork("a", "h1"));
  EXPECT_THAT(Names(Find("Work", "spec.host=h1")), ElementsAre("a"));
  ASSERT_OK(TryDelete("Work", "default", "a"));
  Create(MakeWork("b", "h1"));
  ASSERT_OK(store_->Compact(revision()));
  EXPECT_THAT(Names(Find("Work", "spec.host=h1")), ElementsAre("b"));
}

// Against reading everything.
TEST_F(ObjectIndexTest, AgreesWithTheStoreWhateverHappens) {
  std::mt19937 random(7);
  const auto some = [&](int n) { return std::to_string(random() % n); };
  std::map<std::string, std::string> model;  // Host by name.
  for (int step = 0; step < 2000; ++step) {
    const std::string name = "w" + some(40);
    clock_.Advance(absl::Seconds(1));  // So that nobody deletes too much in a minute.
    if (model.erase(name) > 0) {
      ASSERT_OK(TryDelete("Work", "default", name));
    } else {
      model[name] = "h" + some(5);
      Create(MakeWork(name, model[name]));
    }
    if (random() % 4 != 0) continue;
    const std::string host = "h" + some(5);
    std::vector<std::string> want;
    for (const auto& [known, of] : model) {
      if (of == host) want.push_back(known);
    }
    ASSERT_EQ(Names(Find("Work", "spec.host=" + host)), want) << "at step " << step;
  }
}

}  // namespace
}  // namespace reeve::apiserver
