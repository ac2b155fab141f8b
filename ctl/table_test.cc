#include "ctl/table.h"

#include <gtest/gtest.h>

namespace reeve::ctl {
namespace {

const Table kSites{.headers = {"NAME", "READY", "DOMAIN", "PHASE", "AGE"},
                   .rows = {{"blog", "0/2", "blog.example.test", "Pending", "41s"},
                            {"a-longer-one", "1/1", "a.test", "Active", "3d4h"}}};

TEST(Table, PadsToTheWidestCellAndThree) {
  EXPECT_EQ(Render(kSites),
            "NAME           READY   DOMAIN              PHASE     AGE\n"
            "blog           0/2     blog.example.test   Pending   41s\n"
            "a-longer-one   1/1     a.test              Active    3d4h\n");
}

TEST(Table, WithoutHeadersTheyTakeNoRoom) {
  const Table table{.headers = {"A VERY LONG HEADER", "B"}, .rows = {{"x", "y"}}};
  EXPECT_EQ(Render(table, {.headers = false}), "x   y\n");
}

TEST(Table, FitsTheTerminalByCuttingTheWidest) {
  const std::string text = Render(kSites, {.width = 50});
  EXPECT_EQ(text,
            "NAME           READY   DOMAIN       PHASE     AGE\n"
            "blog           0/2     blog.exam…   Pending   41s\n"
            "a-longer-one   1/1     a.test       Active    3d4h\n");
}

TEST(Table, NeverCutsTheFirstColumn) {
  EXPECT_NE(Render(kSites, {.width = 10}).find("a-longer-one"), std::string::npos);
}

TEST(Table, CountsColumnsOfTheTerminalNotBytes) {
  EXPECT_EQ(DisplayWidth("blog"), 4u);
  EXPECT_EQ(DisplayWidth("köln"), 4u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  const Table table{.headers = {"NAME", "X"}, .rows = {{"köln", "1"}, {"日本", "2"}}};
  EXPECT_EQ(Render(table), "NAME   X\nköln   1\n日本   2\n");
}

TEST(Table, KeepsWidthsOfEarlierRows) {
  const Table table{.headers = {"NAME", "X"}, .rows = {{"a", "1"}}};
  EXPECT_EQ(Render(table, {.headers = false, .widths_min = {6, 1}}), "a        1\n");
}

}  // namespace
}  // namespace reeve::ctl
