#include "apiserver/watch_hub.h"

#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "base/limits.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

class WatchHubTest : public RegistryTest {
 protected:
  using SubscriptionPtr = std::unique_ptr<Subscription>;

  static v1::WatchRequest Of(const std::string& kind, const std::string& fields = "",
                             const std::string& labels = "") {
    v1::WatchRequest request;
    request.mutable_selector()->set_kind(kind);
    request.mutable_selector()->set_fields(fields);
    request.mutable_selector()->set_labels(labels);
    return request;
  }
  absl::StatusOr<SubscriptionPtr> Try(const v1::WatchRequest& request) {
    return api_->Watch(Identity::Admin(), request, [this] { ++wakes_; });
  }
  SubscriptionPtr Watch(const v1::WatchRequest& request) {
    absl::StatusOr<SubscriptionPtr> subscription = Try(request);
    EXPECT_TRUE(subscription.ok()) << subscription.status();
    return subscription.ok() ? *std::move(subscription) : nullptr;
  }
  // Everything there is now, one text each: "ADDED a 5", with "+" when more of the transaction
  // follow.
  std::vector<std::string> Drain(Subscription* subscription) {
    EXPECT_TRUE(hub_->Pump().ok());
    std::vector<std::string> result;
    for (;;) {
      absl::StatusOr<std::optional<EventBytes>> next = subscription->Next();
      if (!next.ok()) {
        result.push_back(absl::StatusCodeToString(next.status().code()));
        return result;
      }
      if (!next->has_value()) return result;
      v1::WatchEvent event;
      EXPECT_TRUE(event.ParseFromString(***next));
      last_ = event;
      std::string text = v1::WatchEvent::Type_Name(event.type());
      if (event.has_object()) text += " " + schema::Meta(event.object()).name();
      if (event.more()) text += "+";
      result.push_back(text);
    }
  }

  int wakes_ = 0;
  v1::WatchEvent last_;
};

