#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/metrics.h"
#include "base/names.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/testing/status_matchers.h"

namespace reeve {
namespace {

TEST(Strings, SuggestsTheNearestWordOnlyWhenNear) {
  EXPECT_EQ(DidYouMean("replcas", {"domains", "replicas", "blob"}), "replicas");
  EXPECT_EQ(DidYouMean("colour", {"domains", "replicas", "blob"}), "");
}

TEST(Strings, SplitsJoinsAndTrims) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(Trim(" \ta b\n"), "a b");
}

TEST(Names, LongHostSideNamesAreCutButStayDifferent) {
  EXPECT_EQ(HostSideName("site", "blog", "0123456789abcdef"), "reeve-site-blog-01234567");
  const std::string long_name(60, 'a');
  const std::string one = HostSideName("site", long_name + "1", "0123456789");
  const std::string two = HostSideName("site", long_name + "2", "0123456789");
  EXPECT_EQ(one.size(), kHostSideNameMax);
  EXPECT_NE(one, two);
}

TEST(Status, AnnotateKeepsCodeAndPayloads) {
  absl::Status status = NotFound("no {}", "x");
  status.SetPayload("url", absl::Cord("payload"));
  status = Annotate(status, "reading y");
  EXPECT_THAT(status, IsError(absl::StatusCode::kNotFound, "reading y: no x"));
  EXPECT_TRUE(status.GetPayload("url").has_value());
  EXPECT_OK(Annotate(absl::OkStatus(), "reading y"));
}

TEST(Metrics, RendersWhatWasCounted) {
  const Counter counter("reeve_test_things_total", "Things.");
  counter.Add({{"kind", "a"}}, 2);
  EXPECT_EQ(counter.Value({{"kind", "a"}}), 2);
  EXPECT_NE(RenderMetrics().find("reeve_test_things_total{kind=\"a\"} 2"), std::string::npos);
  EXPECT_NE(MetricsCatalogue().find("reeve_test_things_total counter Things."), std::string::npos);
}

TEST(Metrics, AFamilyIsThereBeforeItsFirstSample) {
  const Gauge gauge("reeve_test_level", "A level.");
  const std::string declared = "# HELP reeve_test_level A level.\n# TYPE reeve_test_level gauge\n";
  EXPECT_NE(RenderMetrics().find(declared), std::string::npos);
  gauge.Set(3);
  const std::string text = RenderMetrics();
  EXPECT_NE(text.find(declared + "reeve_test_level 3"), std::string::npos);
  EXPECT_EQ(text.find(declared), text.rfind(declared));
}

}  // namespace
}  // namespace reeve
