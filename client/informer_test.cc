#include "client/informer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/object.h"

namespace reeve::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Object Site(const std::string& name, Revision revision) {
  v1::Site site;
  site.mutable_metadata()->set_name(name);
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_metadata()->set_uid("uid-" + name);
  site.mutable_metadata()->set_resource_version(std::to_string(revision));
  return schema::Wrap(site);
}

v1::WatchEvent Event(v1::WatchEvent::Type type, v1::Object object, Revision revision,
                     bool more = false) {
  v1::WatchEvent event;
  event.set_type(type);
  *event.mutable_object() = std::move(object);
  event.set_revision(revision);
  event.set_more(more);
  return event;
}

// A script: each Watch takes the next list of answers.
class Script final : public Watcher {
 public:
  using Answer = absl::StatusOr<std::optional<v1::WatchEvent>>;
  struct Stream final : WatchStream {
    explicit Stream(std::deque<Answer>* a) : answers(a) {}
    Answer Next() override {
      if (answers->empty()) return std::optional<v1::WatchEvent>();
      Answer answer = answers->front();
      answers->pop_front();
      return answer;
    }
    std::deque<Answer>* answers;
  };

  absl::StatusOr<std::unique_ptr<WatchStream>> Watch(const v1::WatchRequest& request,
                                                     std::function<void()>) override {
    requests.push_back(request);
    if (!refusal.ok()) return refusal;
    return std::make_unique<Stream>(&answers);
  }
  void Send(v1::WatchEvent event) { answers.emplace_back(std::move(event)); }
  void Break(absl::Status status) { answers.emplace_back(std::move(status)); }
  // A complete list; `count` other than right is a broken one.
  void List(const std::vector<v1::Object>& objects, Revision revision, int64_t off = 0) {
    schema::ListHash hash;
    for (const v1::Object& object : objects) {
      hash.Add(schema::Meta(object));
      Send(Event(v1::WatchEvent::ADDED, object, revision));
    }
    v1::WatchEvent event = Event(v1::WatchEvent::SNAPSHOT, {}, revision);
    event.mutable_summary()->set_revision(revision);
    event.mutable_summary()->set_epoch("e1");
    event.mutable_summary()->set_count(hash.count() + off);
    event.mutable_summary()->set_hash(hash.Digest());
    Send(std::move(event));
  }

  std::deque<Answer> answers;
  std::vector<v1::WatchRequest> requests;
  absl::Status refusal;
};

class InformerTest : public ::testing::Test {
 protected:
  Informer::Options MakeOptions() {
    Informer::Options options;
    options.watcher = &script;
    options.selector.set_kind("Site");
    options.on_change = [this](const v1::Object* before, const v1::Object* after) {
      const v1::ObjectMeta& meta = schema::Meta(after != nullptr ? *after : *before);
      const char* verb = before == nullptr ? "+" : after == nullptr ? "-" : "~";
      changes.push_back(verb + meta.name() + meta.resource_version());
    };
    return options;
  }
  std::vector<std::string> Poll() {
    informer.Poll(now);
    return std::exchange(changes, {});
  }

  Script script;
  std::vector<std::string> changes;
  Informer informer{MakeOptions()};
  Now now{};
};

TEST_F(InformerTest, FirstTheStateThenEveryChange) {
  script.List({Site("a", 3), Site("b", 4)}, 9);
  EXPECT_THAT(Poll(), ElementsAre("+a3", "+b4"));
  EXPECT_TRUE(informer.synced());
  EXPECT_EQ(informer.revision(), 9);
  script.Send(Event(v1::WatchEvent::MODIFIED, Site("a", 12), 12));
  script.Send(Event(v1::WatchEvent::DELETED, Site("b", 13), 13));
  EXPECT_THAT(Poll(), ElementsAre("~a12", "-b4"));
  EXPECT_EQ(informer.revision(), 13);
}

