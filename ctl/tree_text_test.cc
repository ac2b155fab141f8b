#include "ctl/tree_text.h"

#include <gtest/gtest.h>

#include "reeve/v1/site.pb.h"

namespace reeve::ctl {
namespace {

TEST(TreeText, Labels) {
  EXPECT_EQ(LabelOf("creationTimestamp"), "Creation Timestamp");
  EXPECT_EQ(LabelOf("uid"), "UID");
  EXPECT_EQ(LabelOf("osImage"), "OS Image");
  EXPECT_EQ(LabelOf("spec"), "Spec");
}

TEST(TreeText, NestedAndAligned) {
  v1::SiteSpec spec;
  spec.set_type(v1::SiteSpec::Process);
  spec.set_replicas(2);
  spec.add_domains("a.test");
  spec.add_domains("b.test");
  (*spec.mutable_placement()->mutable_host_labels())["disk"] = "ssd";
  v1::EnvVar* env = spec.mutable_process()->add_env();
  env->set_name("MODE");
  env->set_value("fast");
  spec.mutable_health()->mutable_interval()->set_seconds(90);
  AlignedLines lines;
  AddFields(
      spec, 0, [](const auto*) { return true; }, &lines);
  EXPECT_EQ(lines.Text(),
            "Type:      Process\n"
            "Replicas:  2\n"
            "Domains:\n"
            "  a.test\n"
            "  b.test\n"
            "Placement:\n"
            "  Host Labels:\n"
            "    disk:  ssd\n"
            "Process:\n"
            "  Env:\n"
            "    Name:   MODE\n"
            "    Value:  fast\n"
            "Health:\n"
            "  Interval:  90s\n");
}

}  // namespace
}  // namespace reeve::ctl
