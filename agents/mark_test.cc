#include "agents/mark.h"

#include <gtest/gtest.h>

namespace reeve::agents {
namespace {

TEST(MarkTest, IsReadBack) {
  const auto mark = ReadMark(WithMark("0f3c-1", "[Unit]\n"));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->owner, "0f3c-1");
  EXPECT_TRUE(mark->intact);
}

TEST(MarkTest, AnEditIsSeen) {
  const auto mark = ReadMark(WithMark("0f3c-1", "[Unit]\n") + "Description=mine\n");
  ASSERT_TRUE(mark.has_value());
  EXPECT_FALSE(mark->intact);
}

TEST(MarkTest, ForeignTextHasNone) {
  EXPECT_FALSE(ReadMark("").has_value());
  EXPECT_FALSE(ReadMark("server { }\n").has_value());
  EXPECT_FALSE(ReadMark("# reeve-managed owner=x sha256=00").has_value());
  EXPECT_FALSE(ReadMark("# reeve-managed owner=x\nbody").has_value());
}

}  // namespace
}  // namespace reeve::agents