TEST_F(InformerTest, AListWithoutItsEndIsNotTaken) {
  script.Send(Event(v1::WatchEvent::ADDED, Site("a", 3), 9));
  script.Break(absl::UnavailableError("gone"));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_FALSE(informer.synced());
}

TEST_F(InformerTest, AListOfTheWrongLengthIsNeverTakenForADeletion) {
  script.List({Site("a", 3), Site("b", 4)}, 9);
  Poll();
  script.Break(absl::OutOfRangeError("compacted"));
  Poll();
  now.mono += kBackoffMin;
  script.List({Site("a", 3)}, 20, 1);
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_EQ(informer.objects().size(), 2u);
  EXPECT_TRUE(absl::IsDataLoss(informer.last_error()));
  now.mono += kBackoffMax;
  script.List({Site("a", 3)}, 20);
  EXPECT_THAT(Poll(), ElementsAre("-b4"));
}

TEST_F(InformerTest, AStreamThatBreaksIsResumed) {
  script.List({Site("a", 3)}, 9);
  script.Send(Event(v1::WatchEvent::MODIFIED, Site("a", 12), 12));
  script.Break(absl::UnavailableError("gone"));
  Poll();
  EXPECT_FALSE(informer.connected_since().has_value());
  EXPECT_EQ(informer.NextWake(now), kBackoffMin);
  now.mono += kBackoffMin;
  script.Send(Event(v1::WatchEvent::MODIFIED, Site("a", 12), 12));  // Again: it was taken already.
  script.Send(Event(v1::WatchEvent::MODIFIED, Site("a", 15), 15));
  EXPECT_THAT(Poll(), ElementsAre("~a15"));
  EXPECT_EQ(script.requests[1].revision(), 12);
  EXPECT_EQ(script.requests[1].epoch(), "e1");
  EXPECT_FALSE(script.requests[1].send_initial_events());
  EXPECT_EQ(informer.connected_since(), now.mono);
}

TEST_F(InformerTest, ATransactionIsReportedWhole) {
  script.List({}, 9);
  Poll();
  script.Send(Event(v1::WatchEvent::ADDED, Site("a", 10), 10, true));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_EQ(informer.revision(), 9);
  script.Send(Event(v1::WatchEvent::ADDED, Site("b", 10), 10));
  EXPECT_THAT(Poll(), ElementsAre("+a10", "+b10"));
}

TEST_F(InformerTest, AfterAnotherListOnlyDifferencesAreReported) {
  script.List({Site("a", 3), Site("b", 4)}, 9);
  Poll();
  script.Break(absl::OutOfRangeError("compacted"));
  Poll();
  now.mono += kBackoffMin;
  script.List({Site("a", 3), Site("c", 30)}, 40);
  EXPECT_THAT(Poll(), ElementsAre("-b4", "+c30"));
  EXPECT_TRUE(script.requests[1].send_initial_events());
}

TEST_F(InformerTest, ABookmarkMovesOnlyTheRevision) {
  script.List({}, 9);
  Poll();
  script.Send(Event(v1::WatchEvent::BOOKMARK, {}, 50));
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_EQ(informer.revision(), 50);
}

TEST_F(InformerTest, WhileThereIsNoServerItLooksEverySecond) {
  script.refusal = absl::UnavailableError("no");
  for (int i = 0; i < 10; ++i) {
    Poll();
    EXPECT_LE(informer.NextWake(now), kReconnectPauseMax);
    now.mono += informer.NextWake(now);
  }
  EXPECT_EQ(script.requests.size(), 10u);
}

TEST_F(InformerTest, WhatIsRefusedIsTriedLessAndLessOften) {
  script.refusal = absl::PermissionDeniedError("no");
  absl::Duration pause = kBackoffMin;
  for (int i = 0; i < 10; ++i) {
    Poll();
    EXPECT_EQ(informer.NextWake(now), pause);
    now.mono += pause;
    pause = std::min(pause * 2, kBackoffMax);
  }
  EXPECT_EQ(script.requests.size(), 10u);
}

}  // namespace
}  // namespace reeve::client
