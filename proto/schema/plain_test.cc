#include "proto/schema/plain.h"

#include <gtest/gtest.h>

#include "reeve/v1/host.pb.h"

namespace reeve::schema {
namespace {

TEST(PlainTest, WritesWhatNoObjectMayHold) {
  EXPECT_EQ(Plain("node: \"größe\"\n\tok"), "node: \"größe\"\n\tok");
  EXPECT_EQ(Plain("\x1b[31mRED"), "\\x1b[31mRED");
  EXPECT_EQ(Plain("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(Plain("a\u202eb\u2028"), "a\\u202eb\\u2028");
}

TEST(PlainTest, AllStringsOfAMessage) {
  v1::HostStatus status;
  status.add_foreign("\x07");
  status.add_foreign_listeners()->set_process("\x1b[2J");
  status.set_address("192.0.2.1");
  MakePlain(&status);
  EXPECT_EQ(status.foreign(0), "\\x07");
  EXPECT_EQ(status.foreign_listeners(0).process(), "\\x1b[2J");
  EXPECT_EQ(status.address(), "192.0.2.1");
}

}  // namespace
}  // namespace reeve::schema