TEST_F(WatchHubTest, ChangesInOrder) {
  const SubscriptionPtr all = Watch(Of("Site"));
  v1::Object a = Create(MakeStaticSite("a"));
  a.mutable_site()->mutable_spec()->set_replicas(2);
  ASSERT_TRUE(TryUpdate(a).ok());
  ASSERT_TRUE(TryDelete("Site", "default", "a").ok());
  EXPECT_THAT(Drain(all.get()), ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  EXPECT_EQ(last_.object().site().spec().replicas(), 2);
  EXPECT_EQ(last_.revision(), revision());
  EXPECT_EQ(wakes_, 1);  // For all that was there.
  EXPECT_THAT(Drain(all.get()), ElementsAre());
}

TEST_F(WatchHubTest, EventsCarryTheObjectAsGetShowsIt) {
  const SubscriptionPtr all = Watch(Of("Site"));
  const v1::Object a = Create(MakeStaticSite("a", {"a.example"}));
  Drain(all.get());
  EXPECT_EQ(last_.object().SerializeAsString(), a.SerializeAsString());
}

TEST_F(WatchHubTest, ATransactionIsDeliveredAsOne) {
  const SubscriptionPtr all = Watch(Of("Site"));
  ASSERT_TRUE(TryApply({MakeStaticSite("a"), MakeNamespace("n"), MakeStaticSite("b")}).ok());
  EXPECT_THAT(Drain(all.get()), ElementsAre("ADDED a+", "ADDED b"));
}

TEST_F(WatchHubTest, InitialEventsThenTheMarkThenChanges) {
  Create(MakeStaticSite("a"));
  Create(MakeStaticSite("b"));
  v1::WatchRequest request = Of("Site");
  request.set_send_initial_events(true);
  const SubscriptionPtr all = Watch(request);
  const Revision at = revision();
  Create(MakeStaticSite("c"));
  EXPECT_THAT(Drain(all.get()), ElementsAre("ADDED a", "ADDED b", "SNAPSHOT", "ADDED c"));
  const SubscriptionPtr again = Watch(request);
  v1::ListRequest list;
  list.mutable_selector()->set_kind("Site");
  v1::ListSummary summary;
  ASSERT_TRUE(TryList(list, &summary).ok());
  Drain(again.get());
  EXPECT_EQ(last_.summary().count(), 3);
  EXPECT_EQ(last_.summary().hash(), summary.hash());
  EXPECT_EQ(last_.summary().revision(), at + 1);
  EXPECT_EQ(last_.summary().epoch(), "epoch-1");
}

TEST_F(WatchHubTest, AnEmptySnapshotIsMarkedToo) {
  v1::WatchRequest request = Of("Site");
  request.set_send_initial_events(true);
  const SubscriptionPtr all = Watch(request);
  EXPECT_THAT(Drain(all.get()), ElementsAre("SNAPSHOT"));
}

TEST_F(WatchHubTest, ResumesWithoutGapOrDuplicate) {
  Create(MakeStaticSite("a"));
  v1::WatchRequest request = Of("Site");
  request.set_revision(revision());
  request.set_epoch("epoch-1");
  Create(MakeStaticSite("b"));
  ASSERT_TRUE(TryApply({MakeStaticSite("c"), MakeStaticSite("d")}).ok());
  ASSERT_TRUE(hub_->Pump().ok());
  Create(MakeStaticSite("e"));  // Committed, and not yet pumped.
  const SubscriptionPtr resumed = Watch(request);
  Create(MakeStaticSite("f"));
  EXPECT_THAT(Drain(resumed.get()),
              ElementsAre("ADDED b", "ADDED c+", "ADDED d", "ADDED e", "ADDED f"));
}

TEST_F(WatchHubTest, ResumesFromARevisionThatIsNotPumpedYet) {
  Create(MakeStaticSite("a"));
  Create(MakeStaticSite("b"));
  v1::WatchRequest request = Of("Site");
  request.set_revision(revision() - 1);
  const SubscriptionPtr resumed = Watch(request);
  EXPECT_THAT(Drain(resumed.get()), ElementsAre("ADDED b"));
}

TEST_F(WatchHubTest, RefusesARevisionThatIsNotOurs) {
  v1::WatchRequest request = Of("Site");
  request.set_revision(revision() + 1);
  EXPECT_EQ(Try(request).status().code(), Code::kDataLoss);
  request.set_revision(revision());
  request.set_epoch("another");
  EXPECT_EQ(Try(request).status().code(), Code::kDataLoss);
  request.clear_epoch();
  request.set_revision(1);
  Create(MakeStaticSite("a"));
  ASSERT_TRUE(hub_->Pump().ok());
  ASSERT_TRUE(store_->Compact(revision()).ok());
  EXPECT_EQ(Try(request).status().code(), Code::kOutOfRange);
  EXPECT_EQ(Try(Of("Nothing")).status().code(), Code::kInvalidArgument);
}

TEST_F(WatchHubTest, IndexedWatchesSeeTheirsAndCostOthersNothing) {
  Create(MakeHost("h1"));
  Create(MakeHost("h2"));
  const SubscriptionPtr first = Watch(Of("Work", "spec.host=h1"));
  const SubscriptionPtr second = Watch(Of("Work", "spec.host=h2"));
  Create(MakeWork("w", "h1"));
  EXPECT_THAT(Drain(first.get()), ElementsAre("ADDED w"));
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(Drain(second.get()), ElementsAre());
}

// A thousand hosts watch their Works: a change of one is compared with one watcher, not a thousand.
TEST_F(WatchHubTest, IndexedWatchersAreNotLookedAtForOthersChanges) {
  std::vector<SubscriptionPtr> others;
  for (int i = 0; i < 1000; ++i)
    others.push_back(Watch(Of("Work", fmt::format("spec.host=other{}", i))));
  const SubscriptionPtr mine = Watch(Of("Work", "spec.host=h1"));
  const SubscriptionPtr named = Watch(Of("Work", "metadata.name=w"));
  Create(MakeHost("h1"));
  const int64_t before = hub_->comparisons();
  Create(MakeWork("w", "h1"));
  EXPECT_THAT(Drain(mine.get()), ElementsAre("ADDED w"));
  EXPECT_EQ(hub_->comparisons(), before + 2);  // `mine` and `named`.
  EXPECT_EQ(wakes_, 2);
}

TEST_F(WatchHubTest, NamespacesDivide) {
  Create(MakeNamespace("shop"));
  v1::WatchRequest request = Of("Site");
  request.mutable_selector()->set_namespace_("shop");
  const SubscriptionPtr shop = Watch(request);
  Create(MakeStaticSite("a"));
  v1::Object b = MakeStaticSite("b");
  Meta(&b)->set_namespace_("shop");
  Create(b);
  EXPECT_THAT(Drain(shop.get()), ElementsAre("ADDED b"));
}

TEST_F(WatchHubTest, TheSameBytesGoToEverybody) {
  const SubscriptionPtr one = Watch(Of("Site"));
  const SubscriptionPtr two = Watch(Of("Site", "metadata.name=a"));
  Create(MakeStaticSite("a"));
  ASSERT_TRUE(hub_->Pump().ok());
  EXPECT_EQ((*one->Next())->get(), (*two->Next())->get());
}

TEST_F(WatchHubTest, ASlowWatcherIsClosedAndOthersAreNot) {
  const SubscriptionPtr slow = Watch(Of("Site"));
  const SubscriptionPtr quick = Watch(Of("Site"));
  v1::Object a = Create(MakeStaticSite("a"));
  size_t seen = Drain(quick.get()).size();
  for (size_t i = 0; i < kWatcherQueueEventsMax; ++i) {
    (*Meta(&a)->mutable_labels())["n"] = std::to_string(i);
    a = *TryUpdate(a);
    seen += Drain(quick.get()).size();
  }
  EXPECT_EQ(seen, kWatcherQueueEventsMax + 1);
  EXPECT_THAT(Drain(slow.get()), ElementsAre("RESOURCE_EXHAUSTED"));
}

TEST_F(WatchHubTest, BookmarksComeWithTime) {
  const SubscriptionPtr all = Watch(Of("Site"));
  EXPECT_EQ(hub_->UntilBookmark(), kBookmarkPeriod);
  Create(MakeHost("h1"));
  EXPECT_THAT(Drain(all.get()), ElementsAre());
  clock_.Advance(kBookmarkPeriod);
  EXPECT_THAT(Drain(all.get()), ElementsAre("BOOKMARK"));
  EXPECT_EQ(last_.revision(), revision());
  EXPECT_THAT(Drain(all.get()), ElementsAre());
}

TEST_F(WatchHubTest, ShutdownEndsEverything) {
  const SubscriptionPtr all = Watch(Of("Site"));
  hub_->Shutdown();
  EXPECT_THAT(Drain(all.get()), ElementsAre("UNAVAILABLE"));
  EXPECT_EQ(Try(Of("Site")).status().code(), Code::kUnavailable);
}

TEST_F(WatchHubTest, ASubscriptionMayBeDroppedWithEventsInIt) {
  SubscriptionPtr all = Watch(Of("Work", "spec.host=h1"));
  all.reset();
  Create(MakeHost("h1"));
  Create(MakeWork("w", "h1"));
  EXPECT_TRUE(hub_->Pump().ok());
  EXPECT_EQ(wakes_, 0);
}

}  // namespace
}  // namespace reeve::apiserver
