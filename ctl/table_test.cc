#include "ctl/table.h"

#include <gtest/gtest.h>

#include <set>

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

TEST(Table, CutsTheFirstColumnLast) {
  EXPECT_NE(Render(kSites, {.width = 10}).find("a-longer-one"), std::string::npos);
  const Table hosts{.headers = {"NAME", "SITE"},
                    .rows = {{"a-very-long-hostname.of.an.example.test", "shop"}}};
  EXPECT_EQ(Render(hosts, {.width = 30}),
            "NAME                      SITE\n"
            "a-very-long-hostname.o…   shop\n");
  EXPECT_NE(Render(hosts).find("example.test"), std::string::npos);
}

TEST(Table, ColorsTakeNoRoom) {
  const Table table{.headers = {"NAME", "READY", "S"}, .rows = {{"a", "1/2", "x"}}};
  EXPECT_EQ(Render(table, {.color = true}),
            "\x1b[1mNAME\x1b[0m   \x1b[1mREADY\x1b[0m   \x1b[1mS\x1b[0m\n"
            "a      \x1b[33m1/2\x1b[0m     x\n");
}

TEST(Table, ColorsSayWhatIsWell) {
  const std::string_view green = CellColor("True"), red = CellColor("False"),
                         yellow = CellColor("Unknown");
  EXPECT_EQ((std::set<std::string_view>{green, red, yellow, ""}).size(), 4u);
  EXPECT_EQ(CellColor("2/2"), green);
  EXPECT_EQ(CellColor("0/2"), yellow);
  EXPECT_EQ(CellColor("False (NoContent)"), red);
  EXPECT_EQ(CellColor("Failed"), red);
  for (const char* plain : {"", "blog", "a/b", "1/2/3", "1/", "/2", "false", "Active", "Trueish"})
    EXPECT_EQ(CellColor(plain), "") << plain;
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
